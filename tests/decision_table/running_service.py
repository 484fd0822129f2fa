"""A stranger's way to the service: discovery is read, prefetch is answered as an EHR does, and only what comes back over HTTP is judged.

Nothing here reads the rule pack's YAML or the short spelling of its cases: the patients of these tests are written from the words of
the decision table, in FHIR R4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient

from builders.resources import TODAY, as_json
from exercise_cds.cds_service import CdsService, Examination, prepare
from exercise_cds.rulepack import load
from exercise_cds.settings import Rates, Settings
from exercise_cds.web import create_app

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
OPENED, CHOSEN, SIGNED = "low-back-pain-exercise", "low-back-pain-orders", "low-back-pain-orders-sign"
_HOOKS = {OPENED: "patient-view", CHOSEN: "order-select", SIGNED: "order-sign"}
_PATIENT = "p1"

EDUCATION, STRETCHING, EASY = "education-stay-active", "stretching", "easy-starter"
AEROBIC, STRENGTHENING, STABILIZATION = "aerobic-low-impact", "strengthening", "lumbar-stabilization"
MCKENZIE, AQUATIC, SCIATICA, REFERRAL = "mckenzie-mdt", "aquatic", "sciatica-by-cause", "specialist-referral"
ALL = frozenset({EDUCATION, STRETCHING, EASY, AEROBIC, STRENGTHENING, STABILIZATION, MCKENZIE, AQUATIC, SCIATICA, REFERRAL})

Chart = tuple[Any, ...]
"""R4B models of `builders.resources`, or resources as JSON."""


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; `outcome` is the one thing that a 200 without cards does not tell, and is read from the service's log."""

    status: int
    body: dict[str, Any]
    outcome: str

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards in the order shown."""
        return list(self.body.get("cards", ()))

    @property
    def offered(self) -> tuple[str, ...]:
        """Program ids in the order of the suggestions."""
        told = [card for card in self.cards if "suggestions" in card]
        assert len(told) <= 1, "at most one program card"
        if not told:
            return ()
        offered = tuple(told[0]["extension"]["org.exercise-cds.decision"]["offered"])
        assert len(told[0]["suggestions"]) == len(offered)
        return offered

    @property
    def indicators(self) -> tuple[str, ...]:
        """`critical`, `warning`, `info`, card by card."""
        return tuple(card["indicator"] for card in self.cards)

    @property
    def words(self) -> str:
        """Every word of the cards themselves, as it is read."""
        return "\n".join(f"{card['summary']}\n{card.get('detail', '')}" for card in self.cards).replace("\\", "")

    def order(self, program: str) -> str:
        """What accepting a program writes into the EHR, as JSON; empty where it is not offered."""
        told = [card for card in self.cards if "suggestions" in card]
        by_program = dict(zip(self.offered, told[0]["suggestions"], strict=True)) if told else {}
        return json.dumps(by_program[program]["actions"], ensure_ascii=False) if program in by_program else ""


@dataclass
class _House:
    client: FlaskClient
    outcomes: list[str] = field(default_factory=list)
    templates: dict[str, dict[str, str]] = field(default_factory=dict)


@cache
def _house() -> _House:
    """The shipped pack behind the real door, as `make serve` has it; discovery is read once."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    outcomes: list[str] = []

    def observe(_service: str, seen: Examination, _milliseconds: object) -> None:
        outcomes.append(seen.decision.outcome.value)

    service = CdsService(prepare(loaded.pack, named_services=frozenset({SIGNED})), observe=observe)
    clock = datetime.combine(TODAY, time(12), UTC)
    settings = Settings(authentication="none", rates=Rates(client=0, address=0))  # thousands of patients in a minute
    client = create_app(service, settings, clock=lambda: clock).test_client()
    discovery = client.get("/cds-services").json
    assert discovery is not None
    return _House(client, outcomes, {one["id"]: one["prefetch"] for one in discovery["services"]})


def ask(
    *chart: Any,
    born: str | None = "1985-03-02",
    service: str = OPENED,
    drafts: Iterable[Any] = (),
    chosen: Iterable[int] | None = None,
    not_sent: Iterable[str] = (),
    instead: dict[str, Any] | None = None,
    patient: dict[str, Any] | None = None,
) -> Answer:
    """Ask about a patient with this chart. `not_sent` are resource types or prefetch keys; `instead` replaces what a key would hold.

    `chosen` are the numbers of the drafts that the clinician picked (order-select); all of them unless told otherwise.
    """
    house = _house()
    person = {"resourceType": "Patient", "id": _PATIENT} | ({"birthDate": born} if born else {}) | (patient or {})
    resources = [one if isinstance(one, dict) else as_json(one) for one in chart]
    for number, one in enumerate(resources):
        one["id"] = f"r{number}"
    missing = frozenset(not_sent)
    prefetch = {
        key: _found(template, person, resources)
        for key, template in house.templates[service].items()
        if key not in missing and template.split("?")[0].split("/")[0] not in missing
    }
    context: dict[str, Any] = {"userId": "Practitioner/d1", "patientId": _PATIENT}
    orders = [(one if isinstance(one, dict) else as_json(one)) | {"id": f"d{number}"} for number, one in enumerate(drafts)]
    if service != OPENED:
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]}
    if service == CHOSEN:
        picked = range(len(orders)) if chosen is None else chosen
        context["selections"] = [f"{orders[number]['resourceType']}/{orders[number]['id']}" for number in picked]
    request = {
        "hook": _HOOKS[service],
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context,
        "prefetch": prefetch | (instead or {}),
    }
    house.outcomes.clear()
    answer = house.client.post(f"/cds-services/{service}", data=json.dumps(request).encode(), content_type="application/json")
    assert answer.json is not None
    return Answer(answer.status_code, answer.json, house.outcomes[-1] if house.outcomes else "")


def _found(template: str, person: dict[str, Any], resources: list[dict[str, Any]]) -> dict[str, Any]:
    """What a FHIR server answers to a prefetch template: a type, for Observations one of the codes, newest first."""
    if template.startswith("Patient/"):
        return person
    asked = urlsplit(template)
    found = [one for one in resources if one["resourceType"] == asked.path]
    if codes := parse_qs(asked.query).get("code"):
        wanted = {tuple(one.split("|")) for one in codes[0].split(",")}
        found = [one for one in found if wanted & {(coding.get("system"), coding["code"]) for coding in one["code"].get("coding", ())}]
        found.sort(key=lambda one: str(one.get("effectiveDateTime", "")), reverse=True)
    entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries)} | ({"entry": entries} if entries else {})


def years_ago(years: int, *, and_days: int = 0) -> str:
    """The birth date of somebody whose birthday number `years` was so many days ago (negative: is to come)."""
    return date.fromordinal(TODAY.replace(year=TODAY.year - years).toordinal() - and_days).isoformat()


@dataclass(frozen=True)
class Row:
    """One claim: a row of the decision table in words, a patient of whom it speaks, and what the row says.

    `exactly` and `never` are program ids; `first` are the ids that lead the list; `last` those that close it. `card` is the indicator
    of the one card that says a warning sign; `silent` means no card at all.
    """

    words: str
    chart: Chart
    exactly: frozenset[str] | None = None
    offers: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    first: tuple[str, ...] = ()
    last: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()
    card: str = ""
    silent: bool = False
    outcome: str = ""
    status: int = 200
    sent: dict[str, Any] = field(default_factory=dict)
    """How it is asked: the keywords of `ask`."""
    teaches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that stand in the order of a program."""
    teaches_not: dict[str, tuple[str, ...]] = field(default_factory=dict)


def disagreements(row: Row) -> list[str]:
    """Every way in which the service does not do what the row says."""
    got = ask(*row.chart, **row.sent)
    offered, found = frozenset(got.offered), []
    checks = (
        (got.status == row.status, f"HTTP {got.status}: {got.body}"),
        (row.exactly is None or offered == row.exactly, f"offered {sorted(offered)}, the row says {sorted(row.exactly or ())}"),
        (row.offers <= offered, f"not offered: {sorted(row.offers - offered)}"),
        (not row.never & offered, f"offered all the same: {sorted(row.never & offered)}"),
        (got.offered[: len(row.first)] == row.first, f"the list begins with {got.offered[: len(row.first)]}"),
        (not row.last or frozenset(got.offered[-len(row.last) :]) == row.last, f"the list ends with {got.offered[-len(row.last) :]}"),
        (not row.outcome or got.outcome == row.outcome, f"the outcome is {got.outcome!r}"),
        (not row.silent or not got.cards, f"cards: {[card['summary'] for card in got.cards]}"),
        (not row.card or (got.indicators[:1] == (row.card,) and not offered), f"cards: {got.indicators}, offered {sorted(offered)}"),
        (row.card == "critical" or "critical" not in got.indicators, "a critical card"),
    )
    found += [sentence for holds, sentence in checks if not holds]
    found += [f"does not say {words!r}: {got.words}" for words in row.says if words not in got.words]
    found += [f"says {words!r}" for words in row.says_not if words in got.words]
    for program, lines in row.teaches.items():
        found += [f"{program} does not teach {line!r}" for line in lines if line not in got.order(program)]
    for program, lines in row.teaches_not.items():
        found += [f"{program} teaches {line!r}" for line in lines if line in got.order(program)]
    return found
