"""The ReadPlan: what one service of a pack can read, made once per pack. Everything else in this room follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exercise_cds.fhir.elements import elements_of
from exercise_cds.fhir.named_facts import facts_of_service
from exercise_cds.fhir.select import Selector, selectors_of
from exercise_cds.fhir.templates import Query, queries_of
from exercise_cds.model.kinds import KINDS, Ask
from exercise_cds.model.pack import FactSpec, RulePack


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a service asks for, selects, validates, and for which facts."""

    service: str
    facts: Mapping[str, FactSpec]
    queries: Mapping[str, Query]
    """By prefetch key."""
    elements: Mapping[str, frozenset[str]]
    """By resource type: the elements that are validated."""
    selectors: Mapping[str, Selector]
    """By resource type, for what comes under the prefetch keys."""
    draft_selectors: Mapping[str, Selector]
    """By resource type, for the orders in the hook's context."""
    unchecked: frozenset[str] = frozenset()
    """Resource types that the site never shares: asked for and used like any other, but no gap where they are missing."""

    @property
    def templates(self) -> Mapping[str, str]:
        """Prefetch templates by key, for discovery (CH-018)."""
        return {key: query.template for key, query in self.queries.items()}

    @property
    def drafts_read(self) -> frozenset[str]:
        """The facts that read the hook's context."""
        return frozenset(name for name, spec in self.facts.items() if any(reads.ask is Ask.CONTEXT for reads in KINDS[spec.kind].reads))


def plan_reads(pack: RulePack, service_id: str) -> ReadPlan:
    """The plan of one service. Raises KeyError for a service that the pack does not have."""
    facts = facts_of_service(pack, service_id)
    return ReadPlan(
        service=service_id,
        facts=facts,
        queries=queries_of(facts, pack.prefetch),
        elements=elements_of(facts.values()),
        selectors=selectors_of(facts.values(), drafts=False),
        draft_selectors=selectors_of(facts.values(), drafts=True),
        unchecked=frozenset(declared.type for declared in pack.unchecked),
    )
