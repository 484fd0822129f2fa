"""Valid records of one patient from a seed, for properties: every element that selection looks at, present, absent, and in company."""

from __future__ import annotations

from random import Random
from typing import Any

from builders.reading import ICD10CM, LOINC, PLAN_CATEGORY, RXNORM, SNOMED, coded, resource

TEXTS = (
    "Low back pain",
    "lung CANCER",
    "cancerous",
    "bed-sore",
    "Prednisone 10 mg",
    "lumbar strain",
    "caf\u00e9 \u2028 bed rest",
    'a "cancer"',
    "bed\nsore",
)
CODES = (
    (ICD10CM, "M54.50"), (ICD10CM, "m5450"), (ICD10CM, "M54.9"), (ICD10CM, "C50.9"), (ICD10CM, "C44.1"), (ICD10CM, "J45"),
    ("urn:oid:2.16.840.1.113883.6.96", "387713003"), (SNOMED, "279039007"), (SNOMED, "306170007"),
    (SNOMED, "225365006"), (SNOMED, "91251008"),
    (LOINC, "72514-3"), (LOINC, "75893-8"), (LOINC, "8310-5"), (LOINC, "1"), (RXNORM, "8640"), (RXNORM, "1"), PLAN_CATEGORY,
)  # fmt: skip
DATES = ("2026-03-01", "2026-02-20", "2026-02", "2025", "2019-05-17", "2026-03-01T23:30:00-05:00", "2027-01-01")
QUANTITIES = ({"value": 4}, {"value": 38.6, "unit": "Cel"}, {"value": 101, "unit": "[degF]", "code": "[degF]"}, {"value": 99})


class Records:
    """Records from one seed; the same seed gives the same record."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret

    def by_type(self) -> dict[str, list[dict[str, Any]]]:
        """Up to three resources of each type, and the Medications beside their orders."""
        made = {
            type_: [make(self, f"{type_[:2].lower()}{number}") for number in range(self.random.randrange(4))]
            for type_, make in MAKERS.items()
        }
        return made | {"MedicationRequest": [one for number in range(self.random.randrange(4)) for one in self.medication(number)]}

    def concept(self) -> dict[str, Any]:
        """Codings with and without display, text with and without codings."""
        codings = [{"system": system, "code": code} for system, code in self.random.choices(CODES, k=self.random.randrange(3))]
        for coding in codings:
            coding.update(self.maybe(display=self.random.choice(TEXTS)))
        made: dict[str, Any] = {"coding": codings} if codings else {"text": self.random.choice(TEXTS)}
        return made | self.maybe(text=self.random.choice(TEXTS))

    def concepts(self) -> list[dict[str, Any]]:
        """One or two of them."""
        return [self.concept() for _ in range(self.random.randrange(1, 3))]

    def maybe(self, **elements: Any) -> dict[str, Any]:
        """Each element, or its absence."""
        return {name: value for name, value in elements.items() if self.random.random() < 0.5}

    def date(self) -> str:
        """A date, partial, with a zone, or to come."""
        return self.random.choice(DATES)

    def condition(self, id_: str) -> dict[str, Any]:
        """A Condition; its code may be absent."""
        code = self.concept() if self.random.random() < 0.9 else None
        more = self.maybe(bodySite=self.concepts(), onsetDateTime=self.date(), recordedDate=self.date())
        return resource("Condition", id_, code=code, **more)

    def observation(self, id_: str) -> dict[str, Any]:
        """An Observation, with and without components."""
        components = [{"code": self.concept(), "valueQuantity": self.random.choice(QUANTITIES)} for _ in range(2)]
        value = self.random.choice((None, *QUANTITIES))
        more = self.maybe(component=components)
        return resource("Observation", id_, code=self.concept(), effectiveDateTime=self.date(), valueQuantity=value, **more)

    def procedure(self, id_: str) -> dict[str, Any]:
        """A Procedure."""
        return resource("Procedure", id_, code=self.concept(), **self.maybe(performedDateTime=self.date(), bodySite=self.concepts()))

    def order(self, id_: str) -> dict[str, Any]:
        """A ServiceRequest."""
        return resource("ServiceRequest", id_, code=self.concept(), **self.maybe(orderDetail=self.concepts(), authoredOn=self.date()))

    def plan(self, id_: str) -> dict[str, Any]:
        """A CarePlan, of the category that is asked for or not."""
        category = [coded(*PLAN_CATEGORY)] if self.random.random() < 0.7 else []
        activity = [{"detail": {"status": "in-progress", "code": self.concept()}} for _ in range(self.random.randrange(3))]
        more = self.maybe(title=self.random.choice(TEXTS), description=self.random.choice(TEXTS))
        return resource("CarePlan", id_, category=(category + self.concepts())[:2], activity=activity or None, **more)

    def answers(self, id_: str) -> dict[str, Any]:
        """A QuestionnaireResponse."""
        items = [
            {"linkId": self.random.choice(("total", "x")), "answer": [{"valueInteger": 3}]} for _ in range(self.random.randrange(1, 3))
        ]
        return resource("QuestionnaireResponse", id_, authored=self.date(), item=items)

    def medication(self, number: int) -> list[dict[str, Any]]:
        """A MedicationRequest with a concept, or with a Medication that is contained, beside it, or elsewhere."""
        drug = {"resourceType": "Medication", "id": f"d{number}", "code": self.concept()}
        order = resource("MedicationRequest", f"m{number}", authoredOn=self.date(), medicationCodeableConcept=self.concept())
        where = self.random.choice(("concept", "contained", "beside", "elsewhere"))
        if where == "concept":
            return [order]
        del order["medicationCodeableConcept"]
        reference = f"#d{number}" if where == "contained" else f"Medication/d{number}"
        order["medicationReference"] = {"reference": reference} | self.maybe(display=self.random.choice(TEXTS))
        if where == "contained":
            return [order | {"contained": [drug]}]
        return [order, drug] if where == "beside" else [order]


MAKERS = {
    "Condition": Records.condition,
    "Observation": Records.observation,
    "Procedure": Records.procedure,
    "ServiceRequest": Records.order,
    "CarePlan": Records.plan,
    "QuestionnaireResponse": Records.answers,
}
