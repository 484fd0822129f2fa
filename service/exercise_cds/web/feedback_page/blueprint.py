"""`/feedback/`: the report of the records, of this moment, on the operators' port behind the operators' sign-on.

It holds counts and nobody. Each look is in the audit with the name that was signed on with, before anything is counted. One report is
made at a time: what clinicians wait for comes first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from exercise_cds.errors import BadRequest, CdsError, NotFound, Unavailable
from exercise_cds.records import Store
from exercise_cds.records.audit import note
from exercise_cds.records.period import Period, moment
from exercise_cds.records.reports.files import as_csv, as_json
from exercise_cds.records.reports.page import Live, as_page, asset
from exercise_cds.records.reports.report import BELOW, Report, gather
from exercise_cds.web.pages import Pages, guarded, say_in_pages

NAME = "feedback_page"
BASE = "/feedback/"
USUAL = "90d"
"""The period of a page that nobody asked for another."""
SPANS = (("30 days", "30d"), ("90 days", "90d"), ("a year", "365d"), ("everything", ""))
_WAIT_SECONDS = 20
_ASSETS = {"page.css": "text/css; charset=utf-8", "pictures.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One look: the words of the form, and what they mean."""

    since: str
    until: str
    small: bool
    period: Period

    @property
    def query(self) -> str:
        """The same question in an address."""
        return urlencode({"since": self.since, "until": self.until} | ({"small": "shown"} if self.small else {}))


def _asked(now: datetime) -> Asked:
    """What the address asks. Raises BadRequest with a sentence for the form."""
    since, until = request.args.get("since", USUAL).strip(), request.args.get("until", "").strip()
    days: list[datetime | None] = []
    for label, text in (("From", since), ("Until", until)):
        try:
            days.append(moment(text, now) if text else None)
        except (ValueError, OverflowError):
            raise BadRequest(f"{label}: this is no day: write 2026-03-02, or 90d for ninety days ago.") from None
    first, last = days
    if first and last and first >= last:
        raise BadRequest("The period is empty: the day it begins must come before the day it ends.")
    return Asked(since, until, request.args.get("small") == "shown", Period(first, last))


class Reports:
    """Makes reports, one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = threading.Lock()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            raise Unavailable("Other reports are being made: ask again in a moment.", retry_after=_WAIT_SECONDS)
        try:
            yield
        finally:
            self._turn.release()

    def now(self) -> datetime:
        """The moment that periods are counted from."""
        return self._store.clock()

    def report(self, asked: Asked, who: str, form: str) -> Report:
        """Count, after noting who asked for what. Raises StoreUnreachable, Unavailable."""
        with self._in_turn():
            details = {"since": asked.period.since, "until": asked.period.until, "small_counts": asked.small, "form": form}
            note(self._store, "feedback page", who, details)
            return gather(self._store, asked.period, below=0 if asked.small else BELOW)


def blueprint(store: Store) -> Blueprint:
    """The page, its files, and the same numbers in other forms."""
    pages = Blueprint(NAME, __name__)
    own = Pages(Path(__file__).parent)
    reports = Reports(store)

    @pages.get(BASE)
    def page() -> Response:
        """The page."""
        asked = _asked(reports.now())
        live = Live(BASE, g.who, asked.since, asked.until, asked.small, asked.query, SPANS, BELOW)
        return _html(as_page(reports.report(asked, g.who, "page"), live))

    @pages.get(f"{BASE}report.html")
    def file() -> Response:
        """The same page as one file that works offline."""
        answer = _html(as_page(reports.report(_asked(reports.now()), g.who, "report.html")))
        answer.headers["Content-Disposition"] = "attachment; filename=report.html"
        return answer

    @pages.get(f"{BASE}report.json")
    def numbers() -> Response:
        """The same numbers for programs."""
        report = reports.report(_asked(reports.now()), g.who, "report.json")
        return guarded(Response(as_json(report), content_type="application/json"))

    @pages.get(f"{BASE}<name>.csv")
    def table(name: str) -> Response:
        """One table."""
        report = reports.report(_asked(reports.now()), g.who, "csv")
        if name not in report.tables:
            raise NotFound("The report has no such table.")
        answer = guarded(Response(as_csv(report.tables[name]), content_type="text/csv; charset=utf-8"))
        answer.headers["Content-Disposition"] = f"attachment; filename={name}.csv"
        return answer

    @pages.get(f"{BASE}<name>")
    def styles(name: str) -> Response:
        """A style sheet, the script, the icon."""
        return guarded(Response(asset(name), content_type=_ASSETS[name])) if name in _ASSETS else own.asset(name)

    def said(fault: CdsError) -> Response:
        answer = own.page("said.html", fault.status, sentence=fault.sentence, base=BASE)
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer

    say_in_pages(pages, said)
    return pages


def _html(text: str) -> Response:
    return guarded(Response(text, content_type="text/html; charset=utf-8"))
