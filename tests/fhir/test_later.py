"""Observations that are validated only when a fact asks for them: the facts are those of a chart validated whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.facts import pack_of
from builders.reading import ICD10CM, LOINC, TODAY, UTC, bundle, coded, codes, fact, plan_of, read, resource
from exercise_cds.facts import Deriver
from exercise_cds.fhir.later import certain_day
from exercise_cds.fhir.raw import fields_of
from exercise_cds.model.chart import Chart, IssueKind, Unreadable
from exercise_cds.model.facts import Cause, Facts, InDoubt, Known
from exercise_cds.model.pack import Matcher, Overruled
from exercise_cds.model.tree import Leaf, Op

PAIN, WARMTH, WEIGHT, PREGNANCY = "72514-3", "8310-5", "29463-7", "82810-3"
FACTS = (
    fact("died", "deceased"),
    fact("pain", "score", matcher=Matcher(codes=codes(LOINC, PAIN, "75260-0")), within=30, prefer=((LOINC, "75260-0"),)),
    fact("temperature", "measurement", matcher=Matcher(codes=codes(LOINC, WARMTH)), within=7, unit="Cel", valid=(30.0, 45.0)),
    fact("loss", "measurement", matcher=Matcher(codes=codes(LOINC, WEIGHT)), within=180, drop_over=365, unit="%"),
    fact("weight", "measurement", matcher=Matcher(codes=codes(LOINC, WEIGHT)), within=90, unit="kg"),
    fact(
        "pregnancy", "measurement", matcher=Matcher(codes=codes(LOINC, PREGNANCY)), within=300, answers={(LOINC, "LA15173-0"): "pregnant"}
    ),
    fact(
        "fever",
        "condition",
        matcher=Matcher(codes=codes(ICD10CM, "R50.9")),
        overruled_by=Overruled("temperature", Leaf("temperature", Op.BELOW, 38.0)),
    ),
)
PLAN = plan_of(FACTS)
KEY = next(key for key, query in PLAN.queries.items() if query.types == ("Observation",))
DERIVER = Deriver(pack_of(*FACTS))

days = st.sampled_from([-400, -3, -1, 0, 0, 1, 6, 7, 8, 29, 30, 31, 100, 180, 181, 365, 366, 500])
written = st.one_of(
    days.map(lambda ago: {"effectiveDateTime": (TODAY - timedelta(days=ago)).isoformat()}),
    st.builds(
        lambda ago, time: {"effectiveDateTime": f"{(TODAY - timedelta(days=ago)).isoformat()}T{time}"},
        days,
        st.sampled_from(["08:00:00Z", "23:30:00-05:00", "00:10:00+02:00", "10:00:00.125+01:00", "23:59:60Z"]),
    ),
    days.map(lambda ago: {"effectiveInstant": f"{(TODAY - timedelta(days=ago)).isoformat()}T09:00:00Z"}),
    days.map(lambda ago: {"effectivePeriod": {"end": (TODAY - timedelta(days=ago)).isoformat()}}),
    st.sampled_from([{}, {"effectiveDateTime": "2026-02"}, {"effectiveDateTime": "2025"}, {"_effectiveDateTime": {"id": "x"}}]),
)
values = st.one_of(
    st.builds(
        lambda value, unit: {"valueQuantity": {"value": value} | ({"unit": unit} if unit else {})},
        st.sampled_from([0, 4, 7, 36.6, 38.5, 70, 80, 99]),
        st.sampled_from(["Cel", "kg", "[lb_av]", None]),
    ),
    st.sampled_from(
        [{"dataAbsentReason": {"text": "asked"}}, {"valueCodeableConcept": coded(LOINC, "LA15173-0")}, {"valueString": "7/10"}]
    ),
)
UNREADABLE = st.sampled_from([{"valueInteger": "x"}, {"status": 5}, {"bodySite": []}, {"effectivePeriod": 5}])


def observations(more: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some Observations of the facts' codes, of all dates and spellings; `more` replaces elements of each."""
    one = st.builds(
        lambda code, when, value, status, more: resource("Observation", None, effectiveDateTime=None, valueQuantity=None)
        | {"code": coded(LOINC, code), "status": status} | when | value | more,
        st.sampled_from([PAIN, "75260-0", WARMTH, WEIGHT, WEIGHT, PREGNANCY]),
        written,
        values,
        st.sampled_from(["final", "final", "final", "amended", "entered-in-error", "cancelled"]),
        more,
    )  # fmt: skip
    return st.lists(one, max_size=9).map(lambda found: [each | {"id": f"o{number}"} for number, each in enumerate(found)])


def charts(found: list[dict[str, Any]], zone: ZoneInfo = UTC) -> tuple[Chart, Chart]:
    """The chart of these Observations as a call reads it, and validated whole."""
    raw: dict[str, Any] = {key: bundle() for key in PLAN.queries} | {"patient": resource("Patient")}
    fever = resource("Condition", code=coded(ICD10CM, "R50.9"), onsetDateTime=(TODAY - timedelta(days=3)).isoformat())
    raw |= {"conditions": bundle(fever), KEY: bundle(*found)}
    lazy, whole = (read(raw, plan=PLAN, zone=zone, later=later) for later in (True, False))
    return lazy, whole


def first_day(shown: str) -> date:
    """The first day of a date as evidence shows it."""
    return date.fromisoformat(f"{shown}-01-01"[:10] if len(shown) < 7 else f"{shown}-01"[:10])


@settings(deadline=None, max_examples=400)
@given(found=observations(st.just({})), zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Kiritimati"]))
def test_the_facts_are_those_of_everything_validated(found: list[dict[str, Any]], zone: str) -> None:
    """Of readable Observations every fact, its evidence and its remarks are the same, whatever was never validated."""
    lazy, whole = charts(found, ZoneInfo(zone))
    assert DERIVER.derive(lazy) == DERIVER.derive(whole)
    assert list(lazy.issues) == list(whole.issues)


@settings(deadline=None, max_examples=400)
@given(found=observations(st.one_of(st.just({}), st.just({}), UNREADABLE)))
def test_what_cannot_be_read_dooms_unless_it_is_older_than_the_answer(found: list[dict[str, Any]]) -> None:
    """A fact differs only where entries that cannot be read are older than everything that the fact stands on."""
    lazy, whole = charts(found)
    quick, full = DERIVER.derive(lazy), DERIVER.derive(whole)
    for name, fact_of_all in full.items():
        if quick[name] == fact_of_all:
            continue
        assert isinstance(fact_of_all, InDoubt)
        assert fact_of_all.cause is Cause.UNREADABLE
        if isinstance(known := quick[name], InDoubt):  # in doubt as well; fewer were looked at
            assert known.cause is Cause.UNREADABLE
            continue
        assert not any(name in one.facts for one in lazy.unreadable)
        bad = [one.day for one in lazy.later[name] if isinstance(one.read(), Unreadable)]
        assert bad
        assert all(day < min(first_day(piece.date) for piece in known.evidence) for day in bad)


def derived(*found: dict[str, Any]) -> tuple[Facts, Chart]:
    """The facts of these Observations, and the chart after they were derived."""
    chart = charts([one | {"id": f"o{number}"} for number, one in enumerate(found)])[0]
    return DERIVER.derive(chart), chart


def pain(ago: int, **more: Any) -> dict[str, Any]:
    """A pain score of some days ago."""
    return resource("Observation", effectiveDateTime=(TODAY - timedelta(days=ago)).isoformat()) | more


def test_only_the_newest_is_validated() -> None:
    """Of twenty pain scores one is validated, wherever in the Bundle it stands; all those of its day where there are several."""
    facts, chart = derived(*(pain(ago) for ago in range(25, 5, -1)))
    assert isinstance(facts["pain"], Known)
    assert [one.day for one in chart.later["pain"] if one.found is not None] == [TODAY - timedelta(days=6)]
    _, chart = derived(pain(9), pain(6), pain(6, status="entered-in-error"), pain(7))
    assert sum(one.found is not None for one in chart.later["pain"]) == 2


@pytest.mark.parametrize(("ago", "is_doubtful"), [(5, True), (6, True), (7, False)])
def test_a_bad_entry_of_the_same_day_or_newer_makes_the_fact_doubtful(ago: int, is_doubtful: bool) -> None:  # noqa: FBT001 - a column
    """Beside a score of six days ago a bad one counts from that day on; one that was looked at is an issue of the chart."""
    facts, chart = derived(pain(6), pain(ago, valueQuantity="much"))
    assert isinstance(facts["pain"], InDoubt) is is_doubtful
    assert [issue.kind for issue in chart.issues] == [IssueKind.INVALID] * is_doubtful


def test_strict_leaves_nothing_for_later() -> None:
    """Under `strict` every entry is validated before any fact is derived."""
    assert not read(Observation=bundle(pain(6)), strict=True, later=True).later


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ('"effectiveDateTime":"2026-03-01"', date(2026, 3, 1)),
        ('"effectiveDateTime":"2026-03-01T23:30:00-05:00"', date(2026, 3, 2)),
        ('"effectiveInstant":"2026-03-01T10:00:00.5Z"', date(2026, 3, 1)),
        ('"effectiveDateTime":"2026-03"', None),
        ('"effectiveDateTime":"2026-02-30"', None),
        ('"effectiveDateTime":"2026-03-01T10:00:00"', None),
        ('"effectiveDateTime":"2026-03-01T10:00:00+15:00"', None),
        ('"effectiveDateTime":"2026-03-01T23:59:60Z"', None),
        ('"effectiveDateTime":"2026-03-01","effectivePeriod":{}', None),
        ('"effectiveDateTime":"2026-03-01","_effectiveDateTime":{}', None),
        ('"effectivePeriod":{"end":"2026-03-01"}', None),
        ('"effectiveDateTime":"0001-01-01T00:00:00+14:00"', None),
        ('"effectiveDateTime":"\\u0032026-03-01"', None),
        ('"issued":"2026-03-01T10:00:00Z"', None),
    ],
)
def test_the_day_of_an_observation_is_certain_or_nothing(elements: str, day: date | None) -> None:
    """A whole date or an instant with its zone, standing alone, tells the day; nothing else does."""
    assert certain_day(fields_of(f"{{{elements}}}".encode(), "x"), UTC) == day
