"""Cases of a pack: read with their pinned day, whole or built, and checked against the pack."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from exercise_cds.authoring.chart_builder import resources_of
from exercise_cds.rulepack import Cases, load, read_cases
from rulepack.planted import SMALL, copy_of_small


def _read(folder: Path, text: str) -> Cases:
    pack = copy_of_small(folder)
    (pack / "tests" / "base.yaml").write_text(text, "utf-8")
    loaded = load(pack)
    assert loaded.pack is not None
    return read_cases(pack, loaded.pack)


def test_cases_carry_day_service_builders_and_expectation() -> None:
    """A case without a service asks the first one; its builders stay as the author wrote them; a story is a file under tests/."""
    loaded = load(SMALL)
    assert loaded.pack is not None
    built, whole = read_cases(SMALL, loaded.pack).cases
    assert (built.name, built.today, built.service) == ("thirteen days is below two weeks", date(2026, 3, 2), "small-exercise")
    assert built.given["conditions"] == [{"code": "M54.50", "onset": "13 days ago"}]
    assert built.expect.never == ["strengthening"]
    assert built.request is None
    assert whole.request == (SMALL / "tests" / "stories" / "empty.json").resolve()
    assert not whole.given


def test_every_builder_takes_what_the_grammar_says(tmp_path: Path) -> None:
    """The spellings of the grammar are accepted, one by one."""
    cases = _read(
        tmp_path,
        """
today: 2026-03-02
cases:
- case: everything
  today: 2026-04-01
  settings: {severe_from: 8}
  patient: {birth_date: "1985-03", deceased: true}
  conditions:
  - {code: M54.50, onset: 13 days ago, recorded: 2 days ago, status: active, verification: provisional, text: t, abated: today}
  - {code: M54.59, body_site: low back}
  - {code: 279039007, onset_age: 41}
  - {code: [M54.50, 279039007], onset_text: about 3 weeks}
  - {text: back pain, onset_range: [40, 42]}
  - {code: "snomed|279039007", onset: "2025-03", onset_period: 3 weeks ago}
  scores: [{value: 4, dated: today}, {value: "loinc|LA6113-0", code: "loinc|38208-5", dated: 2 days ago}, {dated: today, absent: not asked}]
  observations: [{code: "loinc|8310-5", value: 38.2, unit: Cel, dated: "2026-03-02T08:00:00+01:00"}]
  procedures: [{code: 50172003, dated: 40 days ago, status: completed}]
  medications: [{code: "rxnorm|8640", dated: 100 days ago, status: active}, {text: "Prednisone 10 mg oral tablet"}]
  orders: [{code: 306170007, dated: 3 days ago, status: active}]
  plans: [{code: 306170007, status: active}]
  answers: [{link_id: q1, value: 3, dated: today}, {link_id: 2, value: "loinc|LA6113-0"}]
  drafts: [{code: "cpt|72148"}, {medication: "rxnorm|5489"}, {text: bed rest, do_not_perform: true}]
  not_obtained: [Procedure]
  expect:
    outcome: not enough data
    offers: [education]
    exactly: []
    never: [water]
    cards: [{rule: emergency, indicator: critical, summary_has: Check, detail_has: found}]
    fired: [move]
    not_fired: [strengthen]
    withheld: {strengthening: too-early}
    steps: {stretching: knee-to-chest}
    steps_never: {stretching: [knee-to-chest]}
    starts_with: {walking: cycling}
    says: [words]
    says_not: other words
    status: 412
- case: nothing known
  expect: {no_cards: true}
""",
    )
    assert not cases.findings, "\n".join(map(str, cases.findings))
    assert cases.cases[0].today == date(2026, 4, 1)
    assert cases.cases[0].settings == {"severe_from": 8.0}
    assert set(cases.cases[0].given) >= {"patient", "conditions", "scores", "drafts", "not_obtained"}


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("{case: a, patient: {age: -1}, expect: {no_cards: true}}", "number-out-of-range"),
        ("{case: a, patient: {old: 1}, expect: {no_cards: true}}", "unknown-key"),
        ("{case: a, conditions: {code: M54.5}, expect: {no_cards: true}}", "wrong-type"),
        ("{case: a, expect: {no_cards: false}}", "bad-value"),
        ("{case: a, expect: {status: 12}}", "number-out-of-range"),
        ("{case: a, request: /etc/passwd, expect: {no_cards: true}}", "bad-form"),
        ("{case: a}", "missing-key"),
        ("{case: '', expect: {no_cards: true}}", "empty-text"),
    ],
)
def test_a_mistake_in_a_case_is_a_finding_and_no_case_is_run(tmp_path: Path, case: str, code: str) -> None:
    """Half a set of cases proves less than it seems: with an error there is none."""
    cases = _read(tmp_path, f"today: 2026-03-02\ncases:\n- {{case: good, expect: {{no_cards: true}}}}\n- {case}\n")
    assert [finding.code for finding in cases.findings] == [code]
    assert cases.findings[0].where.line == 4
    assert cases.cases == ()


def test_broken_cases_do_not_stop_a_pack_from_being_served(tmp_path: Path) -> None:
    """Cases change no answer: a mistake in tests/ is the author's, not the clinician's."""
    pack = copy_of_small(tmp_path)
    (pack / "tests" / "base.yaml").write_text("]", "utf-8")
    assert load(pack).pack is not None


@pytest.mark.parametrize(
    ("today", "given", "found"),
    [
        ("0001-01-02", "patient: {age: 41}", ("number-out-of-range", "'0001-01-02' is not between 1970 and 2200")),
        ("2026-03-02", "scores: [{value: 1.0e+308}]", ("number-out-of-range", "'value' must be at most 1e+09")),
        ("2026-03-02", "scores: [{value: [1]}]", ("wrong-type", "'value' must be a number, not a list")),
    ],
)
def test_a_mistake_is_said_once_and_in_words(tmp_path: Path, today: str, given: str, found: tuple[str, str]) -> None:
    """A day from which nothing can be counted back, and a value that is neither a fit number nor a text: one sentence each."""
    text = f"today: {today}\ncases:\n- case: a\n  {given}\n  expect: {{outcome: advised}}\n"
    assert [(finding.code, finding.sentence) for finding in _read(tmp_path, text).findings] == [found]


def test_the_earliest_day_can_be_counted_back_from(tmp_path: Path) -> None:
    """A hundred thousand weeks before 1970 is a day of the calendar."""
    text = "today: 1970-01-01\ncases:\n- case: a\n  conditions: [{code: M54.50, onset: 99999 weeks ago}]\n  expect: {outcome: advised}\n"
    (case,) = _read(tmp_path, text).cases
    assert resources_of(case.given, case.today)
