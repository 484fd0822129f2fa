"""Writes the service's settings into the chart: the block `config` of values.yaml, and its schema. `--check` only says whether it is fresh.

A setting that the service gains is so in the chart at once, with its words, its default and its bounds, and a wrong value fails at
`helm lint`. What the chart decides itself (`BY_CHART`), and secrets, are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from exercise_cds.settings import Settings

CHART = Path(__file__).resolve().parent.parent / "helm" / "exercise-cds"
VALUES = CHART / "values.yaml"
SCHEMA = CHART / "values.schema.json"
BEGIN = '  # <settings> written by `make docs` from the service\'s settings; a text that is "" is unset\n'
END = "  # </settings>\n"
WIDTH = 130

BY_CHART = {
    "host": "listenAddress",
    "port": "service.targetPort",
    "metrics_port": "operator.port",
    "processes": "replicaCount, autoscaling",
    "rules": "rules",
    "overlay": "overlay",
    "reload_seconds": "rules.updateStrategy, rules.reloadSeconds",
    "pause_file": "pause",
    "database_url": "database",
    "decision_log.keys_file": "pseudonymKeys",
    "fhir.ca_file": "extraCaCerts",
    "tokens.key_ca_file": "extraCaCerts",
    "fhir.environment_proxies": "proxy",
    "operators.passwords_file": "operatorPasswords",
    "tls": "tls",
}
"""Setting or group -> the values that decide it."""

PATTERNS = {
    "an https URL": r"^https://[^\s?#@]+$",
    "an https URL without query (http on this machine only)": r"^https://[^\s?#@]+$",
    "an http or https URL without query": r"^https?://[^\s?#@]+$",
    "a list of URLs": r"^https?://[^\s?#@]+$",
    "a list of host names": r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
    "a list of origins such as https://ehr.example.org, lower case, without path; never *": r"^https?://[a-z0-9.\[\]:-]+$",
    "a list of addresses or networks such as 10.0.0.0/8": r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$",
    "the name of a header, such as X-Forwarded-User": r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
    "a name of the IANA time zone database, such as Europe/Paris or America/Chicago": r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
}
"""A setting's `allowed` -> what its texts look like, since a schema knows no validators."""
TEMPLATE = r"\{\{"
"""What an umbrella chart may write in its place."""


def fields(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Name -> field of a group, without what the chart decides and without secrets."""
    return {
        name: field
        for name, field in model.model_fields.items()
        if prefix + name not in BY_CHART and not (isinstance(field.json_schema_extra, dict) and field.json_schema_extra["secret"])
    }


def group(annotation: Any) -> type[BaseModel] | None:
    """The group that a field holds."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def wrapped(words: str, indent: str) -> list[str]:
    """Comment lines."""
    lines, line = [], f"{indent}# --"
    for word in words.split():
        if len(line) + len(word) >= WIDTH:
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def block(model: type[BaseModel], prefix: str = "", indent: str = "  ") -> list[str]:
    """The lines of values.yaml for one group."""
    lines = []
    for name, field in fields(model, prefix).items():
        allowed = field.json_schema_extra["allowed"] if isinstance(field.json_schema_extra, dict) else ""
        inner = group(field.annotation)
        if inner:
            lines += [*wrapped((inner.__doc__ or "").strip(), indent), f"{indent}{name}:", *block(inner, f"{prefix}{name}.", f"{indent}  ")]
            continue
        default = field.get_default(call_default_factory=True)
        value = json.dumps("" if default is None else default, default=str)
        lines += [*wrapped(f"{field.description} Allowed: {allowed}.", indent), f"{indent}{name}: {value}"]
    return lines


def values(text: str) -> str:
    """values.yaml with its block written anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n".join(block(Settings)) + "\n" + END + after


def shape(node: dict[str, Any], definitions: dict[str, Any], place: str = "") -> dict[str, Any]:
    """One schema of pydantic's as Helm's users need it: no references, "" for unset, descriptions that say what is allowed."""
    if "$ref" in node:
        node = {**definitions[node["$ref"].rpartition("/")[2]], **node}
    if len(node.get("allOf", [])) == 1:
        node = {**definitions[node["allOf"][0]["$ref"].rpartition("/")[2]], **node}
    allowed = node.get("allowed", "")
    found: dict[str, Any] = {}
    if said := node.get("description"):
        found["description"] = f"{said} Allowed: {allowed}." if allowed and node.get("type") != "object" else said
    if "properties" in node:
        kept = {name: part for name, part in node["properties"].items() if not part.get("secret") and f"{place}{name}" not in BY_CHART}
        return {
            **found,
            "type": "object",
            "additionalProperties": False,
            **({"required": node["required"]} if "required" in node else {}),
            "properties": {name: shape(part, definitions, f"{place}{name}.") for name, part in kept.items()},
        }
    if "anyOf" in node:
        (part,) = (part for part in node["anyOf"] if part.get("type") != "null")
        inner = shape({**part, "allowed": allowed}, definitions, place)
        if inner["type"] != "string":
            return {**found, "anyOf": [{"const": ""}, inner]}
        return {**found, **inner, **({"pattern": f"^$|{inner['pattern']}"} if "pattern" in inner else {})}
    found |= {key: node[key] for key in ("type", "enum", "const", "minimum", "maximum", "minLength", "minItems") if key in node}
    if node.get("type") == "array":
        found["items"] = shape({**node["items"], "allowed": allowed}, definitions, place)
    if found.get("type") == "string" and allowed in PATTERNS:
        found["pattern"] = f"{PATTERNS[allowed]}|{TEMPLATE}"
    return found


def schema(text: str) -> str:
    """values.schema.json with its property `config` written anew."""
    whole = json.loads(text)
    made = Settings.model_json_schema()
    config = shape(made, made["$defs"])
    config["description"] = "The service's settings, as docs/operators/settings.md names them."
    config["properties"]["clients"]["items"]["anyOf"] = [{"required": ["jku"]}, {"required": ["jwks_file"]}]
    whole["properties"]["config"] = config
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    stale = []
    for file, write in ((VALUES, values), (SCHEMA, schema)):
        old = file.read_text(encoding="utf-8")
        new = write(old)
        if new != old:
            stale.append(file.name)
            if arguments != ["--check"]:
                file.write_text(new, encoding="utf-8")
    if arguments == ["--check"]:
        print(f"{', '.join(stale)} of the chart: not fresh, run `make docs`" if stale else "the chart has every setting")
        return 1 if stale else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
