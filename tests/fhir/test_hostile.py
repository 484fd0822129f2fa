"""Whatever stands under a key, the answer is a chart or a refusal that says what to change; never our own error, never a value told."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.reading import PLAN, bundle, read, resource, text_of
from exercise_cds.errors import CdsError
from exercise_cds.fhir.models import model_of
from exercise_cds.fhir.warm import _RICH
from exercise_cds.model.chart import Chart

RELAXED = settings(deadline=None, max_examples=300)
PLACE = re.compile(
    r"[a-z_-]+(\.page\[\d+\])?(\.entry\[\d+\])?|context\.(draftOrders|selections)(\.entry)?(\[\d+\])?|draftOrders(\.entry\[\d+\])?"
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "code", "subject", "x"]) | st.text(max_size=4), inner, max_size=4
        )
    ),
    max_leaves=12,
)
ODD: tuple[Any, ...] = (
    None, [], {}, "", 0, -1, 1.5, 10**30, 10**400, True, "x", ["x"], [None], [[]], "secret", {"resourceType": "Foo"},
    {"resourceType": 5}, {"resourceType": "Condition"}, {"resourceType": "Quantity"}, {"reference": "Patient/p1"},
    {"reference": "urn:uuid:x"}, {"reference": "#a"},
    [{"resourceType": "Foo"}], [{"resourceType": None}], ["{}"], ['{"resourceType":"Medication"}'], '{"text":"x"}', "2026-02-30", "0000",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00", "\u0000", "\ud7ff",
    "{{context.patientId}}", [{"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}]}],
    {"coding": [None]}, {"coding": ["{}"]},
    [{"resourceType": "Parameters", "parameter": [{"name": "x", "resource": {"resourceType": "Foo"}}]}], {"value": True}, 2**63,
)  # fmt: skip
ELEMENTS = frozenset({"", "entry", "resource"}).union(*(model_of(type_).names for type_ in PLAN.elements))
NAMES = (
    "id", "meta", "extension", "_status", "contained", "subject", "code", "status", "value", "text", "coding", "modifierExtension", "type",
    "implicitRules", "resourceType", "onsetDateTime", "fhir_comments", "reference", "item", "component", "hasMember", "medicationReference",
    "category", "link", "entry", "search", "total", "fullUrl", "__class__", "self", "birthDate__ext",
)  # fmt: skip


def bent(random: Random, value: Any, depth: int = 0) -> Any:
    """The value with one thing wrong in it somewhere: replaced, left out, renamed, or added."""
    if random.random() < 0.05 or depth > 9 or not value or not isinstance(value, dict | list):
        return random.choice(ODD)
    if isinstance(value, list):
        place = random.randrange(len(value))
        return [*value[:place], bent(random, value[place], depth + 1), *value[place + 1 :]]
    name = random.choice(list(value))
    rest = {other: inner for other, inner in value.items() if other != name}
    match random.randrange(10):
        case 0:
            return rest
        case 1:
            return rest | {random.choice(NAMES): value[name]}
        case 2 | 3:
            return value | {random.choice(NAMES): random.choice(ODD)}
        case _:
            return value | {name: bent(random, value[name], depth + 1)}


def sound(chart: Chart) -> None:
    """Issues name places of ours and elements of FHIR's, doubts name facts of the plan, gaps name keys of the plan."""
    for issue in chart.issues:
        assert PLACE.fullmatch(issue.place), issue.place
        assert issue.element in ELEMENTS, issue.element
    assert {name for one in chart.unreadable for name in one.facts} | chart.gaps_of.keys() <= PLAN.facts.keys()
    assert chart.gaps.keys() <= {*PLAN.queries, "draftOrders"}


@RELAXED
@given(values=st.dictionaries(st.sampled_from(sorted(PLAN.queries)) | st.text(max_size=3), ANY_JSON, max_size=3), drafts=ANY_JSON)
def test_any_json_under_any_key_is_answered(values: dict[str, Any], drafts: Any) -> None:
    """A chart, or a refusal."""
    with suppress(CdsError):
        sound(read(values, drafts=drafts))


@RELAXED
@given(seed=st.integers(0, 2**32), strict=st.booleans(), spaced=st.booleans())
def test_bent_fhir_is_answered(seed: int, strict: bool, spaced: bool) -> None:  # noqa: FBT001 - drawn
    """Real resources with one to three things wrong in them: a chart, or a refusal; and never more than one word of what was sent."""
    random = Random(seed)  # noqa: S311 - no secret
    raw = {}
    for key, query in PLAN.queries.items():
        (type_,) = query.types
        value: Any = bundle(*(resource(type_, **elements) for elements in _RICH[type_]), resource(type_))
        for _ in range(random.randrange(4)):
            value = bent(random, value)
        raw[key] = json.dumps(value, indent=1).encode() if spaced else text_of(value)
    drafts = bent(random, bundle(resource("ServiceRequest"), resource("MedicationRequest")))
    try:
        chart = read(raw, drafts=text_of(drafts), strict=strict, selections=random.choice((None, (), ("ServiceRequest/x1",))))
    except CdsError as refused:
        told = refused.sentence
    else:
        sound(chart)
        told = repr((chart.issues, chart.gaps))
    assert "secret" not in told


@RELAXED
@given(text=st.binary(max_size=40), key=st.sampled_from(sorted(PLAN.queries)))
def test_bytes_that_are_no_json_are_answered(text: bytes, key: str) -> None:
    """A FHIR server may answer anything: what is no JSON was not obtained."""
    with suppress(CdsError):
        sound(read({key: text}))
