"""FHIR resources that lie at hand (a folder, a test case, a story) as the answers that a FHIR server would give to the plan's queries.

One of the two places where resources come from; the other is a FHIR server (`fetch.py`). It searches as a server does: by type, by
`Observation.code`, by `CarePlan.category`, newest first where the query asks so. It does not look at whose a resource is: reading
decides that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.prefetch import judged
from exercise_cds.fhir.templates import Query
from exercise_cds.model.client import Client
from exercise_cds.model.deadline import Deadline
from exercise_cds.model.kinds import Ask
from exercise_cds.model.matching import normal_code
from exercise_cds.model.prefetch import NotObtained, Prefetch
from exercise_cds.wire import HookRequest

Resource = Mapping[str, Any]


class UnreadableFile(ValueError):
    """A file of the folder holds no FHIR resource; says which file."""


class Folder:
    """A folder's resources as a `ResourceSource`."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = tuple(resources)

    def fetch(  # noqa: PLR0913 - the signature of every source
        self,
        plan: ReadPlan,
        prefetch: Prefetch,
        request: HookRequest,  # noqa: ARG002 - whose a resource is, reading decides
        client: Client,  # noqa: ARG002 - a folder needs no access
        *,
        today: date,  # noqa: ARG002 - everything is at hand
        deadline: Deadline,  # noqa: ARG002 - at once
    ) -> Prefetch:
        """See `ResourceSource`."""
        at_hand = answered(plan, self._resources)
        return {
            key: judged(plan.queries[key], at_hand[key]) if isinstance(value, NotObtained) else value for key, value in prefetch.items()
        }


def read_folder(folder: Path) -> list[Resource]:
    """Every resource of a folder's `*.json` files, those of Bundles one by one. Raises UnreadableFile, OSError."""
    return [resource for path in sorted(folder.rglob("*.json")) for resource in resources_of(path)]


def resources_of(path: Path) -> Iterator[Resource]:
    """The resource of one file, those of its Bundle, or those of a hook request's prefetch. Raises UnreadableFile, OSError."""
    try:
        whole = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as fault:
        raise UnreadableFile(f"{path.name} is no JSON: {fault.msg} at line {fault.lineno}") from None
    if isinstance(whole, dict) and "hook" in whole and isinstance(whole.get("prefetch"), dict):
        for key, value in whole["prefetch"].items():
            if value is not None:
                yield from _unbundled(value, f"{path.name}, prefetch {key}")
    else:
        yield from _unbundled(whole, path.name)


def _unbundled(whole: Any, place: str) -> Iterator[Resource]:
    if not isinstance(whole, dict) or not isinstance(whole.get("resourceType"), str):
        raise UnreadableFile(f"{place} holds no FHIR resource: it has no resourceType")
    if whole["resourceType"] != "Bundle":
        yield whole
        return
    entries = whole.get("entry") or []
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise UnreadableFile(f"{place}: entry[{number}] holds no FHIR resource")
        yield resource


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
