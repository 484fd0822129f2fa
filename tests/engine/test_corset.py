"""Whatever an author may write stays inside what durable-rules survives, and is answered rightly.

Each hazard of docs/durable-rules.md that a rule file could hold is written here as an author would write it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import prod
from random import Random

import durable_rules_engine
import pytest

from builders.packs import ALWAYS, all_of, any_of, at_least, between, equals, known, not_, one_of, yes
from builders.random_packs import DOUBT, all_true, random_node
from exercise_cds.engine import corset
from exercise_cds.engine.conditions import UnfitCondition, plain
from exercise_cds.engine.corset import Network, lace, name_hash
from exercise_cds.engine.durable import SESSIONS, Durable
from exercise_cds.engine.evaluator import compile_readings
from exercise_cds.engine.questions import Ask, Both, Either, Question, decimal
from exercise_cds.model.facts import Bounds, Fact, Known, NotRecorded
from exercise_cds.model.kleene import FactOfWrongType
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Node, Op

YES, NO = Known(True), Known(False)


def names(count: int, prefix: str = "finding") -> list[str]:
    """So many names of facts."""
    return [f"{prefix}_{number}" for number in range(count)]


def ask(conditions: Sequence[Node], *charts: dict[str, Fact]) -> list[set[int]]:
    """Which conditions durable-rules says are true, chart by chart."""
    durable = Durable([plain(condition) for condition in conditions])
    answers = [durable.true_conditions(chart) for chart in charts]
    durable.close()
    return answers


def in_the_corset(conditions: Iterable[Node]) -> None:
    """Every limit holds for what would be given to the engine; numbers of groups and ways are counted in its own JSON."""
    laced = lace([plain(condition) for condition in conditions])
    for shard in laced.shards:
        definition = json.loads(shard.definition)
        assert len(definition) <= 48 + 1
        assert sum(len(laced.spellings[fact].keys) for fact in shard.facts) <= 200
        asked = {text for rule in definition.values() for text in _leaves(rule["all"][0]["m"])}
        assert len(asked) <= 60 + 1
        for rule in definition.values():
            (only,) = rule["all"]
            assert list(only) == ["m"]
            assert json.dumps(rule).count('"$and"') + json.dumps(rule).count('"$or"') <= 15
            assert _ways(only["m"]) <= 64
            assert '{"$ex": {"q": 1}}' in json.dumps(rule) or '{"$ex": {"p": 1}}' in json.dumps(rule)


def _leaves(condition: dict[str, object]) -> list[str]:
    ((operator, inner),) = condition.items()
    if isinstance(inner, list):
        return [text for part in inner for text in _leaves(part)]
    assert operator in {"$gt", "$gte", "$lt", "$lte", "$eq", "$neq", "$ex"}
    return [json.dumps(condition)]


def _ways(condition: dict[str, object]) -> int:
    ((operator, inner),) = condition.items()
    if not isinstance(inner, list):
        return 1
    return prod(map(_ways, inner)) if operator == "$and" else sum(map(_ways, inner))


FINDINGS = names(600)
EVERYTHING: dict[str, Fact] = dict.fromkeys(FINDINGS, YES)
NOTHING: dict[str, Fact] = dict.fromkeys(FINDINGS, NO)

HAZARDS: list[tuple[str, list[Node], set[int], set[int]]] = [
    ("an empty all and an empty any", [AllOf(()), AnyOf(()), not_(AllOf(())), not_(AnyOf(()))], {0, 3}, {0, 3}),
    ("always, and never", [ALWAYS, not_(ALWAYS), all_of(ALWAYS, yes(FINDINGS[0])), any_of(ALWAYS, yes(FINDINGS[0]))], {0, 2, 3}, {0, 3}),
    ("both sides of an any true", [any_of(yes(FINDINGS[0]), yes(FINDINGS[0]), yes(FINDINGS[1]))], {0}, set()),
    ("five anys of five: 3,125 ways", [all_of(*(any_of(*map(yes, FINDINGS[n : n + 5])) for n in range(0, 25, 5)))], {0}, set()),
    ("300 rules with the same first question", [all_of(yes(FINDINGS[0]), yes(one)) for one in FINDINGS[:300]], set(range(300)), set()),
    ("600 sibling questions in one any", [any_of(*map(yes, FINDINGS))], {0}, set()),
    ("600 questions that must all be true", [all_of(*map(yes, FINDINGS))], {0}, set()),
    ("600 questions that must all be false", [all_of(*(not_(yes(one)) for one in FINDINGS))], set(), {0}),
    ("65 and more true at once", [yes(one) for one in FINDINGS[:70]], set(range(70)), set()),
    ("the contrary of everything", [not_(any_of(*map(yes, FINDINGS[:70])))], set(), {0}),
    ("an any of alls of anys", [any_of(*(all_of(yes(FINDINGS[n]), any_of(*map(yes, FINDINGS[n + 1 : n + 9]))) for n in range(60)))],
     {0}, set()),
    ("more ands and ors than the engine notes", [any_of(*(all_of(yes(FINDINGS[n]), yes(FINDINGS[n + 1])) for n in range(40)))], {0}, set()),
    ("many alone, and one with any of the others", [*map(yes, FINDINGS[:40]), all_of(yes(FINDINGS[39]), any_of(*map(yes, FINDINGS[:39])))],
     set(range(41)), set()),
    ("the same questions in two orders", [all_of(any_of(*map(yes, FINDINGS[:33])), any_of(*map(yes, FINDINGS[32::-1])))], {0}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("conditions", "of_everything", "of_nothing"), [row[1:] for row in HAZARDS], ids=[row[0] for row in HAZARDS])
def test_a_hazard_an_author_may_write_is_answered_rightly(conditions: list[Node], of_everything: set[int], of_nothing: set[int]) -> None:
    """However wide a condition is, it is cut to fit and true exactly where it should be, with everything true and with nothing."""
    in_the_corset(conditions)
    assert ask(conditions, EVERYTHING, NOTHING) == [of_everything, of_nothing]


def test_four_thousand_rules_are_laced_into_small_rule_sets() -> None:
    """The engine holds 4,096 rules and joins go wrong long before: a pack of 4,200 becomes rule sets of at most 48."""
    in_the_corset([all_of(yes(one), at_least("days", number % 90)) for number, one in enumerate(names(600) * 7)])


@pytest.mark.parametrize("name", ["sid", "id", "$s", "q", "p", "m", "$ex", 'a"b', "run", "all", "$forward", ""])
def test_a_fact_may_have_any_name(name: str) -> None:
    """Names of facts never reach the engine: a fact called `sid` or `$s` is a fact like any other."""
    assert ask([yes(name), known(name, is_known=False)], {name: YES}, {name: NO}, {name: NotRecorded()}) == [{0}, set(), {1}]


WORDS = ("pregnant", 'she said "no"', "back\\slash", "süß", "", "7", "true", "null", "x" * 70_000, "{}", "'")


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_words_travel_as_numbers(word: str) -> None:
    """Any word of an author or a chart is compared exactly; one that nobody asks for is none of those asked for."""
    conditions = [equals("w", word), one_of("w", word, "another"), not_(equals("w", word))]
    charts: list[dict[str, Fact]] = [{"w": Known(word)}, {"w": Known(word + " ")}, {"w": Known("another")}, {"w": DOUBT}]
    assert ask(conditions, *charts) == [{0, 1}, {2}, {1, 2}, set()]


NUMBERS = (0.0, -0.0, 6.6, 1e-7, 5e-324, 1e16, 1e22, -1.5e300, 9007199254740993.0, 0.1 + 0.2)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_compared_exactly_however_they_are_written(number: float) -> None:
    """A number needs no exponent to reach the engine, and is equal to itself there: not to its neighbours."""
    assert float(decimal(number)) == number
    assert "e" not in decimal(number)
    assert "." in decimal(number)
    conditions: list[Node] = [equals("n", number), at_least("n", number), not_(at_least("n", number))]
    assert ask(conditions, {"n": Known(number)}, {"n": Bounds(number, None)}, {"n": Bounds(None, number)}) == [{0, 1}, {1}, set()]


@pytest.mark.parametrize("value", ["7", True, float("nan"), float("inf"), None])
def test_the_type_guard_stands_before_the_engine(value: object) -> None:
    """durable-rules says that "7" is above 5; a number fact that is no finite number gets into neither engine."""
    durable = Durable([at_least("n", 5.0)])
    with pytest.raises(FactOfWrongType, match="'n'"):
        durable.true_conditions({"n": Known(value)})  # type: ignore[arg-type]
    with pytest.raises(FactOfWrongType, match="'n'"):
        compile_readings([at_least("n", 5.0)])({"n": Known(value)})  # type: ignore[arg-type]
    with pytest.raises(FactOfWrongType, match="'n'"):
        Durable([yes("n")]).true_conditions({"n": Known("yes")})
    with pytest.raises(FactOfWrongType, match="'n'"):
        Durable([equals("n", "a")]).true_conditions({"n": Known(False)})
    durable.close()


@pytest.mark.parametrize(
    "leaf",
    [
        Leaf("n", Op.AT_LEAST, float("nan")),
        Leaf("n", Op.BELOW, float("inf")),
        Leaf("n", Op.AT_LEAST, "7"),
        Leaf("n", Op.BETWEEN, (64.0, 18.0)),
        Leaf("n", Op.BETWEEN, 3.0),
        Leaf("n", Op.ONE_OF, ()),
        Leaf("n", Op.KNOWN, "yes"),
        Leaf("n", Op.IS, True),
    ],
)
def test_an_operand_that_does_not_fit_is_refused(leaf: Leaf) -> None:
    """A threshold that is no finite number, a range upside down or an empty list never reaches the engines: the error names the fact."""
    with pytest.raises(UnfitCondition, match="n: "):
        plain(leaf)


def test_one_fact_has_one_type() -> None:
    """A fact that one rule takes for a number and another for a word is refused."""
    with pytest.raises(UnfitCondition, match="takes this fact for a number"):
        lace([at_least("n", 5.0), equals("n", "five")])


def test_every_name_that_the_engine_compares_has_its_own_hash() -> None:
    """The engine tells keys and session ids apart by a 32-bit hash only: no two of ours are equal."""
    keys = {key for spelling in lace([plain(any_of(*map(yes, FINDINGS)))]).spellings for key in spelling.keys}
    assert len(keys) == len(FINDINGS)
    every = [*keys, *corset.RESERVED, *(f"s{number}" for number in range(SESSIONS)), *(f"sid-s{number}" for number in range(SESSIONS)), "f"]
    assert len({name_hash(name) for name in every}) == len(every)


def test_keys_that_the_engine_would_confuse_are_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the engine's hash so weak that names often collide, facts would be given other keys until none do."""
    monkeypatch.setattr(corset, "name_hash", lambda name: name_hash(name) % 1021)
    keys = [key for spelling in lace([plain(any_of(*map(yes, FINDINGS[:60])))]).spellings for key in spelling.keys]
    assert len({name_hash(key) % 1021 for key in (*keys, *corset.RESERVED)}) == len(keys) + len(corset.RESERVED)


def test_a_range_of_one_number_is_a_range() -> None:
    """`between: [3, 3]` is true of 3 alone."""
    assert ask([between("n", 3, 3)], {"n": Known(3.0)}, {"n": Known(3.5)}) == [{0}, set()]


def two_orders(count: int) -> Question:
    """The same `any` twice, in two orders: few questions, and a stack twice as high."""
    asks = tuple(Ask("$eq", f"t{number}", "true") for number in range(count))
    return Both((corset.ANCHOR, Either(asks), Either(asks[::-1])))


@pytest.mark.parametrize("count", [28, 31, 32, 33, 34])
def test_the_rehearsal_knows_when_the_engines_stack_overflows(count: int) -> None:
    """The engine fails with error 303 exactly where the rehearsal of its network says that more than 64 entries are stacked."""
    network = Network()
    network.add(two_orders(count))
    handle = durable_rules_engine.create_ruleset("rehearsed", f'{{"A":{{"all":[{{"m":{corset._as_json(two_orders(count))}}}]}}}}')
    members = "".join(f',"t{number}":true' for number in range(count))
    chart = f'{{"sid":"s","id":"f","q":1{members}}}'
    if network.worst() > 64:
        with pytest.raises(durable_rules_engine.error, match="303"):
            durable_rules_engine.assert_fact(handle, chart)
    else:
        assert durable_rules_engine.assert_fact(handle, chart)[0] == 0


@pytest.mark.parametrize("seed", range(5))
def test_random_packs_stay_in_the_corset(seed: int) -> None:
    """A hundred deep conditions over few facts share questions in every way, and fit; with everything true, all are answered."""
    random = Random(seed)  # noqa: S311  (a seed tells a failure again)
    nodes = [random_node(random, 5) for _ in range(100)]
    in_the_corset(nodes)
    ask(nodes, *(all_true(random) for _ in range(3)))
