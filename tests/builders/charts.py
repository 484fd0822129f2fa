"""Whole charts as an EHR would send them, made from a seed: a problem list, operations, medicines, orders, vital signs and scores.

They are for properties and for measuring, not for reading: names are plain, codes of other diseases are numbers that no pack holds.
A third of the patients has back pain.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from exercise_cds.model.codes import ICD10CM, LOINC, RXNORM, SNOMED

TODAY = date(2026, 3, 2)
_KINDS = ("Acute", "Chronic", "Mild", "Severe", "Recurrent", "Suspected", "Secondary", "Allergic", "Congenital", "Benign")
_OF = (
    "bronchitis", "sinusitis", "gastritis", "anemia", "hypertension", "diabetes mellitus", "hyperlipidemia", "asthma", "eczema", "migraine",
    "cataract", "cystitis", "hypothyroidism", "rhinitis", "conjunctivitis", "otitis media", "gingivitis", "insomnia", "obesity", "gout",
    "tendinitis of shoulder", "sprain of ankle", "contusion of knee", "laceration of hand", "fracture of radius", "hernia", "psoriasis",
    "prediabetes", "tonsillitis", "pharyngitis",
)  # fmt: skip
_VITALS = (
    ("8310-5", "Body temperature", 36.0, 38.0, "Cel"),
    ("8867-4", "Heart rate", 55, 100, "/min"),
    ("29463-7", "Body weight", 55, 110, "kg"),
    ("39156-5", "Body mass index", 19, 38, "kg/m2"),
    ("72514-3", "Pain severity", 0, 10, "{score}"),
    ("2345-7", "Glucose", 70, 180, "mg/dL"),
    ("718-7", "Hemoglobin", 11, 17, "g/dL"),
    ("2093-3", "Cholesterol", 120, 260, "mg/dL"),
)
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
SHARES = {"Condition": 0.3, "Observation": 0.4, "MedicationRequest": 0.15, "Procedure": 0.12, "ServiceRequest": 0.03}


class Charts:
    """Charts from one seed; the same seed gives the same charts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def resources(self, size: int, patient_id: str) -> dict[str, list[dict[str, Any]]]:
        """About `size` resources of one patient by type, the Patient included."""
        made: dict[str, list[dict[str, Any]]] = {"Patient": [self._patient(patient_id)], "CarePlan": []}
        for type_, share in SHARES.items():
            count = round((size - 1) * share)
            made[type_] = [_MAKERS[type_](self, patient_id, f"{type_[:2].lower()}{number}") for number in range(count)]
        if self._random.random() < 1 / 3 and made["Condition"]:
            made["Condition"][0] |= {
                "code": {
                    "coding": [{"system": ICD10CM, "code": "M54.50", "display": "Low back pain, unspecified"}],
                    "text": "Low back pain",
                },
                "clinicalStatus": _concept(_CLINICAL, "active"),
                "onsetDateTime": self._day(60),
            }
        made["Observation"].sort(key=lambda one: str(one["effectiveDateTime"]), reverse=True)
        return made

    def prefetch(self, keys: Mapping[str, tuple[str, ...]], codes: Mapping[str, str], size: int, patient_id: str) -> dict[str, bytes]:
        """JSON text by prefetch key. `keys` are the resource types of each key, `codes` its template, which Observations must name."""
        made = self.resources(size, patient_id)
        raw = {}
        for key, types in keys.items():
            held = [one for type_ in types for one in made[type_]]
            if types == ("Observation",):
                held = [one for one in held if f"|{one['code']['coding'][0]['code']}" in codes[key]]
            raw[key] = text_of(made["Patient"][0] if types == ("Patient",) else bundle(held))
        return raw

    def _day(self, back: int) -> str:
        return (TODAY - timedelta(days=self._random.randrange(back))).isoformat() + "T09:30:00+01:00"

    def _named(self) -> dict[str, Any]:
        number = self._random.randrange(300)
        name = f"{_KINDS[number % 10]} {_OF[number // 10]}"
        return {"coding": [{"system": SNOMED, "code": str(900_000_000 + number * 7), "display": name}], "text": name}

    def _patient(self, patient_id: str) -> dict[str, Any]:
        return {
            "resourceType": "Patient",
            "id": patient_id,
            "meta": {"versionId": "3", "lastUpdated": "2026-01-01T10:00:00Z"},
            "identifier": [{"system": "urn:example:mrn", "value": str(self._random.randrange(10**8))}],
            "name": [{"use": "official", "family": "Example", "given": ["Pat"]}],
            "gender": self._random.choice(("female", "male")),
            "birthDate": f"{self._random.randrange(1940, 2006)}-05-17",
            "address": [{"line": ["1 Example Street"], "city": "Example", "country": "XX"}],
        }

    def _condition(self, patient_id: str, id_: str) -> dict[str, Any]:
        over = self._random.random() < 0.6
        made = {
            "resourceType": "Condition",
            "id": id_,
            "meta": {"versionId": "1", "lastUpdated": "2026-01-01T10:00:00Z"},
            "clinicalStatus": _concept(_CLINICAL, "resolved" if over else "active"),
            "verificationStatus": _concept(_VERIFICATION, "confirmed"),
            "category": [_concept("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis")],
            "code": self._named(),
            "subject": {"reference": f"Patient/{patient_id}"},
            "encounter": {"reference": f"Encounter/{id_}"},
            "onsetDateTime": self._day(3000),
            "recordedDate": self._day(3000),
        }
        return made | ({"abatementDateTime": self._day(1000)} if over else {})

    def _observation(self, patient_id: str, id_: str) -> dict[str, Any]:
        code, display, low, high, unit = self._random.choice(_VITALS)
        value = round(self._random.uniform(low, high), 1)
        when = self._day(900)
        return {
            "resourceType": "Observation",
            "id": id_,
            "meta": {"versionId": "1", "lastUpdated": "2026-01-01T10:00:00Z"},
            "status": "final",
            "category": [_concept("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")],
            "code": {"coding": [{"system": LOINC, "code": code, "display": display}], "text": display},
            "subject": {"reference": f"Patient/{patient_id}"},
            "encounter": {"reference": f"Encounter/{id_}"},
            "effectiveDateTime": when,
            "issued": when.replace("00+", "00.000+"),
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }

    def _medication(self, patient_id: str, id_: str) -> dict[str, Any]:
        number = self._random.randrange(80)
        name = f"Example medicine {number} 10 MG Oral Tablet"
        return {
            "resourceType": "MedicationRequest",
            "id": id_,
            "status": self._random.choice(("active", "stopped", "completed")),
            "intent": "order",
            "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": str(9_000_000 + number), "display": name}], "text": name},
            "subject": {"reference": f"Patient/{patient_id}"},
            "authoredOn": self._day(1500),
            "requester": {"reference": "Practitioner/1"},
            "dosageInstruction": [{"sequence": 1, "text": "one tablet in the morning", "asNeededBoolean": False}],
        }

    def _procedure(self, patient_id: str, id_: str) -> dict[str, Any]:
        return {
            "resourceType": "Procedure",
            "id": id_,
            "status": "completed",
            "code": self._named(),
            "subject": {"reference": f"Patient/{patient_id}"},
            "performedPeriod": {"start": self._day(2000), "end": self._day(2000)},
        }

    def _order(self, patient_id: str, id_: str) -> dict[str, Any]:
        return {
            "resourceType": "ServiceRequest",
            "id": id_,
            "status": "active",
            "intent": "order",
            "code": self._named(),
            "subject": {"reference": f"Patient/{patient_id}"},
            "authoredOn": self._day(300),
        }


_MAKERS = {
    "Condition": Charts._condition,
    "Observation": Charts._observation,
    "MedicationRequest": Charts._medication,
    "Procedure": Charts._procedure,
    "ServiceRequest": Charts._order,
}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def bundle(resources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A searchset of these resources, with the addresses that a server gives them."""
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{one['resourceType']}/{one.get('id', number)}", "resource": one, "search": {"mode": "match"}}
        for number, one in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries)} | ({"entry": entries} if entries else {}) | more


def text_of(value: Any) -> bytes:
    """JSON as servers write it: without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
