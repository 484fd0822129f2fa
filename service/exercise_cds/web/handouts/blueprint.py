"""`/handouts/<program>`: a program for the patient who does it, in everyday words, to read or to print.

It holds nothing about a person. `?without=` names the loads that were withheld for somebody, and those steps are left out; whatever
else is asked for that we do not know shows no step at all, never the full page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from markupsafe import Markup

from exercise_cds.errors import CdsError, NotFound
from exercise_cds.model.pack import Program, RulePack, Step
from exercise_cds.web.handouts import drawing, poses
from exercise_cds.web.handouts.words import FIRST, languages, words
from exercise_cds.web.pages import Pages, say_in_pages

NAME = "handouts"
_DIRECTION = "-direction"
"""Loads that end so exclude each other: what draws the pain out of one leg drives it down the other's."""
_KNOWN = frozenset({"without", "print", "lang"})
_WEEKS = 4
_WIDE = 220


@dataclass(frozen=True, slots=True)
class Shown:
    """Which steps of a program a page shows, and why not all."""

    steps: tuple[Step, ...]
    safe: bool = False
    """Nothing can be shown: only when to stop, when to call, and "ask your clinic"."""
    fewer: bool = False
    direction: bool = False
    """Steps of several directions were left out, because nobody said which one."""


def blueprint(pack: Callable[[], RulePack]) -> Blueprint:
    """The pages of the pack that is served at the moment of asking."""
    pages = Blueprint(NAME, __name__)
    look = Pages(Path(__file__).parent)
    texts = {language: words(language) for language in languages()}

    @pages.get("/handouts/<program>")
    def handout(program: str) -> Response:
        """One program."""
        served = pack()
        chosen = served.programs.get(program)
        if chosen is None:
            raise NotFound("There is no such handout.")
        asked = request.args.to_dict(flat=False)
        shown = chosen_steps(served, chosen, _loads(asked)) if asked.keys() <= _KNOWN else Shown((), safe=True)
        said = texts[_language(texts)]
        return look.page(
            "handout.html",
            words=said,
            pack=served,
            program=chosen,
            dose=_dose(chosen),
            shown=shown,
            drawings=_drawings(shown.steps, said),
            weeks=range(1, _WEEKS + 1),
            large=asked.get("print") == ["large"],
            switch=_switched(asked),
        )

    @pages.get("/handouts/handout.css")
    @pages.get("/handouts/icon.svg")
    def asset() -> Response:
        """The style sheet and the icon of the browser's tab."""
        return look.asset(request.path.rsplit("/", 1)[1])

    def missing(fault: CdsError) -> Response:
        return look.page("missing.html", fault.status, words=texts[_language(texts)])

    say_in_pages(pages, missing)
    return pages


def chosen_steps(pack: RulePack, program: Program, without: frozenset[str] | None) -> Shown:
    """The steps that are left without these loads; `None` is a request that we do not understand."""
    known = {load for one in pack.programs.values() for step in one.steps for load in step.loads}
    if without is None or not without <= known:
        return Shown((), safe=True)
    left = tuple(step for step in program.steps if not step.loads & without)
    directions = {load for step in left for load in step.loads if load.endswith(_DIRECTION)}
    if len(directions) > 1:
        one_way = tuple(step for step in left if not step.loads & directions)
        return Shown(one_way, safe=not one_way, fewer=bool(without), direction=True)
    return Shown(left, safe=not left, fewer=len(left) < len(program.steps))


def _loads(asked: dict[str, list[str]]) -> frozenset[str] | None:
    """The loads of every `without`, or None where one is written in a way that we do not know."""
    loads = [load for value in asked.get("without", ()) for load in value.split(",")]
    return None if "" in loads else frozenset(loads)


def _language(texts: Iterable[str]) -> str:
    chosen = request.args.get("lang", FIRST)
    return chosen if chosen in texts else FIRST


def _dose(program: Program) -> list[tuple[str, str]]:
    """(name of the line, its words), the patient's words before the clinician's."""
    plain, dosing = program.for_patients, program.dosing
    lines = [(name, getattr(plain, name) or getattr(dosing, name)) for name in ("frequency", "intensity", "time", "progress")]
    return [(name, text) for name, text in lines if text]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A step's drawing, ready for the page."""

    svg: Markup
    caption: str
    shape: str
    """wide: it stands above its words, not beside them."""


def _drawings(steps: Iterable[Step], said: Any) -> dict[str, Drawn]:
    """Step id -> drawing, for the steps that have one."""
    found = {}
    for step in steps:
        if name := poses.PICTURE_OF.get(step.id):
            picture = poses.PICTURES[name]
            # ours from end to end, its words escaped
            svg = Markup(drawing.svg(picture, said["drawings"][name]))  # noqa: S704
            found[step.id] = Drawn(svg, said["captions"].get(name, ""), "wide" if picture.width > _WIDE else "")
    return found


def _switched(asked: dict[str, list[str]]) -> str:
    """The same page in the other size of print."""
    kept = [(name, value) for name, values in asked.items() if name != "print" for value in values]
    return "?" + urlencode([*kept, *([] if asked.get("print") == ["large"] else [("print", "large")])], safe=",")
