"""Our own evaluator: the conditions of a plan compiled to one Python function that reads every fact once.

Interpreting trees costs about a microsecond a leaf; the function below costs about 50 nanoseconds. Its source is written from numbers
only: names, words and classes reach it as constants of its namespace, so that nothing an author wrote is ever source text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

from exercise_cds.engine.conditions import AskedFact, asked_facts
from exercise_cds.engine.readings import DOUBTFUL, FALSE, TRUE, UNRECORDED, read_leaf
from exercise_cds.model.facts import Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.kleene import FactMissing, FactOfWrongType, finite_number
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Node, Op

Readings: TypeAlias = "tuple[int, ...]"
"""One reading (`readings`) per condition, by number."""

_COMPARED = {Op.AT_LEAST: ">=", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.BELOW: "<", Op.IS: "==", Op.IS_NOT: "!="}


def _other_state(leaves: tuple[Leaf, ...], fact: Fact) -> Readings:
    """The readings of a fact in the rarest state, a number within bounds, by the reference reading."""
    return tuple(read_leaf(leaf, fact) for leaf in leaves)


def _value_type(name: str, kind: ValueType) -> FactOfWrongType:
    return FactOfWrongType(name, f"a {kind}")


class _Source:
    """The source text of one function, and the constants that it names."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, object] = {
            "Known": Known, "NotRecorded": NotRecorded, "InDoubt": InDoubt, "finite": finite_number, "other": _other_state,
            "mistyped": _value_type, "YES_NO": ValueType.YES_NO, "WORD": ValueType.WORD,
        }  # fmt: skip
        self.variables: dict[Leaf, str] = {}

    def constant(self, value: object) -> str:
        """A new name for a value."""
        name = f"K{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def read_facts(self, facts: Sequence[AskedFact]) -> None:
        """Every fact is fetched once, its class looked at once, and all its leaves answered."""
        for fact in facts:
            name = self.constant(fact.name)
            mine = [self.variables.setdefault(leaf, f"v{len(self.variables)}") for leaf in fact.leaves]
            self.lines += [f"  f = facts[{name}]; c = f.__class__", "  if c is Known:"]
            self.lines += [f"    {line}" for line in self._known(fact, name)]
            for state, unknown, known in (("NotRecorded", UNRECORDED, FALSE), ("InDoubt", DOUBTFUL, DOUBTFUL)):
                self.lines.append(f"  elif c is {state}:")
                for leaf, variable in zip(fact.leaves, mine, strict=True):
                    reading = unknown
                    if leaf.op is Op.KNOWN:
                        reading = known if leaf.value else TRUE if state == "NotRecorded" else DOUBTFUL
                    self.lines.append(f"    {variable} = {reading}")
            self.lines.append(f"  else: {', '.join(mine)}, = other({self.constant(fact.leaves)}, f)")

    def _known(self, fact: AskedFact, name: str) -> Iterator[str]:
        for leaf in fact.leaves:
            if leaf.op is Op.KNOWN:
                yield f"{self.variables[leaf]} = {TRUE if leaf.value else FALSE}"
        asked = [leaf for leaf in fact.leaves if leaf.op is not Op.KNOWN]
        if fact.type is not None:
            yield "x = f.value"
        if fact.type is ValueType.YES_NO:
            for value in (True, False):
                answers = (f"{self.variables[leaf]} = {TRUE if (leaf.op is Op.TRUE) is value else FALSE}" for leaf in asked)
                yield f"{'if' if value else 'elif'} x is {value}: {'; '.join(answers)}"
            yield f"else: raise mistyped({name}, YES_NO)"
            return
        if fact.type is ValueType.NUMBER:
            yield f"if x.__class__ is not float or x - x != 0.0: x = finite({name}, x)"  # an infinite number or NaN less itself is NaN
        if fact.type is ValueType.WORD:
            yield f"if x.__class__ is not str: raise mistyped({name}, WORD)"
        for leaf in asked:
            yield f"{self.variables[leaf]} = {TRUE} if {self._question(leaf)} else {FALSE}"

    def _question(self, leaf: Leaf) -> str:
        """A leaf on the exact value `x`."""
        value = leaf.value
        if leaf.op in (Op.BETWEEN, Op.OUTSIDE):
            low, high = cast("tuple[float, float]", value)
            return f"{'' if leaf.op is Op.BETWEEN else 'not '}{low!r} <= x <= {high!r}"
        if leaf.op in (Op.ONE_OF, Op.NONE_OF):
            return f"x {'in' if leaf.op is Op.ONE_OF else 'not in'} {self.constant(value)}"
        operand = self.constant(value) if isinstance(value, str) else repr(value)
        return f"x {_COMPARED[leaf.op]} {operand}"

    def expression(self, node: Node) -> str:
        """A plain condition over the leaves' variables: `all` is `&`, `any` is `|`."""
        match node:
            case Leaf():
                return self.variables[node]
            case AllOf(parts) if parts:
                return "(" + " & ".join(self.expression(part) for part in parts) + ")"
            case AnyOf(parts) if parts:
                return "(" + " | ".join(self.expression(part) for part in parts) + ")"
            case AnyOf():
                return str(FALSE)
            case AllOf() | Always():
                return str(TRUE)
            case _:
                raise ValueError("only plain conditions are compiled: see engine.conditions")


def compile_readings(conditions: Sequence[Node]) -> Callable[[Facts], Readings]:
    """One function from facts to the reading of every condition. It raises FactMissing and FactOfWrongType: bugs of ours."""
    source = _Source()
    source.lines.append("def read(facts):")
    source.read_facts(asked_facts(conditions))
    source.lines.append(f"  return ({''.join(source.expression(node) + ', ' for node in conditions)})")
    code = compile("\n".join(source.lines), "<conditions of a rule pack>", "exec")
    exec(code, source.namespace)  # noqa: S102  (the source holds numbers and names made here, nothing an author wrote)
    compiled = cast("Callable[[Facts], Readings]", source.namespace["read"])

    def read(facts: Facts) -> Readings:
        try:
            return compiled(facts)
        except KeyError as missing:
            raise FactMissing(missing.args[0]) from None

    return read
