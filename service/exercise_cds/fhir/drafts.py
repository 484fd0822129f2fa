"""The orders that are being drafted as the hook fires: which of them this call is about (CH-043, CH-045, CH-046)."""

from __future__ import annotations

from collections.abc import Iterable

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.raw import value_of
from exercise_cds.fhir.templates import Query
from exercise_cds.model.chart import Issue, IssueKind
from exercise_cds.model.kinds import Ask

PLACE = "context.draftOrders"
KEY = "draftOrders"


def drafts_query(facts: frozenset[str]) -> Query:
    """The context's Bundle as if it were a prefetch key, for gaps and their words."""
    return Query(KEY, "", Ask.CONTEXT, (), facts, "drafted orders")


def names_of(entry: RawEntry) -> frozenset[str]:
    """What a selection may call this draft: `Type/id`, or its fullUrl."""
    id_ = value_of(entry.fields["id"], PLACE) if "id" in entry.fields else None
    return frozenset(name for name in (f"{entry.type}/{id_}" if isinstance(id_, str) else None, entry.full_url) if name)


def selected(entries: Iterable[RawEntry], selections: tuple[str, ...] | None) -> tuple[list[RawEntry], list[Issue]]:
    """The drafts that the call is about: all where the hook selects none (order-sign), else those named. A selection that names
    no draft is an issue, and no reason to refuse.
    """  # noqa: D205 - one paragraph
    if selections is None:
        return list(entries), []
    named = [(entry, names_of(entry)) for entry in entries]
    known = frozenset().union(*(names for _, names in named))
    lost = [Issue(IssueKind.NOT_A_RESOURCE, f"context.selections[{number}]") for number, name in enumerate(selections) if name not in known]
    return [entry for entry, names in named if not names.isdisjoint(selections)], lost
