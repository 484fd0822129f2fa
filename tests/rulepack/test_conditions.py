"""The one parser of conditions: each form that an author may write becomes the tree that it means, with its places."""

from __future__ import annotations

from itertools import product

import pytest

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Known, NotRecorded
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.pack import Setting
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op
from exercise_cds.model.where import Where
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.scope import FactType, Scope
from exercise_cds.rulepack.yaml_reader import read_yaml

SICK = Leaf("sick", Op.TRUE, value=True)
FACTS = {
    "sick": FactType(ValueType.YES_NO),
    "days": FactType(ValueType.NUMBER, "days"),
    "pain": FactType(ValueType.NUMBER, ""),
    "state": FactType(ValueType.WORD, "", frozenset({"pregnant", "not-pregnant"})),
    "broken": FactType(None),
    "worse": FactType(ValueType.YES_NO, named=True),
}


def _setting(name: str, value: float, unit: str) -> Setting:
    return Setting(name, value, value, unit, 0, 100, "a setting")


def _parsed(text: str, named: str = "any: [sick, {pain: {above: 5}}]") -> tuple[Node | None, list[str]]:
    report = Report()
    scope = Scope(report, FACTS, {"weeks_two": _setting("weeks_two", 14, "days"), "severe": _setting("severe", 7, "")})
    inner = read_yaml(named.encode(), "facts.yaml", report)
    place = read_yaml(f"when: {text}\n".encode(), "r.yaml", report)
    assert place is not None
    assert inner is not None
    node = Conditions(scope, {"worse": inner}).read(place / "when")
    return node, [f"{finding.where.line}:{finding.where.column} {finding.code}" for finding in report.findings()]


def _leaf(fact: str, op: Op, value: object, setting: str | None = None) -> Leaf:
    return Leaf(fact, op, value, setting)  # type: ignore[arg-type]  # the table below holds operands only


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("always", Always()),
        ("sick", SICK),
        ("{not: sick}", Not(SICK)),
        ("{all: [sick, {not: sick}]}", AllOf((SICK, Not(SICK)))),
        ("{any: [sick, all: [sick, sick]]}", AnyOf((SICK, AllOf((SICK, SICK))))),
        ("{days: {at_least: 14}}", _leaf("days", Op.AT_LEAST, 14.0)),
        ("{days: {at_least: weeks_two}}", _leaf("days", Op.AT_LEAST, 14.0, "weeks_two")),
        ("{days: {at_least: 14, below: 85}}", AllOf((_leaf("days", Op.AT_LEAST, 14.0), _leaf("days", Op.BELOW, 85.0)))),
        ("{days: {between: [14, 84]}}", _leaf("days", Op.BETWEEN, (14.0, 84.0))),
        ("{days: {between: [weeks_two, 84]}}", AllOf((_leaf("days", Op.AT_LEAST, 14.0, "weeks_two"), _leaf("days", Op.AT_MOST, 84.0)))),
        ("{days: {known: false}}", _leaf("days", Op.KNOWN, value=False)),
        ("{sick: {known: true}}", _leaf("sick", Op.KNOWN, value=True)),
        ("{pain: {is: 0}}", _leaf("pain", Op.IS, 0.0)),
        ("{pain: {above: severe}}", _leaf("pain", Op.ABOVE, 7.0, "severe")),
        ("{state: {is: pregnant}}", _leaf("state", Op.IS, "pregnant")),
        ("{state: {one_of: [pregnant, not-pregnant]}}", _leaf("state", Op.ONE_OF, ("pregnant", "not-pregnant"))),
        ("worse", Named("worse", AnyOf((SICK, _leaf("pain", Op.ABOVE, 5.0))))),
        ("{not: worse}", Not(Named("worse", AnyOf((SICK, _leaf("pain", Op.ABOVE, 5.0)))))),
    ],
)
def test_what_an_author_writes_is_the_tree_that_it_means(text: str, tree: Node) -> None:
    """Settings are numbers that remember their name, named conditions are written out, several operators are all of them."""
    assert _parsed(text) == (tree, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[sick]", ["1:7 bare-list"]), ("{}", ["1:7 not-a-condition"]), ("{sick: {}}", ["1:14 not-a-condition"]),
        ("14", ["1:7 not-a-condition"]),
        ("all", ["1:7 not-a-condition"]), ("{all: sick}", ["1:13 not-a-condition"]), ("{any: []}", ["1:13 empty-list"]),
        ("{sick: true}", ["1:14 not-a-condition"]), ("{not: [sick]}", ["1:13 bare-list"]),
        ("{all: [sick], any: [sick]}", ["1:7 many-questions"]),
        ("{not: always}", ["1:13 always-not-alone"]), ("days", ["1:7 operator-unfit"]), ("state", ["1:7 operator-unfit"]),
        ("{days: {at_least: pain}}", ["1:25 unknown-setting"]), ("{days: {at_least: severe}}", ["1:25 unit-mismatch"]),
        ('{days: {at_least: "14"}}', ["1:25 operand-unfit"]), ("{days: {at_least: true}}", ["1:25 operand-unfit"]),
        ("{days: {at_least: [14]}}", ["1:25 operand-unfit"]), ("{days: {between: [84, 14]}}", ["1:24 between-unordered"]),
        ("{days: {between: [14]}}", ["1:24 operand-unfit"]), ("{days: {one_of: [1, 2]}}", ["1:15 operator-unfit"]),
        ("{days: {is_not: 4}}", ["1:15 unknown-operator"]), ("{days: {outside: [1, 2]}}", ["1:15 unknown-operator"]),
        ("{sick: {true: true}}", ["1:15 unknown-operator"]), ("{sick: {at_least: 1}}", ["1:15 operator-unfit"]),
        ("{state: {is: 4}}", ["1:20 unknown-word"]), ("{state: {one_of: [pregnent]}}", ["1:25 unknown-word"]),
        ("{state: {at_least: 4}}", ["1:16 operator-unfit"]), ("{worse: {is: 4}}", ["1:16 operator-unfit"]),
        ("{all: [sic, day: {at_least: 3}, days]}", ["1:14 unknown-fact", "1:19 unknown-fact", "1:39 operator-unfit"]),
        ("broken", []), ("{broken: {at_least: 3}}", []), ("{broken: {at_lest: 3}}", ["1:17 unknown-operator"]),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_said_at_its_place(text: str, found: list[str]) -> None:
    """Every mistake of one condition is said at once; a fact whose own description is broken brings no second finding."""
    assert _parsed(text)[1] == found


def test_every_node_keeps_its_place() -> None:
    """What a tree holds can be pointed at in the author's file: operators at their values, groups and `not` at their keys."""
    node, _ = _parsed("{all: [sick, {not: {days: {below: 3}}}]}")
    assert isinstance(node, AllOf)
    inner = node.parts[1]
    assert isinstance(inner, Not)
    assert [node.where, node.parts[0].where, inner.where, inner.part.where] == [
        Where("r.yaml", 1, 7), Where("r.yaml", 1, 14), Where("r.yaml", 1, 21), Where("r.yaml", 1, 41),
    ]  # fmt: skip


def test_between_with_a_setting_is_true_where_between_is() -> None:
    """`between: [setting, 84]` asks two questions; for every exact number and every bounds the answer is that of one question."""
    two, _ = _parsed("{days: {between: [weeks_two, 84]}}")
    one, _ = _parsed("{days: {between: [14, 84]}}")
    assert two is not None
    assert one is not None
    ends = (None, 13.0, 14.0, 50.0, 84.0, 85.0)
    values = [NotRecorded(), *(Known(end) for end in ends if end is not None)]
    values += [
        Bounds(low, high) for low, high in product(ends, ends) if (low, high) != (None, None) and low != high and (low or 0) <= (high or 99)
    ]
    for value in values:
        assert evaluate(one, {"days": value}) is evaluate(two, {"days": value})
    assert {evaluate(one, {"days": value}) for value in values} == set(Truth)


@pytest.mark.parametrize("named", ["any: [sick, worse]", "worse", "not: worse", "all: [sick, any: [sick, not: worse]]"])
def test_a_named_condition_that_needs_itself_is_said_once(named: str) -> None:
    """A circle is a finding with its way, not an endless loop."""
    node, found = _parsed("worse", named)
    assert node is None
    assert [code.split()[1] for code in found] == ["condition-circle"]
