"""The one parser of conditions: from an author's nodes to `model.tree`, linked. Nothing else in the house reads `when` (law 5).

Linked means: settings are numbers (the leaf keeps the name), named conditions are written out under `Named`, and every operator fits
the type and unit of its fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exercise_cds.model.kinds import ValueType
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op
from exercise_cds.model.where import Where
from exercise_cds.rulepack.nodes import Place, Scalar, Sequence, Table
from exercise_cds.rulepack.report import listed, quoted
from exercise_cds.rulepack.scope import FactType, Scope
from exercise_cds.rulepack.units import same_unit

MOST_LEAVES = 2_000
"""Of one condition with its named conditions written out: each level of naming may double them."""
MOST_LEAVES_TOGETHER = 100_000
"""Of all conditions of a pack."""
MOST_LEVELS = 60
"""Of the tree: every reading of it is recursive."""
GROUPS = ("all", "any")
COMPARISONS = (Op.AT_LEAST, Op.AT_MOST, Op.ABOVE, Op.BELOW)
OPERATORS: Mapping[ValueType, tuple[Op, ...]] = {
    ValueType.NUMBER: (*COMPARISONS, Op.BETWEEN, Op.IS, Op.KNOWN),
    ValueType.WORD: (Op.IS, Op.ONE_OF, Op.KNOWN),
    ValueType.YES_NO: (Op.KNOWN,),
}
"""The operators that an author may write, by the type of the fact. A yes/no fact is asked by its bare name."""
WRITTEN = tuple(dict.fromkeys(op for ops in OPERATORS.values() for op in ops))
_MEANT = {
    ">=": "at_least", "gte": "at_least", "min": "at_least", "minimum": "at_least", "from": "at_least",
    "<=": "at_most", "lte": "at_most", "max": "at_most", "maximum": "at_most", "to": "at_most",
    ">": "above", "gt": "above", "over": "above", "more_than": "above", "<": "below", "lt": "below", "under": "below", "less_than": "below",
    "=": "is", "==": "is", "equals": "is", "eq": "is", "in": "one_of", "any_of": "one_of",
    "exists": "known", "present": "known", "recorded": "known", "within": "between",
}  # fmt: skip
"""What authors write who know other languages."""


class Conditions:
    """Reads conditions of one pack. `named` are the places of the conditions that facts.yaml names."""

    def __init__(self, scope: Scope, named: Mapping[str, Place]) -> None:
        self.scope = scope
        self.report = scope.report
        self._named = named
        self._read: dict[str, Node | None] = {}
        self._reading: list[str] = []
        self._sizes: dict[str, tuple[int, int]] = {}
        """Named condition -> leaves and levels of its tree, counted once (a tree of shared parts is exponential to walk)."""
        self._level = self._together = 0

    def read(self, place: Place, *, may_be_always: bool = True) -> Node | None:
        """The tree of what stands at `place`; None where nothing stands there, or with findings where it is no condition."""
        if place.node is None:
            return None
        if isinstance(place.node, Scalar) and place.node.value == "always":
            if may_be_always:
                return Always(place.where)
            self.report.add("always-not-alone", place.where, "'always' is no condition here", "leave the key out, or ask about facts")
            return None
        node = self._node(place)
        if node is not None:
            leaves, levels = self._size(node)
            self._together += leaves
            if leaves > MOST_LEAVES or levels > MOST_LEVELS or self._together > MOST_LEAVES_TOGETHER:
                self._too_large(place.where)
                return None
        return node

    def named(self, name: str) -> Node | None:
        """The tree of a named condition; None, with findings made once, where it has none."""
        if name in self._read:
            return self._read[name]
        place = self._named[name]
        if name in self._reading:
            circle = [*self._reading[self._reading.index(name) :], name]
            self.report.add(
                "condition-circle", place.where, f"{quoted(name)} needs itself: {' -> '.join(circle)}", "ask about facts instead"
            )
            return None
        self._reading.append(name)
        tree = self.read(place, may_be_always=False)
        self._reading.pop()
        self._read[name] = tree
        self._sizes[name] = (0, 0) if tree is None else self._size(tree)
        return tree

    def asks(self, place: Place) -> Node | None:
        """`{fact: {operator: value}}` and nothing else: what `overruled_by` takes."""
        if isinstance(place.node, Table) and len(place.node.entries) == 1:
            (name,) = place.node.entries
            return self._question(name, place)
        return None

    def _too_large(self, where: Where) -> None:
        sentence = f"with its named conditions written out, this is more than {MOST_LEAVES:,} questions, or more than {MOST_LEVELS} levels"
        self.report.add("condition-too-large", where, sentence, "ask less, or name less inside named conditions")

    def _size(self, node: Node) -> tuple[int, int]:
        """Leaves and levels of a tree, its named conditions written out."""
        match node:
            case Named(name):
                leaves, levels = self._sizes.get(name, (0, 0))
                return leaves, levels + 1
            case AllOf(parts) | AnyOf(parts):
                sizes = [self._size(part) for part in parts]
                return sum(size for size, _ in sizes), max(levels for _, levels in sizes) + 1
            case Not(part):
                leaves, levels = self._size(part)
                return leaves, levels + 1
            case _:
                return 1, 1

    def _node(self, place: Place) -> Node | None:
        if self._level >= MOST_LEVELS:
            self._too_large(place.where)
            return None
        self._level += 1
        node = self._shaped(place)
        self._level -= 1
        return node

    def _shaped(self, place: Place) -> Node | None:
        match place.node:
            case Scalar():
                return self._word(place)
            case Sequence():
                self.report.add("bare-list", place.where, "a list is no condition", "write `all:` or `any:` before it")
            case Table(entries) if len(entries) == 1:
                (key,) = entries
                return self._keyed(key, place)
            case Table(entries) if not entries:
                self.report.add("not-a-condition", place.where, "nothing is asked here", "name a fact")
            case Table(entries):
                sentence = f"one mapping asks about {listed(tuple(entries))}"
                self.report.add("many-questions", place.where, sentence, "write a list under `all:` or `any:`, one fact to each entry")
        return None

    def _keyed(self, key: str, place: Place) -> Node | None:
        if key in GROUPS:
            return self._group(key, place / key)
        if key == "not":
            part = self._node(place / key)
            return None if part is None else Not(part, place.key(key))
        return self._question(key, place)

    def _group(self, key: str, place: Place) -> Node | None:
        if not isinstance(place.node, Sequence):
            sentence = f"{quoted(key)} needs a list"
            self.report.add("not-a-condition", place.where, sentence, f"write `{key}: [...]`, one condition to each entry")
            return None
        if not place.node.items:
            self.report.add("empty-list", place.where, f"{quoted(key)} holds no condition", "write its conditions")
            return None
        parts = [self._node(part) for part in place]
        good = tuple(part for part in parts if part is not None)
        if len(good) != len(parts):
            return None
        return AllOf(good, place.near) if key == "all" else AnyOf(good, place.near)

    def _word(self, place: Place) -> Node | None:
        assert isinstance(place.node, Scalar)
        name = place.node.value
        if name == "always":
            self.report.add("always-not-alone", place.where, "'always' stands inside another condition", "leave it out")
            return None
        if not isinstance(name, str):
            self.report.add("not-a-condition", place.where, f"{quoted(place.node.source)} is no fact", "name a fact")
            return None
        if name in (*GROUPS, "not"):
            self.report.add("not-a-condition", place.where, f"{quoted(name)} asks nothing by itself", f"write `{name}:` and what follows")
            return None
        kind = self._fact(name, place.where)
        if kind is None:
            return None
        if kind.named:
            tree = self.named(name)
            return None if tree is None else Named(name, tree, place.where)
        if kind.value not in (None, ValueType.YES_NO):
            ask = "{at_least: 14}" if kind.value is ValueType.NUMBER else "{is: " + (min(kind.words, default="a-word")) + "}"
            sentence = f"{quoted(name)} is a {kind.value}, not a yes or no"
            self.report.add("operator-unfit", place.where, sentence, f"ask something of it: {{{name}: {ask}}}")
            return None
        return Leaf(name, Op.TRUE, value=True, where=place.where)

    def _fact(self, name: str, where: Where) -> FactType | None:
        """The fact's type; None with a finding where there is no such fact, and without where no fact could be read."""
        if self.scope.facts is None or not self.scope.knows("fact", name, where):
            return None
        return self.scope.facts[name]

    def _question(self, name: str, place: Place) -> Node | None:
        asked = place / name
        kind = self._fact(name, place.key(name))
        if kind is None:
            return None
        if not isinstance(asked.node, Table):
            self._not_asked(name, kind, asked)
            return None
        if not asked.node.entries:
            self.report.add("not-a-condition", asked.where, f"nothing is asked of {quoted(name)}", f"write {{{name}: {{operator: value}}}}")
            return None
        leaves = [self._leaf(name, kind, written, asked) for written in asked.node.entries]
        good = tuple(leaf for leaf in leaves if leaf is not None)
        if len(good) != len(leaves):
            return None
        return good[0] if len(good) == 1 else AllOf(good, place.key(name))

    def _not_asked(self, name: str, kind: FactType, asked: Place) -> None:
        hint = f"write {{{name}: {{at_least: 14}}}}" if kind.value is ValueType.NUMBER else f"write {{{name}: {{is: ...}}}}"
        if kind.value is ValueType.YES_NO:
            hint = f"write the bare name {quoted(name)}, or {{not: {name}}}"
        self.report.add("not-a-condition", asked.where, f"{quoted(name)} needs an operator and a value", hint)

    def _leaf(self, name: str, kind: FactType, written: str, asked: Place) -> Node | None:
        where = asked.key(written)
        if written not in WRITTEN:
            near = _MEANT.get(written.lower())
            hint = f"did you mean '{near}'?" if near else self.report.did_you_mean(written, WRITTEN)
            self.report.add("unknown-operator", where, f"no operator named {quoted(written)}", hint)
            return None
        op = Op(written)
        if kind.named:
            self.report.add("operator-unfit", where, f"{quoted(name)} is a named condition; it has no value", "write its bare name")
            return None
        if kind.value is None:
            return None
        if op not in OPERATORS[kind.value]:
            self._unfit(name, kind.value, op, where)
            return None
        return _OPERANDS[op](self, name, kind, op, asked / written)

    def _unfit(self, name: str, value: ValueType, op: Op, where: Where) -> None:
        fitting = listed([str(fit) for fit in OPERATORS[value]])
        hint = f"write its bare name, or {{{name}: {{known: true}}}}" if value is ValueType.YES_NO else f"a {value} takes {fitting}"
        self.report.add("operator-unfit", where, f"'{op}' does not fit {quoted(name)}, which is a {value} fact", hint)

    def compared(self, name: str, kind: FactType, op: Op, place: Place) -> Node | None:
        """`at_least`, `at_most`, `above`, `below`."""
        number, setting = self._number(name, kind, place)
        return None if number is None else Leaf(name, op, number, setting, place.where)

    def between(self, name: str, kind: FactType, op: Op, place: Place) -> Node | None:
        """`between`: two numbers, both included."""
        if not isinstance(place.node, Sequence) or len(place.node.items) != 2:
            self.report.add("operand-unfit", place.where, f"'{op}' needs two numbers", f"write `{op}: [18, 64]`; both belong to it")
            return None
        (least, low), (most, high) = (self._number(name, kind, end) for end in place)
        if least is None or most is None:
            return None
        if least > most:
            self.report.add(
                "between-unordered", place.where, f"nothing lies between {least:g} and {most:g}", "write the lower number first"
            )
            return None
        if low is None and high is None:
            return Leaf(name, op, (least, most), None, place.where)
        # A leaf keeps one setting's name; two leaves are Kleene-equal to `between`, for bounds too.
        lower = Leaf(name, Op.AT_LEAST, least, low, (place / 0).where)
        return AllOf((lower, Leaf(name, Op.AT_MOST, most, high, (place / 1).where)), place.where)

    def is_(self, name: str, kind: FactType, op: Op, place: Place) -> Node | None:
        """`is`: a number or a word."""
        if kind.value is ValueType.NUMBER:
            return self.compared(name, kind, op, place)
        word = self._answer(name, kind, place)
        return None if word is None else Leaf(name, op, word, None, place.where)

    def one_of(self, name: str, kind: FactType, op: Op, place: Place) -> Node | None:
        """`one_of`: a list of words."""
        if not isinstance(place.node, Sequence) or not place.node.items:
            self.report.add("operand-unfit", place.where, f"'{op}' needs a list of words", f"write `{op}: [{listed(kind.words, 2)}]`")
            return None
        words = [self._answer(name, kind, word) for word in place]
        good = tuple(word for word in words if word is not None)
        return Leaf(name, op, good, None, place.where) if len(good) == len(words) else None

    def known(self, name: str, _kind: FactType, op: Op, place: Place) -> Node | None:
        """`known`: true or false."""
        value = place.node.value if isinstance(place.node, Scalar) else None
        if not isinstance(value, bool):
            self.report.add("operand-unfit", place.where, "'known' is true or false", "write `known: true` or `known: false`")
            return None
        return Leaf(name, op, value, None, place.where)

    def _answer(self, name: str, kind: FactType, place: Place) -> str | None:
        value = place.node.source if isinstance(place.node, Scalar) else None
        if value in kind.words:
            return value
        shown = f"{quoted(value)} is" if value is not None else "this is"
        self.report.add(
            "unknown-word", place.where, f"{shown} none of the answers of {quoted(name)}", self.report.did_you_mean(value, kind.words)
        )
        return None

    def _number(self, name: str, kind: FactType, place: Place) -> tuple[float | None, str | None]:
        """A number, or the number that a setting stands for, together with its name."""
        value = place.node.value if isinstance(place.node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value), None
        if not isinstance(value, str):
            self.report.add(
                "operand-unfit", place.where, f"{quoted(name)} is compared with a number", "write a number, or a setting's name"
            )
            return None, None
        if not value[:1].isalpha():
            unit = f"; {name} is counted in {kind.unit}" if kind.unit else ""
            self.report.add("operand-unfit", place.where, f"{quoted(value)} is no number", f"write the number alone{unit}")
            return None, None
        if self.scope.settings is None or not self.scope.knows("setting", value, place.where):
            return None, None
        setting = self.scope.settings[value]
        if setting is None:
            return None, None
        if not same_unit(setting.unit, kind.unit):
            sentence = f"the setting {quoted(value)} counts {setting.unit or 'a score'}, but {quoted(name)} counts {kind.unit or 'a score'}"
            self.report.add("unit-mismatch", place.where, sentence, "use a setting of the fact's unit, or write the number")
            return None, None
        return setting.value, value


_Reader = Callable[[Conditions, str, FactType, Op, Place], "Node | None"]
_OPERANDS: Mapping[Op, _Reader] = {
    **dict.fromkeys(COMPARISONS, Conditions.compared),
    Op.BETWEEN: Conditions.between,
    Op.IS: Conditions.is_,
    Op.ONE_OF: Conditions.one_of,
    Op.KNOWN: Conditions.known,
}
