"""`/workbench/`: one page, its modules, and one question. It fetches nothing, stores nothing, and logs nothing of what is asked.

It answers whoever reaches it, so it stands on this machine, or on the operators' port behind their sign-on.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, TypeAlias

import orjson
from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, ValidationError

from exercise_cds.authoring.bench import Question, ask
from exercise_cds.authoring.pasted import BYTES, TOO_LARGE, Pasted, read_pasted, resources_of_request
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.cds_service import Serving
from exercise_cds.errors import BadRequest, CdsError, NotFound, TooLarge, Unavailable
from exercise_cds.rulepack import read_story
from exercise_cds.web import perimeter
from exercise_cds.web.pages import Pages, guarded, say_in_pages
from exercise_cds.web.workbench.markdown import html_of

Answering: TypeAlias = "Callable[[], AbstractContextManager[Serving]]"
"""What is served at that moment, kept open until the block ends, though another pack may take its place meanwhile."""
NAME = "workbench"
SECONDS = 2.0
_AT_ONCE = 2
_FACTS = 100
_BODY = 3 * BYTES
"""A pasted text stands in the question as a JSON string, whose quotes are escaped."""


class Asked(BaseModel):
    """What the page asks: an example by name or a pasted text, and the rest of what a link may hold."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    example: str | None = None
    pasted: str | None = None
    service: str | None = None
    date: str | None = None
    what_if: dict[str, bool | float | str | None] = {}
    resources: bool = False


class Bench:
    """Answers questions, a few at once, each within its time."""

    def __init__(self, answering: Answering, examples: Path) -> None:
        self._answering = answering
        self._folders = {path.parent.name: path.parent for path in sorted(examples.glob("*/request.json"))}
        self._room = BoundedSemaphore(_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="workbench")

    def stories(self) -> list[dict[str, str]]:
        """The examples, with why each is told, on which day and of which service."""
        found = []
        for name, folder in self._folders.items():
            story, _ = read_story(folder / "story.yaml")
            if story is not None:
                found.append({"name": name, "why": story.why, "service": story.service, "date": story.as_of.isoformat()})
        return found

    def answer(self, asked: Asked) -> dict[str, Any]:
        """The answer to one question. Raises CdsError; what takes longer than `SECONDS` keeps its place until it has ended."""
        if not self._room.acquire(blocking=False):
            raise Unavailable("The workbench is at work on other questions: try again in a second.", retry_after=1)
        work = self._threads.submit(self._work, asked)
        work.add_done_callback(lambda _: self._room.release())
        try:
            return work.result(SECONDS)
        except TookTooLong:
            raise Unavailable("This took longer than two seconds and was given up: paste fewer resources.", retry_after=1) from None

    def _work(self, asked: Asked) -> dict[str, Any]:
        with self._answering() as serving:
            return self._answer(asked, serving)

    def _answer(self, asked: Asked, serving: Serving) -> dict[str, Any]:
        found, on, name = self._found(asked, serving)
        chosen = _day(asked.date) or on or date.today()  # noqa: DTZ011 - the day of whoever looks
        shown = ask(serving, Question(found.request, found.resources, chosen, asked.what_if, found.said))
        shown |= {"service": found.request.service, "example": name}
        shown["details"] = [html_of(card.get("detail", "")) for card in shown["response"]["cards"]]
        if asked.resources:
            shown["resources"] = found.resources
            shown["request"] = _request(found)
        return shown

    def _found(self, asked: Asked, serving: Serving) -> tuple[Pasted, date | None, str]:
        if asked.pasted is not None:
            service = asked.service or next(iter(serving.services))
            return read_pasted(asked.pasted.encode("utf-8", "surrogatepass"), serving, service), None, ""
        folder = self._folders.get(asked.example or "")
        if folder is None:
            raise NotFound("There is no such example: choose one of the list.")
        story = read_request_file(folder / "request.json", serving)
        if asked.service in {None, story.request.service}:
            return Pasted(story.request, resources_of_request(story.request)), story.as_of, folder.name
        resources = resources_of_request(story.request)
        other = read_pasted(orjson.dumps(resources), serving, asked.service or "")
        return replace(other, resources=resources), story.as_of, folder.name


def blueprint(answering: Answering, examples: Path, *, follows: bool = False) -> Blueprint:
    """The page, its files, and the question. `follows`: there is a page that follows the pack's files."""
    pages = Blueprint(NAME, __name__)
    look = Pages(Path(__file__).parent)
    bench = Bench(answering, examples)

    @pages.get("/workbench/")
    def page() -> Response:
        """The page, without any answer: the question is in the link, and the page asks it."""
        with answering() as now:
            return look.page("workbench.html", pack=now.pack, services=now.services.values(), stories=bench.stories(), follows=follows)

    @pages.get("/workbench/<name>")
    def asset(name: str) -> Response:
        """A module, a style sheet."""
        return look.asset(name)

    @pages.post("/workbench/evaluate")
    def evaluate() -> Response:
        """One question."""
        perimeter.media_type(request.environ)
        try:
            body = perimeter.body(request.stream, request.content_length, _BODY)
        except TooLarge:
            raise TooLarge(TOO_LARGE) from None  # the door's own sentence is for an EHR
        return guarded(Response(orjson.dumps(bench.answer(_asked(body))), content_type="application/json"))

    say_in_pages(pages, _said)
    return pages


def _said(fault: CdsError) -> Response:
    """A mistake, as a sentence that the page shows where the answer would be."""
    return guarded(Response(orjson.dumps({"error": fault.sentence}), fault.status, content_type="application/json"))


def _asked(body: bytes) -> Asked:
    try:
        asked = Asked.model_validate_json(body)
    except ValidationError:
        raise BadRequest("The page's question could not be read: load the page again.") from None
    if len(asked.what_if) > _FACTS:
        raise BadRequest(f"What if: at most {_FACTS} facts can be otherwise at once.")
    return asked


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest("The date is no day of the calendar: write 2026-03-02.") from None


def _request(found: Pasted) -> dict[str, Any]:
    """The request as it is asked, without what was dropped."""
    asked = found.request
    context: dict[str, Any] = {"userId": asked.user_id, "patientId": asked.patient_id}
    if asked.encounter_id:
        context["encounterId"] = asked.encounter_id
    if asked.selections is not None:
        context["selections"] = list(asked.selections)
    if asked.drafts:
        context["draftOrders"] = orjson.loads(asked.drafts)
    prefetch = {key: orjson.loads(text) for key, text in asked.prefetch.items()}
    return {"hook": asked.hook, "hookInstance": asked.hook_instance, "context": context, "prefetch": prefetch}
