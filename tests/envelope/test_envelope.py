"""From bytes to a HookRequest: what each hook requires, what is passed over, and the sentence that every mistake gets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builders.hook_requests import GONE, SERVICE_OF, a_request, an_authorization
from exercise_cds.envelope import _members, _members_by_level, is_uuid, read_request
from exercise_cds.errors import BadRequest
from exercise_cds.model.hooks import HOOKS
from exercise_cds.wire import HookRequest

PREFETCH = [
    None,
    "a text",
    7,
    {"resourceType": "OperationOutcome"},
    {"response": {}, "resource": {}},
    {"resourceType": "Bundle"},
    "{{context.patientId}}",
]


def _read(request: Any, **options: Any) -> HookRequest:
    hook = options.pop("hook", request.get("hook") if isinstance(request, dict) and request.get("hook") in HOOKS else "patient-view")
    return read_request(json.dumps(request).encode(), service=SERVICE_OF[hook], hook=hook, depth=64, **options)


def _refused(request: Any, **options: Any) -> str:
    with pytest.raises(BadRequest) as caught:
        _read(request, **options)
    assert caught.value.status == 400
    return caught.value.sentence


@pytest.mark.parametrize("hook", HOOKS)
def test_a_whole_request_is_read(hook: str) -> None:
    """CH-030, CH-031, CH-035, CH-061: a request with everything that its hook requires becomes one HookRequest, its bundles still text."""
    request = a_request(hook, fields={"encounterId": "e1"}, fhirServer="https://fhir.example.org/r4", fhirAuthorization=an_authorization())
    read = _read(request)
    assert (read.service, read.hook, read.patient_id, read.user_id, read.encounter_id) == (
        SERVICE_OF[hook],
        hook,
        "p1",
        "Practitioner/d1",
        "e1",
    )
    assert {key: json.loads(text) for key, text in read.prefetch.items()} == request["prefetch"]
    assert json.loads(read.drafts or b"null") == request["context"].get("draftOrders")
    assert read.selections == (("ServiceRequest/o1",) if hook == "order-select" else None)
    assert read.fhir_server == "https://fhir.example.org/r4"
    assert read.fhir_authorization is not None
    assert read.fhir_authorization.expires_in == 300
    assert "opaque-token" not in repr(read)


@pytest.mark.parametrize(("hook", "field"), [(hook.name, field) for hook in HOOKS.values() for field in sorted(hook.required)])
@pytest.mark.parametrize("value", [GONE, None], ids=["absent", "null"])
def test_a_missing_context_field_is_named(hook: str, field: str, value: Any) -> None:
    """CH-031 and the table of hooks (CH-040 to CH-046): each required context field that is absent or null is a 400 that names it."""
    assert _refused(a_request(hook, fields={field: value})).startswith(f"context.{field} is missing")


WRONG = [
    ("CH-031", {"hook": GONE}, {}, "hook is missing"),
    ("CH-031", {"hook": 7}, {}, "hook must be a text"),
    ("CH-031", {"hookInstance": GONE}, {}, "hookInstance is missing"),
    ("CH-031", {"hookInstance": ""}, {}, "hookInstance must not be empty"),
    ("CH-031", {"hookInstance": 5}, {}, "hookInstance must be a text"),
    ("CH-031", {"context": GONE}, {}, "context is missing"),
    ("CH-031", {"context": None}, {}, "context is missing"),
    ("CH-031", {"context": []}, {}, "context must be a JSON object"),
    ("CH-032", {"hook": "order-sign"}, {}, "This service answers the hook patient-view"),
    ("CH-032", {"hook": "no-such-hook"}, {}, "This service answers the hook patient-view"),
    ("CH-033", {"fhirAuthorization": an_authorization()}, {}, "fhirServer is missing"),
    ("CH-034", {"fhirServer": "http://fhir.example.org"}, {}, "fhirServer must be an https URL"),
    ("CH-034", {"fhirServer": "{{fhirServerUrl}}"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": "https://"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": "https://[::1/r4"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": "https://a b/r4"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": "https://a:99999/r4"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": "file:///etc/passwd"}, {}, "fhirServer must be the absolute URL"),
    ("CH-034", {"fhirServer": 5}, {}, "fhirServer must be a text"),
    ("CH-040", {}, {"userId": "d1"}, "context.userId must be Patient/id or Practitioner/id or PractitionerRole/id or RelatedPerson/id"),
    ("CH-040", {}, {"userId": "Device/d1"}, "context.userId must be"),
    ("CH-040", {}, {"userId": "Practitioner/d 1"}, "context.userId must be"),
    ("CH-040", {}, {"userId": "Practitioner/d1\n"}, "context.userId must be"),
    ("CH-040", {}, {"userId": 5}, "context.userId must be"),
    ("CH-041", {}, {"patientId": "Practitioner/p1"}, "context.patientId must be the id of one Patient"),
    ("CH-041", {}, {"patientId": "https://fhir.example.org/Patient/p1"}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": "Patient/p1/_history/2"}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": "p?1"}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": "p" * 65}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": ["p1"]}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": "p1\n"}, "context.patientId must be"),
    ("CH-041", {}, {"patientId": ""}, "context.patientId is missing"),
    ("CH-041", {}, {"encounterId": "Encounter/"}, "context.encounterId must be the id of one Encounter"),
    ("CH-041", {}, {"encounterId": 0}, "context.encounterId must be"),
    ("CH-053", {"prefetch": []}, {}, "prefetch must be a JSON object"),
    ("CH-053", {"prefetch": "all"}, {}, "prefetch must be a JSON object"),
    (
        "CH-073",
        {"fhirServer": "https://a.example", "fhirAuthorization": an_authorization(access_token=GONE)},
        {},
        "fhirAuthorization.access_token is missing",
    ),
    (
        "CH-073",
        {"fhirServer": "https://a.example", "fhirAuthorization": an_authorization(expires_in="300")},
        {},
        "fhirAuthorization.expires_in must be a whole",
    ),
    (
        "CH-073",
        {"fhirServer": "https://a.example", "fhirAuthorization": an_authorization(token_type="MAC")},
        {},
        "fhirAuthorization.token_type must be",
    ),
    ("CH-073", {"fhirServer": "https://a.example", "fhirAuthorization": []}, {}, "fhirAuthorization must be an object"),
    (
        "SEC-24",
        {"fhirServer": "https://a.example", "fhirAuthorization": an_authorization(patient="p2")},
        {},
        "is not the patient of context.patientId",
    ),
    ("SEC-24", {"patient": "p2"}, {}, "'patient' at the top names another patient"),
]


@pytest.mark.parametrize(("law", "changes", "fields", "sentence"), WRONG, ids=[f"{law} {sentence[:40]}" for law, _, _, sentence in WRONG])
def test_a_wrong_request_is_refused(law: str, changes: dict[str, Any], fields: dict[str, Any], sentence: str) -> None:
    """CH-031, CH-032, CH-033, CH-034, CH-040, CH-041, CH-053, CH-073, SEC-21, SEC-24: each mistake is a 400 that says what to change."""
    assert law
    said = _refused(a_request(fields=fields, **changes), hook="patient-view")
    assert said.startswith(sentence) or sentence in said


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"draftOrders": []}, "context.draftOrders must be a Bundle"),
        ({"draftOrders": "Bundle/1"}, "context.draftOrders must be a Bundle"),
        ({"selections": "ServiceRequest/o1"}, "context.selections must be a list of references"),
        ({"selections": [{"reference": "ServiceRequest/o1"}]}, "context.selections must be a list of references"),
        ({"selections": ["o1"]}, "context.selections must be a list of references"),
        ({"userId": "Patient/p1"}, "context.userId must be Practitioner/id or PractitionerRole/id"),
    ],
)
def test_orders_have_rules_of_their_own(fields: dict[str, Any], sentence: str) -> None:
    """CH-040, CH-046: drafts are a Bundle, selections are references, and only clinicians order."""
    assert _refused(a_request("order-select", fields=fields)).startswith(sentence)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"hookInstance": "not-a-uuid"}, {}),
        ({"prefetch": GONE}, {}),
        ({"prefetch": None}, {}),
        ({"prefetch": {}}, {}),
        ({"fhirServer": None, "fhirAuthorization": None}, {}),
        ({"extension": {"org.example.more": {"x": [1, None]}}}, {"extension": {"org.example": 1}}),
        ({"extension": "of a shape that nobody foresaw"}, {}),
        ({"user": "Practitioner/d1", "patient": "p1"}, {}),
        ({"user": {"odd": True}, "patient": 7}, {}),
        ({"oauth": {}, "redirect": "x"}, {"futureField": {"deep": []}}),
        ({}, {"patientId": "Patient/p1", "encounterId": None}),
        ({}, {"encounterId": "Encounter/e1"}),
        (
            {
                "fhirServer": "https://a.example/r4",
                "fhirAuthorization": an_authorization(patient="Patient/p1", token_type="bearer", more=1),
            },
            {},
        ),
        ({"fhirServer": "https://a.example/r4", "fhirAuthorization": an_authorization(patient=None)}, {}),
    ],
)
def test_what_is_odd_but_harmless_is_accepted(changes: dict[str, Any], fields: dict[str, Any]) -> None:
    """CH-003, CH-036, CH-037, CH-041, CH-161: unknown fields, extensions, absent options, an odd hookInstance are passed over."""
    read = _read(a_request(fields=fields, **changes))
    assert read.patient_id == "p1"
    assert read.encounter_id in {"", "e1"}


def test_what_stood_at_the_top_before_1_0_counts_where_the_context_has_none() -> None:
    """A 1.0-style request with `user` and `patient` at the top is understood; the context goes first."""
    early = _read(a_request(fields={"userId": GONE, "patientId": GONE}, user="Practitioner/d9", patient="Patient/p9"))
    assert (early.user_id, early.patient_id) == ("Practitioner/d9", "p9")
    assert _read(a_request(user="Practitioner/d9")).user_id == "Practitioner/d1"


def test_http_is_accepted_where_the_site_says_so() -> None:
    """CH-034: a fhirServer of http is for trying, by a setting."""
    assert _read(a_request(fhirServer="http://127.0.0.1:8081/fhir"), http_fhir_servers=True).fhir_server == "http://127.0.0.1:8081/fhir"


@pytest.mark.parametrize("value", PREFETCH, ids=str)
def test_prefetch_values_stay_as_they_came(value: Any) -> None:
    """CH-003, CH-004, CH-053, CH-060: null, resources, outcomes and nonsense under a key are handed on as text, also under unknown keys."""
    read = _read(a_request(prefetch={"anything": value}))
    assert json.loads(read.prefetch["anything"]) == value


def test_equal_names_are_refused_wherever_the_door_reads() -> None:
    """Two patients, two prefetches or two values under one key in one request are a 400, so that no two readers see different requests."""
    whole = json.dumps(a_request())
    for once, twice in (
        ('"patientId": "p1"', '"patientId": "p2", "patientId": "p1"'),
        ('"hook": "patient-view"', '"hook": "patient-view", "hook": "patient-view"'),
        ('"conditions": null', '"conditions": null, "conditions": {}'),
        ('"prefetch": {', '"extension": {"a": 1, "a": 2}, "prefetch": {'),
    ):
        assert once in whole
        with pytest.raises(BadRequest, match="the same name twice"):
            read_request(whole.replace(once, twice, 1).encode(), service="s", hook="patient-view", depth=64)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", True),
        ("urn:uuid:D1577C69-DFBE-44AD-BA6D-3E05E953B2EA", True),
        ("d1577c69", False),
        ("x" * 36, False),
    ],
)
def test_a_uuid_is_told_from_another_text(text: str, is_one: bool) -> None:  # noqa: FBT001 - a table
    """CH-036: what is counted is a hookInstance that is no UUID."""
    assert is_uuid(text) is is_one


def test_no_sentence_repeats_what_was_sent() -> None:
    """A refusal never shows a value of the request: it may be a patient's."""
    canary = "Zyxwvut"
    for changes, fields in [
        ({"hook": canary}, {}),
        ({"fhirServer": canary}, {}),
        ({canary: float("inf")}, {}),
        ({}, {"patientId": f"{canary}?"}),
        ({}, {"userId": canary}),
    ]:
        with pytest.raises(BadRequest) as caught:
            _read(a_request(fields=fields, **changes), hook="patient-view")
        assert canary not in caught.value.sentence


def _cut(read: Any, body: bytes) -> Any:
    """What a way of cutting a request up finds, values read; or its refusal."""
    try:
        top, context, prefetch = read(body, 12)
    except BadRequest as refused:
        return str(refused)
    return [one and {name: json.loads(text) for name, text in one.items()} for one in (top, context, prefetch)]


@pytest.mark.parametrize("style", [(",", ":"), (", ", ": "), (" ,\n", " :")])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_one_pass_finds_what_one_level_after_the_other_finds(style: tuple[str, str], ascii_only: bool) -> None:  # noqa: FBT001 - a column
    """Whatever stands at the top, in the context and in prefetch, written closely or not: the same members, or the same refusal."""
    whole = a_request(prefetch={"patient": {"name": 'é"{[\\'}, "b": None})
    odd: list[dict[str, Any]] = [
        whole,
        {},
        whole | {"vendor": [1]},
        *(whole | {name: value} for name in ("prefetch", "context") for value in (None, 5, {}, {"é": [{}] * 3, "\x7f\n": 1})),
        whole | {"prefetch": {"deep": [[[[[[[[[[[[1]]]]]]]]]]]]}},
    ]
    for text in (json.dumps(one, separators=style, ensure_ascii=ascii_only) for one in odd):
        doubled = [text.replace("{", '{"hook":1,"hook":2,', objects) for objects in (1, 2, 3)]
        for body in (text, *doubled, text.replace("{}", '{"a":1,"a":1}'), text[:-1], f"{text} x", f"{text}\n"):
            for sent in (body.encode(), body.encode() + b"\xff"):
                assert _cut(_members, sent) == _cut(_members_by_level, sent)
