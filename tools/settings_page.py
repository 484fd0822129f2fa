"""Writes docs/operators/settings.md from the settings themselves; `--check` only says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exercise_cds.settings import PREFIX, ClientSettings, Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operators" / "settings.md"
GROUPS: dict[str, type[BaseModel]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}

HEAD = f"""\
# Settings

<!-- Written by `make docs` from service/exercise_cds/settings/: change it there. -->

A setting comes from, first wins: the command line of `exercise-cds serve`; a variable of the environment; one YAML file, named by
`--config FILE` or `{PREFIX}CONFIG`; its default. Variables are `{PREFIX}` and the setting's name in capitals; the settings of a group
are joined by two underscores (`{PREFIX}LIMITS__BODY`). A list is `a,b` or JSON in the environment.

A wrong value stops the start with exit code 1 and one sentence for each mistake: where it was set, what is wrong, what is allowed.
A name that is no setting is a mistake too, in the file as in the environment. (Variables that Kubernetes itself sets beside a Service
named exercise-cds are passed over.)

```yaml
# exercise-cds.yaml
host: 0.0.0.0
base_url: https://cds.example.org
time_zone: America/Chicago
limits:
  body: 8388608
clients:
  - issuer: https://ehr.example.org
    jku: https://ehr.example.org/keys.json
    fhir_servers: [https://ehr.example.org/fhir/R4]
```
"""


def rows(model: type[BaseModel], prefix: str) -> str:
    """The table of one group."""
    lines = ["| setting | default | allowed | what it is for |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if name in GROUPS and not prefix:
            continue
        extra = field.json_schema_extra
        allowed = extra["allowed"] if isinstance(extra, dict) else ""
        default = "must be set" if field.is_required() else shown(field.get_default(call_default_factory=True))
        lines.append(f"| `{prefix}{name}` | {default} | {allowed} | {field.description} |")
    return "\n".join(lines)


def shown(default: Any) -> str:
    """A default as a person writes it."""
    if default is None:
        return "unset"
    if isinstance(default, list):
        return f"`[{', '.join(map(str, default))}]`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def page() -> str:
    """The whole page."""
    parts = [HEAD, rows(Settings, "")]
    for name, model in GROUPS.items():
        parts.append(f"\n## {name}\n\n{model.__doc__}\n\n{rows(model, f'{name}.')}")
    parts.append(f"\n## One of clients\n\n{ClientSettings.__doc__}\n\n{rows(ClientSettings, '')}")
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    if arguments == ["--check"]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        print("docs/operators/settings.md is fresh" if fresh else "docs/operators/settings.md is not fresh: run `make docs`")
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
