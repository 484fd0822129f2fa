"""Whose patient a resource is, told by reference alone (SEC-24): ours, somebody else's, or unknown. Never by name or identifier.

Ours are `Patient/x`, the same under the request's fhirServer, and a version of either (`/_history/2`), where x is context.patientId;
and `urn:uuid:...` or `#...` that lead to a Patient of that id in the same bundle or in the resource itself. A reference by identifier
only, one under another server, or none where the type requires a subject, is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.models import model_of
from exercise_cds.fhir.raw import Fields, value_of

_REFERENCE = re.compile(
    r"(?:(?P<base>https?://[^\s?#]+)/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
_PORTS = {"https": 443, "http": 80}


class Whose(Enum):
    """The three answers."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


def bare_id(id_: str) -> str:
    """A patient's id without the `Patient/` that some EHRs write before it (CH-041)."""
    return id_.removeprefix("Patient/")


def normal_base(url: str) -> tuple[str, str, int | None, str] | None:
    """A FHIR base URL as (scheme, host, port, path), for comparing; None where it is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return None
    return (parts.scheme.lower(), (parts.hostname or "").lower(), port, parts.path.rstrip("/")) if parts.hostname else None


@dataclass(slots=True)
class Patients:
    """Tells whose a resource is, for one call. `resolve` finds a resource of the same bundle by its fullUrl."""

    patient_id: str
    base: tuple[str, str, int | None, str] | None
    told: dict[bytes, Whose] = field(default_factory=dict)
    """Verdicts on subjects that need no bundle, by their bytes: a chart repeats one subject in every entry."""

    def of_patient(self, fields: Fields, place: str) -> Whose:
        """Of a Patient: by its id."""
        return self._by_id(value_of(fields["id"], place) if "id" in fields else None)

    def _by_id(self, id_: Any) -> Whose:
        if not isinstance(id_, str) or not id_:
            return Whose.UNKNOWN
        return Whose.OURS if bare_id(id_) == self.patient_id else Whose.FOREIGN

    def of_subject(self, entry: RawEntry, resolve: Callable[[str], Fields | None]) -> Whose:
        """Of any other type: by its subject. A type that may stand without one (Observation) is ours without."""
        fields, place = entry.fields, entry.place
        raw = fields.get("subject")
        if raw is None:
            return Whose.UNKNOWN if "subject" in model_of(entry.type).required else Whose.OURS
        text = bytes(raw)
        told = self.told.get(text)
        if told is not None:
            return told
        subject = value_of(text, f"{place}.subject")
        reference = subject.get("reference") if isinstance(subject, dict) else None
        if not isinstance(reference, str):
            whose = Whose.UNKNOWN
        elif reference.startswith("#"):
            return self._contained(reference[1:], fields, place)
        elif reference.startswith("urn:"):
            return self._in_bundle(reference, place, resolve)
        else:
            whose = self._by_reference(reference)
        self.told[text] = whose
        return whose

    def _by_reference(self, reference: str) -> Whose:
        found = _REFERENCE.fullmatch(reference)
        if found is None or (found["base"] and (self.base is None or normal_base(found["base"]) != self.base)):
            return Whose.UNKNOWN
        return self._by_id(found["id"]) if found["type"] == "Patient" else Whose.FOREIGN

    def _in_bundle(self, reference: str, place: str, resolve: Callable[[str], Fields | None]) -> Whose:
        found = resolve(reference)
        if found is None or "resourceType" not in found or value_of(found["resourceType"], place) != "Patient":
            return Whose.UNKNOWN
        return self.of_patient(found, place)

    def _contained(self, local: str, fields: Fields, place: str) -> Whose:
        """A contained Patient is ours by the patient's id only; its own id may be any word, so another one tells nothing."""
        contained = value_of(fields["contained"], f"{place}.contained") if "contained" in fields else None
        for resource in contained if isinstance(contained, list) else ():
            if isinstance(resource, dict) and resource.get("resourceType") == "Patient" and resource.get("id") == local == self.patient_id:
                return Whose.OURS
        return Whose.UNKNOWN
