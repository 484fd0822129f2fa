"""FHIR resources that lie at hand (a folder, a test case, a story) as the answers that a FHIR server would give to the plan's queries.

One of the two places where resources come from; the other is a FHIR server. It searches as a server does: by type, by `Observation.code`,
by `CarePlan.category`, newest first where the query asks so. It does not look at whose a resource is: reading decides that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.templates import Query
from exercise_cds.model.kinds import Ask
from exercise_cds.model.matching import normal_code

Resource = Mapping[str, Any]


def answered(plan: ReadPlan, resources: Iterable[Resource], *, not_obtained: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """JSON text by prefetch key. Keys of resource types in `not_obtained` are left out, as an EHR does that cannot send them."""
    at_hand = list(resources)
    return {
        key: orjson.dumps(_answer(plan, query, at_hand))
        for key, query in plan.queries.items()
        if not not_obtained.intersection(query.types)
    }


def _answer(plan: ReadPlan, query: Query, at_hand: list[Resource]) -> Any:
    found = [resource for resource in at_hand if resource.get("resourceType") in query.types and _asked_for(plan, query, resource)]
    if query.ask is Ask.READ:
        return found[0] if found else None
    if query.in_date_order:
        found.sort(key=_effective, reverse=True)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if found:
        bundle["entry"] = [{"resource": resource, "search": {"mode": "match"}} for resource in found]
    return bundle


def _asked_for(plan: ReadPlan, query: Query, resource: Resource) -> bool:
    specs = [plan.facts[name] for name in query.facts]
    if query.ask is Ask.BY_CODES:
        wanted = {code for spec in specs for code in spec.matcher.codes | spec.matcher.codes_with_site}
        return not wanted.isdisjoint(_codes(resource.get("code")))
    if query.ask is Ask.BY_CATEGORY:
        wanted = {code for spec in specs for code in spec.category}
        return any(not wanted.isdisjoint(_codes(category)) for category in resource.get("category") or ())
    return True


def _codes(concept: Any) -> set[tuple[str, str]]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return {normal_code(coding.get("system"), coding.get("code")) for coding in codings or () if isinstance(coding, Mapping)}


def _effective(resource: Resource) -> str:
    """The date that `_sort=-date` goes by; what has none comes last."""
    period = resource.get("effectivePeriod")
    start = period.get("start") if isinstance(period, Mapping) else None
    return str(resource.get("effectiveDateTime") or resource.get("effectiveInstant") or start or "")
