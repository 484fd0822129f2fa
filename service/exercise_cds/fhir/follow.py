"""References inside one bundle: Medications of a MedicationRequest, members of a panel, Patients behind a urn:uuid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.raw import Fields, value_of
from exercise_cds.fhir.select import NOBODY, Names, Selector


@dataclass(slots=True)
class Bundled:
    """All resources under one prefetch key, its further pages included. The index is made when the first reference asks for it."""

    entries: list[RawEntry]
    _index: dict[str, RawEntry] | None = None

    def find(self, reference: str) -> RawEntry | None:
        """The resource that a reference leads to: by its fullUrl, or by `Type/id` with or without a base and a version."""
        if self._index is None:
            self._index = dict(self._spellings())
        if found := self._index.get(reference):
            return found
        return self._index.get("/".join(reference.split("/_history/", 1)[0].split("/")[-2:]))

    def fields(self, reference: str) -> Fields | None:
        """The members of the resource that a reference leads to."""
        found = self.find(reference)
        return found.fields if found else None

    def _spellings(self) -> Iterable[tuple[str, RawEntry]]:
        for entry in reversed(self.entries):  # the first of two with one name is found
            id_ = value_of(entry.fields["id"], entry.where) if "id" in entry.fields else None
            if isinstance(id_, str):
                yield f"{entry.type}/{id_}", entry
            if (url := entry.full_url) is not None:
                yield url, entry


def takers(selector: Selector, entry: RawEntry, bundled: Bundled) -> Names:
    """The facts that take an entry: for its own elements, and for what it refers to."""
    names = selector.take(entry.fields, entry.place)
    if selector.refers in entry.fields:
        names |= _FOLLOW[selector.refers](selector, entry, bundled)
    return names


def _of_members(selector: Selector, entry: RawEntry, bundled: Bundled) -> Names:
    """A panel is taken by whoever takes one of its members in the same bundle."""
    members = value_of(entry.fields["hasMember"], entry.where)
    taken = NOBODY
    for member in members if isinstance(members, list) else ():
        reference = member.get("reference") if isinstance(member, dict) else None
        found = bundled.find(reference) if isinstance(reference, str) else None
        if found is not None and found.type == "Observation":
            taken |= selector.take(found.fields, found.place)
    return taken


def _of_medication(selector: Selector, entry: RawEntry, bundled: Bundled) -> Names:
    """By the code of the Medication; where that is not at hand, or has none, the order cannot be judged."""
    if (local := _contained(entry)) is not None:
        return selector.of_concept(local.get("code"))
    found = medication_of(entry, bundled)
    code = found.fields.get("code") if found else None
    return selector.of_concept(value_of(code, entry.where)) if code is not None else selector.everybody


_FOLLOW = {"hasMember": _of_members, "medicationReference": _of_medication}


def _reference(entry: RawEntry) -> str:
    told: Any = value_of(entry.fields["medicationReference"], entry.where) if "medicationReference" in entry.fields else None
    reference = told.get("reference") if isinstance(told, dict) else None
    return reference if isinstance(reference, str) else ""


def _contained(entry: RawEntry) -> dict[str, Any] | None:
    """The contained resource that a MedicationRequest's `#id` leads to."""
    reference = _reference(entry)
    if not reference.startswith("#") or "contained" not in entry.fields:
        return None
    contained = value_of(entry.fields["contained"], entry.where)
    resources = [one for one in contained if isinstance(one, dict)] if isinstance(contained, list) else []
    return next((one for one in resources if one.get("id") == reference[1:]), None)


def medication_of(entry: RawEntry, bundled: Bundled) -> RawEntry | None:
    """The Medication that a MedicationRequest refers to and that stands beside it in the same bundle; None where it is elsewhere."""
    reference = _reference(entry)
    found = bundled.find(reference) if reference and not reference.startswith("#") else None
    return found if found is not None and found.type == "Medication" else None
