"""The linter reasons exactly: what it calls impossible is impossible, and it stays quiet about the pack that is served."""

from __future__ import annotations

import shutil
import time
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds.model.decision import Truth
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.pack import FactSpec
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Node, Not, Op, leaves
from exercise_cds.rulepack import lint, load
from exercise_cds.rulepack.lint.solver import Solver, Wanted
from exercise_cds.rulepack.lint.states import cells, states
from rulepack.planted import SMALL, TODAY

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
SPECS = {
    "days": FactSpec("days", "episode", "since it began", unit="days"),
    "pain": FactSpec("pain", "score", "pain score"),
    "status": FactSpec("status", "measurement", "status", answers={("s", "1"): "yes", ("s", "2"): "no", ("s", "3"): "perhaps"}),
    "sign": FactSpec("sign", "condition", "a sign"),
}
_numbers = st.sampled_from([3.0, 7.0, 14.0])
_leaf = st.one_of(
    st.builds(
        Leaf,
        st.sampled_from(["days", "pain"]),
        st.sampled_from([*(Op(o) for o in ("at_least", "at_most", "above", "below", "is"))]),
        _numbers,
    ),
    st.builds(lambda a, b: Leaf("days", Op.BETWEEN, (min(a, b), max(a, b))), _numbers, _numbers),
    st.builds(lambda word: Leaf("status", Op.IS, word), st.sampled_from(["yes", "no"])),
    st.builds(lambda fact, known: Leaf(fact, Op.KNOWN, known), st.sampled_from(["days", "status"]), st.booleans()),
    st.just(Leaf("sign", Op.TRUE, value=True)),
)
_tree = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=5,
)


def _by_trying(when: Node, unless: Node) -> bool:
    """Every chart that the questions can tell apart, one after the other."""
    asked = [*leaves(when), *leaves(unless)]
    names = sorted({leaf.fact for leaf in asked})
    rooms = [states(SPECS[name], [leaf for leaf in asked if leaf.fact == name]).facts for name in names]
    for chart in product(*rooms):
        facts = dict(zip(names, chart, strict=True))
        if evaluate(when, facts) is Truth.TRUE and evaluate(unless, facts) is not Truth.TRUE:
            return True
    return False


@settings(max_examples=120, deadline=None)
@given(when=_tree, unless=_tree)
def test_the_search_finds_what_trying_every_chart_finds(when: Node, unless: Node) -> None:
    """A rule is called possible exactly where some chart makes its `when` true and its `unless` not true."""
    solver = Solver(SPECS)
    wanted = [Wanted(when), Wanted(unless, true=False)]
    assert solver.possible(wanted) is _by_trying(when, unless)
    example = solver.example(wanted)
    assert (example is None) is not _by_trying(when, unless)
    if example is not None:
        assert evaluate(when, example) is Truth.TRUE
        assert evaluate(unless, example) is not Truth.TRUE


@pytest.mark.parametrize(
    ("spec", "named", "expected"),
    [
        ("days", (14.0,), {0.0, 13.0, 14.0, 15.0}),
        ("pain", (7.0,), {0.0, 3.5, 7.0, 8.5, 10.0}),
        ("days", (84.5,), {0.0, 84.0, 85.0}),
    ],
)
def test_cells_hold_every_number_that_matters(spec: str, named: tuple[float, ...], expected: set[float]) -> None:
    """Whole days stand beside a threshold, and no number stands outside the scale."""
    found = set(cells(SPECS[spec], named))
    assert expected <= found
    assert min(found) >= 0
    assert spec != "pain" or max(found) <= 10


def test_the_shipped_pack_gets_no_advice() -> None:
    """Nothing in the shipped pack is unused, said twice, implied or never offered."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    assert [str(finding) for finding in lint.advice(loaded.pack, loaded.used, date(2026, 3, 2))] == []


def test_a_search_that_is_too_long_says_nothing(tmp_path: Path) -> None:
    """Sixty numbers in one condition are more than the linter looks through; the pack loads, and quickly."""
    pack = Path(shutil.copytree(SMALL, tmp_path / "small"))
    asks = ", ".join(f"{{back_pain_days: {{is: {number}}}}}" for number in range(60))
    head = "rules:\n- id: odd\n  title: Odd days\n"
    tail = "  offer: {programs: walking, because: It helps}\n  evidence: a-trial\n"
    (pack / "rules" / "more.yaml").write_text(f"{head}  when: {{any: [{asks}]}}\n{tail}", "utf-8")
    before = time.process_time()
    loaded = load(pack)
    assert loaded.pack is not None, loaded.findings
    assert lint.advice(loaded.pack, loaded.used, TODAY) is not None
    assert time.process_time() - before < 5


def test_what_a_disabled_rule_used_is_not_called_unused(tmp_path: Path) -> None:
    """Where a site switches a rule off, its evidence and facts are still in the pack for a reason."""
    overlay = tmp_path / "site.yaml"
    overlay.write_text("overlay: small\ndisable: {water-when-severe: {because: no pool here}}\n", "utf-8")
    loaded = load(SMALL, overlay)
    assert loaded.pack is not None, loaded.findings
    codes = {finding.code for finding in lint.advice(loaded.pack, loaded.used, TODAY)}
    assert "program-never-offered" in codes
    assert not {code for code in codes if code.startswith("unused-")}
