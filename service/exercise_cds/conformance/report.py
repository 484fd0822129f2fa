"""The rules that can be seen from outside, and what was seen of each. Levels are the guide's; a broken SHALL is what counts.

`house` marks what only we ask for beyond the guide: it is said as advice, and breaks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Verdict(StrEnum):
    """NOT_SEEN: the service gave no occasion, or the rule does not apply to this visit."""

    KEPT = "kept"
    BROKEN = "broken"
    ADVICE = "advice"
    NOT_SEEN = "not seen"


RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "CH-001": ("SHALL", "JSON both ways, over TLS"),
        "CH-002": ("SHALL", "no null, empty text, list or object"),
        "CH-003": ("DER", "a prefetch value of null is taken"),
        "CH-006": ("DER", "bodies are application/json"),
        "CH-010": ("SHALL", "GET {base}/cds-services is there"),
        "CH-011": ("SHALL", "discovery is an object with an array services"),
        "CH-014": ("SHALL", "every service has a hook"),
        "CH-015": ("SHALL", "every service has a description"),
        "CH-016": ("SHALL", "every service has an id that its path can hold"),
        "CH-017": ("REC", "every service has a title"),
        "CH-018": ("SHALL", "prefetch, where there is one, is keys and texts"),
        "CH-019": ("SHALL", "usageRequirements, where there are any, are a text"),
        "CH-020": ("REC", "version is that of CDS Hooks"),
        "CH-022": ("SHALL", "an id stands once for each hook"),
        "CH-030": ("SHALL", "POST {base}/cds-services/{id} takes a hook request"),
        "CH-031": ("DER", "a request without what it needs is a 4xx"),
        "CH-032": ("DER", "an unknown id is 404, another hook 400"),
        "CH-033": ("DER", "fhirAuthorization without fhirServer is refused"),
        "CH-036": ("DER", "hookInstance is only a name: one that is no UUID is taken"),
        "CH-037": ("DER", "unknown fields and extensions are passed over"),
        "CH-038": ("DER", "the same call twice is answered alike"),
        "CH-050": ("SHALL", "prefetch tokens stand in {{ }}"),
        "CH-051": ("SHALL", "prefetch tokens name fields of the context, or the user"),
        "CH-052": ("SHOULD", "prefetch templates keep to reads and simple searches"),
        "CH-053": ("DER", "an absent, empty or failed prefetch is no fault of the service"),
        "CH-057": ("SHALL", "412 where data cannot be had, and no other error"),
        "CH-080": ("SHALL", "a 200 has an array cards"),
        "CH-082": ("DER", "other methods, media types and broken JSON are 4xx"),
        "CH-083": ("SHOULD", "errors carry an OperationOutcome"),
        "CH-090": ("SHALL", "a uuid names one card or suggestion"),
        "CH-091": ("SHALL", "a summary has fewer than 140 characters"),
        "CH-092": ("SHALL", "a detail is a text of GitHub's Markdown"),
        "CH-093": ("SHALL", "an indicator is info, warning or critical"),
        "CH-094": ("SHALL", "a card has a source"),
        "CH-095": ("SHALL", "suggestions are objects in an array"),
        "CH-096": ("SHALL", "suggestions come with a selectionBehavior"),
        "CH-097": ("SHALL", "override reasons have a display"),
        "CH-098": ("SHALL", "links are an array"),
        "CH-099": ("SHALL", "a source has a label and absolute addresses"),
        "CH-101": ("SHALL", "a Coding has code and system"),
        "CH-110": ("SHALL", "a suggestion has a label"),
        "CH-111": ("SHALL", "several recommendations go with any only"),
        "CH-112": ("SHALL", "actions are objects in an array"),
        "CH-113": ("SHALL", "an action has type and description"),
        "CH-114": ("SHALL", "create and update carry a whole resource"),
        "CH-115": ("DER", "delete names its resource by resourceId"),
        "CH-117": ("SHALL", "no actionSelectionBehavior for an unknown client"),
        "CH-118": ("DER", "what a suggestion creates is a valid draft"),
        "CH-120": ("SHALL", "a link has label, url and a known type"),
        "CH-121": ("SHALL", "appContext goes with smart links"),
        "CH-122": ("DER", "autolaunchable hides the card"),
        "CH-126": ("DER", "systemActions bypass the user"),
        "CH-127": ("MAY", "feedback is offered"),
        "CH-128": ("SHALL", "feedback as the guide writes it is taken"),
        "CH-129": ("DER", "repeats and unknown cards fail no batch"),
        "CH-130": ("SHOULD", "a call without a token is refused"),
        "CH-135": ("DER", "a token for another address is refused"),
        "CH-136": ("SHALL", "tokens with alg none or an HMAC are refused"),
        "CH-150": ("DER", "CORS never opens to every page with credentials"),
        "CH-160": ("SHALL", "an extension is an object"),
        "SEC-10": ("house", "a token is taken once"),
        "SEC-30": ("house", "no HTML in what a client may render"),
        "SEC-31": ("house", "suggestions only create, and only requests"),
    }
)
"""By id: the level, and the rule in few words."""
_MUST = frozenset({"SHALL", "COND"})
_ADVICE = frozenset({"SHOULD", "REC", "MAY", "DER", "house"})
_LONGEST = 200
_MOST_DETAILS = 3


@dataclass(slots=True)
class Seen:
    """What was seen of one rule."""

    kept: int = 0
    broken: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


class Report:
    """Filled while a service is looked at."""

    def __init__(self) -> None:
        self.seen: dict[str, Seen] = {rule: Seen() for rule in RULES}
        self.notes: list[str] = []
        self.asked = 0

    def look(self, rule: str, kept: bool, otherwise: str) -> bool:  # noqa: FBT001 - `look("CH-010", status == 200, "...")` reads well
        """Note what was seen of a rule; `otherwise` says what was wrong. Returns `kept`."""
        if kept:
            self.seen[rule].kept += 1
        elif RULES[rule][0] in _MUST:
            self.seen[rule].broken.append(_short(otherwise))
        else:
            self.seen[rule].advice.append(_short(otherwise))
        return kept

    def advise(self, rule: str, sentence: str) -> None:
        """Something beyond the guide's own words."""
        self.seen[rule].advice.append(_short(sentence))

    def note(self, sentence: str) -> None:
        """What could not be looked at, and why."""
        self.notes.append(_short(sentence))

    def verdict(self, rule: str) -> Verdict:
        """The worst that was seen."""
        seen = self.seen[rule]
        if seen.broken:
            return Verdict.BROKEN
        if seen.advice:
            return Verdict.ADVICE
        return Verdict.KEPT if seen.kept else Verdict.NOT_SEEN

    def details(self, rule: str) -> list[str]:
        """A few sentences on what was wrong, each once."""
        seen = self.seen[rule]
        return list(dict.fromkeys([*seen.broken, *seen.advice]))[:_MOST_DETAILS]

    @property
    def broken(self) -> list[str]:
        """The rules that must be kept and are not."""
        return [rule for rule in RULES if self.verdict(rule) is Verdict.BROKEN]


def _short(sentence: str) -> str:
    """Another service's words may be of any length, and hold what a terminal would obey."""
    shown = "".join(letter if letter.isprintable() else " " for letter in sentence)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
