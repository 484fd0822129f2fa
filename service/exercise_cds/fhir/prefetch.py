"""What stands under each of our prefetch keys: absent, null, data, or something that is none (CH-053, CH-054)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from exercise_cds.fhir.bundles import OUTCOME, Reader, is_failure, type_of
from exercise_cds.fhir.cut import Cut, cut
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.raw import Fields, Misshapen, fields_of, value_of
from exercise_cds.fhir.templates import Query
from exercise_cds.model.facts import Cause
from exercise_cds.model.prefetch import Nothing, NotObtained, Obtained, Prefetch, PrefetchValue

_ANY_SIZE = Limits(depth=1_000, entries=1_000_000)
"""Limits are judged once, when the chart is read."""


def take_prefetch(plan: ReadPlan, raw: Mapping[str, bytes]) -> Prefetch:
    """The value of every key of the plan; other keys are not ours (CH-060). Raises BadRequest where an object holds a name twice."""
    return {key: judged(query, raw[key]) if key in raw else not_sent(query) for key, query in plan.queries.items()}


def not_sent(query: Query) -> NotObtained:
    """The key was absent: the EHR did not honour it, or could not."""
    return NotObtained(Cause.NOT_OBTAINED, f"{query.noun} were not sent")


def judged(query: Query, text: bytes) -> PrefetchValue:
    """One value, as an EHR sent it or a FHIR server answered it."""
    if text.strip() == b"null":
        return Nothing()
    if (bundle := cut(text)) is not None:
        return _failed(query) if _only_failed(query, text, bundle) else Obtained(text, bundle=bundle)
    try:
        return _resource(query, text, fields_of(text, query.key))
    except Misshapen:
        return _unreadable(query)


def _resource(query: Query, text: bytes, fields: Fields) -> PrefetchValue:
    type_ = type_of(fields, query.key)
    if type_ is None and "resourceType" not in fields and "resource" in fields:
        return _wrapped(query, fields)
    if type_ == OUTCOME:
        return _failed(query)
    if type_ == "Bundle":
        return _failed(query) if _only_failed(query, text) else Obtained(text)
    return Obtained(text) if type_ in query.types else _unreadable(query)


def _wrapped(query: Query, fields: Fields) -> PrefetchValue:
    """The wrapper of CDS Hooks before 1.0: `{"response": {"status": "200 OK"}, "resource": ...}`."""
    response: Any = value_of(fields["response"], query.key) if "response" in fields else None
    status = response.get("status") if isinstance(response, dict) else None
    if isinstance(status, str | int) and not str(status).startswith("2"):
        return _failed(query)
    inner = bytes(fields["resource"])
    if inner == b"null":
        return Nothing()
    unwrapped = fields_of(inner, query.key)
    return _resource(query, inner, unwrapped) if "resourceType" in unwrapped else _unreadable(query)


def _only_failed(query: Query, text: bytes, bundle: Cut | None = None) -> bool:
    """Whether a Bundle holds nothing but OperationOutcomes that tell of a failure. One that only remarks that there are no
    results (a warning, as some servers send it) is an empty answer, not a failed one.
    """  # noqa: D205 - one paragraph
    if OUTCOME.encode() not in (text if bundle is None else _first_type(bundle)):
        return False
    page = Reader(_ANY_SIZE, flat=True).page(text, query.key, bundle)
    return not page.faults and all(entry.type == OUTCOME for entry in page.entries) and any(map(is_failure, page.entries))


def _first_type(bundle: Cut) -> bytes:
    """The type of a Bundle's first resource, as JSON text; empty where there is none."""
    fields = bundle.entry[0].resource if bundle.entry else UNSET
    raw = fields.get("resourceType") if fields else None
    return bytes(raw) if raw is not None else b""


def _failed(query: Query) -> NotObtained:
    return NotObtained(Cause.NOT_OBTAINED, f"{query.noun} could not be looked up")


def _unreadable(query: Query) -> NotObtained:
    return NotObtained(Cause.UNREADABLE, f"{query.noun} could not be read")
