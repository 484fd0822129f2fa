"""Laws that hold for any chart: order, duplicates, strangers and the calendar change nothing; bounds hold the exact value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builders.facts import chart_of, fact, gap, pack_of
from builders.resources import (
    answers,
    as_json,
    care_plan,
    component,
    condition,
    medication,
    observation,
    order,
    patient,
    procedure,
    resource,
    score,
)
from exercise_cds.facts import Deriver
from exercise_cds.model.facts import Bounds, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Overruled, Suspected, Undated
from exercise_cds.model.tree import Leaf, Op

TODAY = date(2026, 3, 2)
CODES = ["M54.50", "M54.31", "R50.9"]
SPECS = (
    fact("episode", "days", codes=["M54.50", "M54.31"], suspected=Suspected.COUNTS),
    fact("episode", "careful_days", codes=["M54.50"]),
    fact("score", "pain", codes=["loinc|72514-3", "loinc|75260-0"], within=30, prefer=["loinc|75260-0"], answers={"loinc|LA6113-0": 2.0}),
    fact("measurement", "temperature", codes=["loinc|8310-5"], within=7, unit="Cel", valid=(30.0, 45.0)),
    fact("measurement", "loss", codes=["loinc|29463-7"], within=180, drop_over=365, unit="%"),
    fact("condition", "sciatica", codes=["M54.31"]),
    fact("condition", "new_sciatica", codes=["M54.31"], new_within=30, suspected=Suspected.COUNTS),
    fact("condition", "undated_sciatica", codes=["M54.31"], dated=False, status="any"),
    fact(
        "condition",
        "fever",
        codes=["R50.9"],
        new_within=7,
        undated=Undated.COUNTS,
        status="any",
        overruled_by=Overruled("temperature", Leaf("temperature", Op.BELOW, 38.0)),
    ),
    fact("condition", "cancer", words=["cancer"], not_words=["screening"]),
    fact("procedure", "surgery", codes=["112730002"], new_within=90, undated=Undated.IGNORED),
    fact("medication", "steroid", codes=["rxnorm|8640"], begun_before=90),
    fact("order", "referral", codes=["306170007"], new_within=180),
    fact("care_plan", "plan", category=["91251008"]),
    fact("answer", "total", link_ids=("total",), within=180),
    fact("age", "age"),
    fact("deceased", "deceased"),
)
DERIVER = Deriver(pack_of(*SPECS))
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

agos = st.integers(-3, 400)
dates = st.one_of(
    st.none(),
    agos,
    st.sampled_from(["2026-02", "2026-03", "2025", "2026", "2026-03-01T23:30:00-05:00", "2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z"]),
)
shiftable = st.one_of(st.none(), agos)


def conditions(when: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Conditions of all kinds of status and date."""
    return st.builds(
        condition,
        st.sampled_from(CODES),
        onset=when,
        recorded=when,
        abated=st.one_of(st.none(), st.none(), agos),
        status=st.sampled_from(["active", "recurrence", "relapse", "resolved", None]),
        verification=st.sampled_from(["confirmed", "provisional", "refuted", "entered-in-error", None]),
        text=st.sampled_from([None, "Cancer", "Cancer screening", "Chronic low back pain"]),
    )


def charted(when: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any resource that some fact reads."""
    values = st.sampled_from([0, 3, 7, 6.6, 36.5, 38.0, 38.5, 70, 80, 99])
    return st.one_of(
        conditions(when),
        st.builds(
            score, st.one_of(values, st.just("loinc|LA6113-0")), code=st.sampled_from(["loinc|72514-3", "loinc|75260-0"]), dated=when
        ),
        st.builds(observation, st.just("loinc|8310-5"), values, unit=st.sampled_from(["Cel", "[degF]", None]), dated=when),
        st.builds(observation, st.just("loinc|29463-7"), values, unit=st.sampled_from(["kg", "[lb_av]", None]), dated=when),
        st.builds(lambda value, ago: observation("loinc|91148-7", component=[component("loinc|72514-3", value)], dated=ago), values, when),
        st.builds(procedure, st.just("112730002"), dated=when, status=st.sampled_from(["completed", "not-done", "unknown"])),
        st.builds(medication, st.just("rxnorm|8640"), dated=when, status=st.sampled_from(["active", "stopped", "unknown"])),
        st.builds(order, st.just("306170007"), dated=when),
        st.builds(care_plan, st.just("91251008"), dated=when),
        st.builds(lambda value, ago: answers({"linkId": "total", "answer": [{"valueInteger": value}]}, dated=ago), st.integers(0, 9), when),
    )


def charts(when: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Some resources, each with an id of its own."""
    return st.lists(charted(when), max_size=6).map(
        lambda drawn: [one.model_copy(update={"id": f"r{number}"}) for number, one in enumerate(drawn)],
    )


def derived(resources: list[Any], today: date = TODAY) -> Mapping[str, Fact]:
    """Every fact of these resources, read through the guard."""
    return DERIVER.derive(chart_of(SPECS, patient("1985"), *resources, today=today))


@given(charts(dates), st.randoms(use_true_random=False))
@BOUNDED
def test_the_order_of_entries_changes_nothing(resources: list[Any], random: Any) -> None:
    """However the entries are ordered, every fact is the same, evidence and remarks included."""
    shuffled = list(resources)
    random.shuffle(shuffled)
    assert derived(shuffled) == derived(resources)


@given(charts(dates))
@BOUNDED
def test_facts_that_share_an_entry_do_not_disturb_each_other(resources: list[Any]) -> None:
    """Read all together over the same entries, the facts say what each says alone."""
    together = chart_of(SPECS, patient("1985"), *resources, guarded=False)
    alone = {name: DERIVER.derive(together, frozenset({name}))[name] for name in together.entries}
    assert DERIVER.derive(together) == alone == derived(resources)


@given(charts(dates), st.data())
@BOUNDED
def test_duplicates_change_nothing(resources: list[Any], data: st.DataObject) -> None:
    """An entry that is sent twice changes no fact."""
    assume(resources)
    again = data.draw(st.lists(st.sampled_from(resources), max_size=3))
    assert derived([*resources, *again]) == derived(resources)


def value(found: Fact) -> object:
    """What the engine sees of a fact."""
    match found:
        case Known(exact):
            return exact
        case Bounds(least, most):
            return (least, most)
        case NotRecorded():
            return "not recorded"
        case InDoubt(cause):
            return cause


@given(charts(dates), st.data())
@BOUNDED
def test_a_copy_under_another_id_changes_no_value(resources: list[Any], data: st.DataObject) -> None:
    """The same finding charted once more under another id changes no value, only the evidence."""
    assume(resources)
    copy = data.draw(st.sampled_from(resources)).model_copy(update={"id": "copy"})
    before, after = derived(resources), derived([*resources, copy])
    assert {name: value(one) for name, one in after.items()} == {name: value(one) for name, one in before.items()}


@given(charts(dates))
@BOUNDED
def test_unrelated_resources_change_nothing(resources: list[Any]) -> None:
    """A problem, a measurement, an operation, a medicine, an order and a plan that no fact asks about change no fact."""
    unrelated = [
        condition("J06.9", onset=1, text="Cold"),
        observation("loinc|2339-0", 95, unit="mg/dL"),
        procedure("80146002", dated=3),
        medication("rxnorm|161"),
        order("363679005"),
        care_plan("734163000"),
        answers({"linkId": "other", "answer": [{"valueInteger": 5}]}),
    ]
    assert derived([*resources, *unrelated]) == derived(resources)


_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def moved(written: str, by: timedelta) -> str:
    """Every date in a text moved by some days."""
    return _DAY.sub(lambda found: (date.fromisoformat(found[0]) + by).isoformat(), written)


@given(charts(shiftable), st.integers(-3000, 3000))
@BOUNDED
def test_moving_all_dates_and_today_together_changes_nothing(resources: list[Any], days: int) -> None:
    """A chart read a thousand days later with all its dates a thousand days later says the same."""
    by = timedelta(days=days)
    later = [resource(type(one).__name__, **json.loads(moved(json.dumps(as_json(one)), by))) for one in resources]
    now = DERIVER.derive(chart_of(SPECS, *resources))
    then = DERIVER.derive(chart_of(SPECS, *later, today=TODAY + by))
    assert {name: value(one) for name, one in then.items()} == {name: value(one) for name, one in now.items()}
    assert moved(repr(now["days"]), by) == repr(then["days"])


def coarse(day: date, to: str) -> str:
    """The same date as a year, as a month, or whole."""
    return {"year": f"{day:%Y}", "month": f"{day:%Y-%m}", "day": day.isoformat()}[to]


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.sampled_from(["year", "month", "day"]), st.sampled_from([None, 0, 20, 300])),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["active", "recurrence"]),
)
@BOUNDED
def test_bounds_hold_the_exact_length(written: list[tuple[int, str, int | None]], status: str) -> None:
    """What a chart with full dates says exactly, the same chart with partial dates holds between its bounds."""
    full = [condition("M54.50", onset=ago, recorded=recorded, status=status, id=f"c{n}") for n, (ago, _, recorded) in enumerate(written)]
    part = [
        condition("M54.50", onset=coarse(TODAY - timedelta(days=ago), to), recorded=recorded, status=status, id=f"c{n}")
        for n, (ago, to, recorded) in enumerate(written)
    ]
    exact, bounded = derived(full)["days"], derived(part)["days"]
    assert isinstance(exact, Known)
    assert isinstance(exact.value, float)
    assert isinstance(bounded, Known | Bounds)
    least, most = (bounded.value, bounded.value) if isinstance(bounded, Known) else (bounded.least, bounded.most)
    assert isinstance(least, float)
    assert isinstance(most, float)
    assert least <= exact.value <= most


@given(st.integers(0, 40000), st.sampled_from(["year", "month"]))
@BOUNDED
def test_bounds_hold_the_exact_age(lived: int, to: str) -> None:
    """The age by a full birth date lies between the bounds of the age by its year or month."""
    born = TODAY - timedelta(days=lived)
    ages = [DERIVER.derive(chart_of(SPECS, patient(birth)))["age"] for birth in (born.isoformat(), coarse(born, to))]
    exact, bounded = ages
    assert isinstance(exact, Known)
    assert isinstance(exact.value, float)
    assert isinstance(bounded, Known | Bounds)
    least, most = (bounded.value, bounded.value) if isinstance(bounded, Known) else (bounded.least, bounded.most)
    assert isinstance(least, float)
    assert isinstance(most, float)
    assert least <= exact.value <= most


@given(st.integers(0, 60), st.sampled_from(["year", "month"]))
@BOUNDED
def test_a_partial_date_is_new_wherever_the_full_one_is(ago: int, to: str) -> None:
    """What is new by its full date is new by its month or year: coarse dates never hide a warning."""
    sign = [condition("M54.31", onset=written) for written in (ago, coarse(TODAY - timedelta(days=ago), to))]
    full, part = (derived([one])["new_sciatica"] for one in sign)
    assert isinstance(full, Known)
    assert isinstance(part, Known)
    assert part.value or not full.value


@given(charts(dates), st.data())
@BOUNDED
def test_what_is_missing_never_makes_a_fact_wrong(resources: list[Any], data: st.DataObject) -> None:
    """With some entries gone and a gap told, each fact is in doubt or is what it was with all of them, save a yes that needs no more."""
    kept = data.draw(st.lists(st.sampled_from(resources), unique_by=id)) if resources else []
    whole = derived(resources)
    blind = DERIVER.derive(chart_of(SPECS, patient("1985"), *kept, gaps=[gap()]))
    for name, found in blind.items():
        assert isinstance(found, InDoubt) or value(found) == value(whole[name]), name
