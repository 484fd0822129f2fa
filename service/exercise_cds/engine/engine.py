"""One compiled rule pack: facts in, a Decision out. Pure and safe to share between threads; compiled once per pack digest.

Both engines answer every request (law 4). Gates, `unless` and `in_place_if` are conditions like any other and are compared like
them; the gates are read first and by themselves, because rules speak only of patients whom they let in, and most calls end there.
What a gate then *is* comes from our own evaluator: durable-rules knows no unknown, so it cannot tell closed from in doubt.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from exercise_cds.engine.agreement import agree, disagreement, outcome_of_either
from exercise_cds.engine.conditions import ABOUT, SERVICE_GATE, Plan, asked_facts, plan
from exercise_cds.engine.durable import Durable, DurableFailed
from exercise_cds.engine.evaluator import compile_readings
from exercise_cds.engine.offers import Offers
from exercise_cds.engine.outcome import outcome_at_the_gates
from exercise_cds.engine.readings import TRUE, gate_of, outcome_of
from exercise_cds.engine.trace import Trace, explain
from exercise_cds.engine.weighing import weighed
from exercise_cds.model.decision import Decision, Gate, Outcome, RuleOutcome
from exercise_cds.model.facts import Facts
from exercise_cds.model.pack import RulePack


class _OutcomesOfRule(dict[tuple[int, int], RuleOutcome]):
    """The few outcomes that one rule can have, by the readings of `when` and `unless`; each is made when it is first met."""

    def __init__(self, rule: str, *, silent: bool) -> None:
        super().__init__()
        self._rule = rule
        self._silent = silent

    def __missing__(self, key: tuple[int, int]) -> RuleOutcome:
        made = self[key] = outcome_of(self._rule, *key, silent=self._silent)
        return made


class ServiceEngine:
    """One service of a pack, compiled for both engines."""

    def __init__(self, service_plan: Plan, offers: Offers) -> None:
        self.plan = service_plan
        self._offers = offers
        self._read_gates = compile_readings(service_plan.gates)
        self._read = compile_readings(service_plan.conditions)
        self._durable_gates = Durable(service_plan.gates)
        self._durable = Durable(service_plan.conditions)
        self.gate_facts = frozenset(fact.name for fact in asked_facts(service_plan.gates))
        self._outcomes = [(_OutcomesOfRule(one.rule.id, silent=one.rule.silent), one.when, one.unless) for one in service_plan.rules]

    def decide(self, facts: Facts) -> Decision:
        """The decision for these facts."""
        gates = self._read_gates(facts)
        outcome = outcome_at_the_gates(gates[ABOUT], gates[SERVICE_GATE])
        if outcome is None:
            return self._decide_inside(facts)
        about, service = gate_of(gates[ABOUT]), gate_of(gates[SERVICE_GATE])
        try:
            open_there = self._durable_gates.true_conditions(facts)
        except DurableFailed as failure:
            return Decision(Outcome.RULE_ERROR, about, service, engine_error=failure.cause)
        if agree(gates, open_there):
            return Decision(outcome, about, service)
        if all(reading == TRUE or number in open_there for number, reading in enumerate(gates)):
            return self._decide_inside(facts, differing=disagreement(self.plan, gates, open_there))
        return Decision(Outcome.RULE_ERROR, about, service, disagreement=disagreement(self.plan, gates, open_there))

    def turned_away(self, facts: Facts) -> Decision | None:
        """The decision where the pack is not about this patient and both engines say so; None where `decide` must see all facts.

        The facts of the gates are enough: `decide` reads no others then, so it says the same of any facts besides them.
        """
        gates = self._read_gates(facts)
        if gate_of(gates[ABOUT]) is not Gate.CLOSED:
            return None
        try:
            open_there = self._durable_gates.true_conditions(facts)
        except DurableFailed:
            return None
        return Decision(Outcome.NOT_ABOUT_THIS_PATIENT, Gate.CLOSED, gate_of(gates[SERVICE_GATE])) if agree(gates, open_there) else None

    def _decide_inside(self, facts: Facts, *, differing: dict[str, str] | None = None) -> Decision:
        """The decision where the gates are open, or at least one engine says so of each that is not (`differing`)."""
        readings = self._read(facts)
        outcomes = [of_rule[readings[when], readings[unless]] for of_rule, when, unless in self._outcomes]
        error = ""
        try:
            true_there = self._durable.true_conditions(facts)
        except DurableFailed as failure:
            error = failure.cause
        else:
            if differing is not None or not agree(readings, true_there):
                differing = disagreement(self.plan, readings, true_there) | (differing or {})
                outcomes = [outcome_of_either(one, outcome, true_there) for one, outcome in zip(self.plan.rules, outcomes, strict=True)]
        rules, in_place = self.plan.rules, self.plan.in_place
        return weighed(rules, outcomes, readings, self._offers, in_place=in_place, differing=differing, error=error)

    def differing(self, facts: Facts) -> dict[str, str]:
        """What the engines see differently of these facts, whatever the gates say: for trying a pack out."""
        gates, there = self._read_gates(facts), self._durable_gates.true_conditions(facts)
        found = {} if agree(gates, there) else disagreement(self.plan, gates, there)
        readings, there = self._read(facts), self._durable.true_conditions(facts)
        return found if agree(readings, there) else found | disagreement(self.plan, readings, there)

    def close(self) -> None:
        """Free what durable-rules holds."""
        self._durable_gates.close()
        self._durable.close()


class Engine:
    """A rule pack, compiled. `decide` may be called from many threads; `close` waits for calls under way."""

    def __init__(self, pack: RulePack) -> None:
        """Compile every service of the pack; services that ask the same share one compilation. Raises UnfitCondition."""
        self._pack = pack
        offers = Offers(pack)
        self._services: dict[str, ServiceEngine] = {}
        for service in pack.services:
            asked = plan(pack, service)
            alike = next((one for one in self._services.values() if one.plan == asked), None)
            self._services[service] = alike or ServiceEngine(asked, offers)

    def service(self, service_id: str) -> ServiceEngine:
        """One compiled service. Raises LookupError."""
        found = self._services.get(service_id)
        if found is None:
            raise LookupError(f"This pack has no service {service_id!r}.")
        return found

    def decide(self, service_id: str, facts: Facts) -> Decision:
        """Decide one request. Raises LookupError, FactMissing, FactOfWrongType, EngineClosed: each a bug of ours."""
        return self.service(service_id).decide(facts)

    def trace(self, service_id: str, facts: Facts) -> Trace:
        """The same decision with every rule explained: its tree, the truth of each node, the nearest miss. On demand only."""
        service = self.service(service_id)
        return explain(self._pack, service_id, facts, service.decide(facts))

    def close(self) -> None:
        """Free what durable-rules holds, once the calls under way have ended. Calls that come later raise EngineClosed."""
        for service in self._services.values():
            service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()
