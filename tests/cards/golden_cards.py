"""The golden cards: each situation's cards as a clinician reads them (Markdown) and as they travel (JSON).

python tests/cards/golden_cards.py      writes them anew, to be read before they are committed
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "service")]

from cards.situations import SITUATIONS, Situation  # noqa: E402  (the path is set above, for use as a script)

GOLDEN = HERE / "golden"


def as_read(situation: Situation) -> str:
    """The cards as a side panel shows them."""
    parts = [f"*{situation.says}*"]
    for card in situation.composed().cards:
        parts.append(f"---\n\n**[{card['indicator']}] {card['summary']}**\n\n{card.get('detail', '')}")
        parts += [f"> [ ] {one['label']}: {one['actions'][0]['description']}" for one in card.get("suggestions", [])]
        parts += [f"> {link['label']} → {link['url']}" for link in card.get("links", [])]
        parts.append(f"Source: {card['source']['label']} · {len(card.get('detail', ''))} characters")
    return "\n\n".join(parts) + "\n"


def as_sent(situation: Situation) -> str:
    """The cards as JSON."""
    return json.dumps({"cards": situation.composed().cards}, indent=1, ensure_ascii=False) + "\n"


def write() -> None:
    """Write every golden file."""
    GOLDEN.mkdir(exist_ok=True)
    for name, situation in SITUATIONS.items():
        (GOLDEN / f"{name}.md").write_text(as_read(situation), "utf-8")
        (GOLDEN / f"{name}.json").write_text(as_sent(situation), "utf-8")


if __name__ == "__main__":
    write()
