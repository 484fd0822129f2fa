"""Reads the settings: command line before environment before file before default. Every mistake becomes one sentence, all at once."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource, InitSettingsSource, SettingsError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from exercise_cds.settings.fields import PREFIX
from exercise_cds.settings.shapes import Settings

CONFIG = f"{PREFIX}CONFIG"
LARGEST_FILE = 1024 * 1024
_SERVICE_LINK = re.compile(rf"{PREFIX}(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)")
"""Variables that Kubernetes sets in every pod beside a Service named exercise-cds; EXERCISE_CDS_PORT=tcp://... is one more."""


class UnusableSettings(Exception):
    """The process cannot start; `sentences` say what to change, one for each mistake."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def load(config: Path | None = None, **flags: Any) -> Settings:
    """Read everything; a flag that is None was not given. Raises UnusableSettings."""
    given = {name: value for name, value in flags.items() if value is not None}
    named = os.environ.get(CONFIG, "")
    file = _read(config, "--config") if config else _read(Path(named), CONFIG) if named else CommentedMap()
    origin = _Origin(given, _variables(), file, str(config or named))
    mistakes = list(_unknown_variables(origin.variables))
    environment = EnvSettingsSource(Settings)
    environment.env_vars = {name: value for name, value in environment.env_vars.items() if name.upper() in origin.variables}
    sources = (InitSettingsSource(Settings, given), environment, InitSettingsSource(Settings, _plain(file)))
    try:
        settings = Settings(_build_sources=(sources, {}))
    except ValidationError as fault:
        found = [_sentence(error, origin) for error in fault.errors(include_url=False)]
        raise UnusableSettings((*mistakes, *found)) from None
    except SettingsError as fault:
        name = re.search(r'field "(\w+)"', str(fault))
        variable = PREFIX + name.group(1).upper() if name else "the environment"
        raise UnusableSettings((*mistakes, f"{variable}: is not JSON; set its parts one by one, such as {variable}__NAME")) from None
    if mistakes:
        raise UnusableSettings(tuple(mistakes))
    return settings


class _Origin:
    """Knows where a setting's value came from."""

    def __init__(self, flags: Mapping[str, Any], variables: Mapping[str, str], file: CommentedMap, path: str) -> None:
        self.flags = flags
        self.variables = variables
        self._file = file
        self._path = path

    def of(self, place: tuple[str | int, ...]) -> str:
        """`--port`, `EXERCISE_CDS_PORT` or `site.yaml:3`; "" for what nobody set."""
        if place and place[0] in self.flags:
            return f"--{str(place[0]).replace('_', '-')}"
        names = [str(part).upper() for part in place]
        for length in range(len(names), 0, -1):
            variable = PREFIX + "__".join(names[:length])
            if variable in self.variables:
                return variable
        return f"{self._path}:{self._line(place)}" if self._path and place and place[0] in self._file else ""

    def _line(self, place: tuple[str | int, ...]) -> int:
        line, node = 0, self._file
        for part in place:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0]
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0]
            else:
                break
            node = node[part]
        return line + 1


def _read(path: Path, said_by: str) -> CommentedMap:
    """The file's keys and values, with their lines."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnusableSettings((f"{said_by}: {path} is larger than 1 MiB, so it is no settings file",))
        text = path.read_bytes().decode("utf-8")
        found = YAML(typ="rt", pure=True).load(text)
    except OSError as fault:
        raise UnusableSettings((f"{said_by}: {path} cannot be read: {fault.strerror}",)) from None
    except UnicodeDecodeError:
        raise UnusableSettings((f"{path}: is not UTF-8 text",)) from None
    except MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise UnusableSettings((f"{path}:{line}: is no YAML: {str(fault.problem).splitlines()[0]}",)) from None
    except (YAMLError, RecursionError, ValueError):
        raise UnusableSettings((f"{path}: is no YAML that can be read",)) from None
    if found is None:
        return CommentedMap()
    if not isinstance(found, CommentedMap) or not all(isinstance(key, str) for key in found):
        raise UnusableSettings((f"{path}:1: must hold settings as `name: value`",))
    return found


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(value) for value in node] if isinstance(node, list) else node


def _variables() -> dict[str, str]:
    """Our variables, without what Kubernetes puts beside them."""
    ours = {name.upper(): value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
    return {name: value for name, value in ours.items() if not _SERVICE_LINK.fullmatch(name) and not value.startswith(("tcp://", "udp://"))}


def _unknown_variables(variables: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(variables):
        place = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if name != CONFIG and _field(place) is None:
            yield f"{name}: there is no such setting{_nearest(place)}"


def _fields(place: tuple[str | int, ...]) -> Mapping[str, FieldInfo]:
    """The settings of the group at a place; () is the whole."""
    model: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = [kind for kind in _kinds(field.annotation) if issubclass(kind, BaseModel)] if field else []
        if not inner:
            return {}
        model = inner[0]
    return model.model_fields


def _kinds(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def _field(place: tuple[str | int, ...]) -> FieldInfo | None:
    names = [part for part in place if isinstance(part, str)]
    return _fields(tuple(names[:-1])).get(names[-1]) if names else None


def _nearest(place: tuple[str | int, ...]) -> str:
    known = _fields(place[:-1])
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _named(place: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _sentence(error: Any, origin: _Origin) -> str:
    """`site.yaml:3: port is 99999; allowed is a whole number from 1 to 65535`."""
    place = tuple(part for part in error["loc"] if isinstance(part, int) or part.isidentifier())
    context = error.get("ctx", {})
    if error["type"] == "contradiction":
        place = (*place, context["key"]) if "key" in context else place
        return _from(origin, place, error["msg"] if "key" in context else f"{_named(place)} {error['msg']}")
    if error["type"] == "extra_forbidden":
        return _from(origin, place, f"there is no setting {_named(place)}{_nearest(place)}")
    while place and (field := _field(place)) is None:
        place = place[:-1]
    extra = field.json_schema_extra if place and field else None
    allowed, secret = (extra["allowed"], extra["secret"]) if isinstance(extra, dict) else ("", True)
    if error["type"] == "missing":
        return _from(origin, place, f"{_named(place)} is missing: set {allowed}")
    value = error["input"]
    shown = not secret and isinstance(value, str | int | float) and len(str(value)) <= 80
    fault = f"is {value}" if shown else "has a value that is not allowed"
    return _from(origin, place, f"{_named(place)} {fault}; allowed is {allowed}")


def _from(origin: _Origin, place: tuple[str | int, ...], sentence: str) -> str:
    source = origin.of(place)
    return f"{source}: {sentence}" if source else sentence
