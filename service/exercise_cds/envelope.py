"""From a request's bytes to a `HookRequest`: the envelope is checked, and the context has what its hook requires (CH-030 to CH-047).

Strict about what is required, liberal about the rest: fields and context fields that we do not know are passed over (CH-037, CH-161).
Sentences name our own fields and never repeat what was sent.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Raw, UnsetType
from pydantic import BaseModel, ConfigDict, ValidationError

from exercise_cds import strict_json
from exercise_cds.errors import BadRequest
from exercise_cds.model.hooks import HOOKS, Hook
from exercise_cds.wire import FhirAuthorization, HookRequest

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""SEC-21: what an id may be; nothing else ever reaches a URL."""
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
_UUID = re.compile(r"(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHOWN = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "model_type": "must be an object",
}


class _Shape(BaseModel):
    """Unknown fields are passed over (CH-037)."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class AuthorizationShape(_Shape):
    """`fhirAuthorization` (CH-073)."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


class EnvelopeShape(_Shape):
    """The request but its prefetch and context, which are read by themselves. `user` and `patient` stood here before CDS Hooks 1.0."""

    hook: str
    hookInstance: str  # noqa: N815 - the field's name
    fhirServer: str | None = None  # noqa: N815 - the field's name
    fhirAuthorization: AuthorizationShape | None = None  # noqa: N815 - the field's name
    user: Any = None
    patient: Any = None


_FIELDS = frozenset({*EnvelopeShape.model_fields, "extension"})


def read_request(body: bytes, *, service: str, hook: str, depth: int, http_fhir_servers: bool = False) -> HookRequest:
    """Read one call of `service`, which is advertised for `hook`. Raises BadRequest."""
    top, context, prefetch = _members(body, depth)
    envelope = _envelope({name: strict_json.value(text, _field(name)) for name, text in top.items()}, has_context=context is not None)
    if envelope.hook != hook:
        raise BadRequest(f"This service answers the hook {hook}; send that in 'hook', or call the service for your hook.")
    server = _fhir_server(envelope.fhirServer or "", http=http_fhir_servers)
    if envelope.fhirAuthorization and not server:
        raise BadRequest("fhirServer is missing: it is required where fhirAuthorization is sent.")
    known = HOOKS[hook]
    fields = _context(context or {}, known)
    patient = _patient(fields, envelope)
    return HookRequest(
        service=service,
        hook=hook,
        hook_instance=envelope.hookInstance,
        patient_id=patient,
        user_id=_user(fields, envelope, known),
        encounter_id=_bare_id(fields.get("encounterId", ""), "Encounter", "context.encounterId"),
        drafts=fields.get(known.drafts, b""),
        selections=_selections(fields, known),
        prefetch=prefetch,
        fhir_server=server,
        fhir_authorization=_authorization(envelope.fhirAuthorization, patient),
        deepest=depth,
    )


class _Request(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """The members of a request, and those of its prefetch and its context, all still text."""

    prefetch: dict[str, Raw] | UnsetType = UNSET
    context: dict[str, Raw] | UnsetType = UNSET
    hook: Raw | UnsetType = UNSET
    hook_instance: Raw | UnsetType = msgspec.field(name="hookInstance", default=UNSET)
    fhir_server: Raw | UnsetType = msgspec.field(name="fhirServer", default=UNSET)
    fhir_authorization: Raw | UnsetType = msgspec.field(name="fhirAuthorization", default=UNSET)
    extension: Raw | UnsetType = UNSET
    user: Raw | UnsetType = UNSET
    patient: Raw | UnsetType = UNSET


_REQUEST = msgspec.json.Decoder(_Request)
_TOP = {field.encode_name: field.name for field in msgspec.structs.fields(_Request) if field.name not in {"prefetch", "context"}}
"""By name in the request: the attribute that holds the text."""


Members: TypeAlias = "tuple[dict[str, bytes], dict[str, bytes] | None, dict[str, bytes]]"
"""The text of the members at the top, of the context (None without one), and of prefetch, for `fhir/` to tell apart (CH-053)."""


def _members(body: bytes, depth: int) -> Members:
    """In one pass where that is possible."""
    found = strict_json.at_once(body, depth, _REQUEST)
    if found is not None and found.context is not UNSET:
        top = {name: bytes(text) for name, field in _TOP.items() if (text := getattr(found, field)) is not UNSET}
        prefetch = {} if found.prefetch is UNSET else {name: bytes(text) for name, text in found.prefetch.items()}
        return top, {name: bytes(text) for name, text in found.context.items()}, prefetch
    return _members_by_level(body, depth)


def _members_by_level(body: bytes, depth: int) -> Members:
    """One level after the other. Raises BadRequest, which says what is wrong and where."""
    top = strict_json.whole(body, depth)
    sent, context = top.pop("prefetch", b"null"), top.pop("context", b"null")
    return (
        top,
        None if context == b"null" else strict_json.members(context, "context"),
        {} if sent == b"null" else strict_json.members(sent, "prefetch"),
    )


def is_uuid(hook_instance: str) -> bool:
    """Whether a hookInstance is what the specification asks for; one that is not is accepted, and counted (CH-031, CH-036)."""
    return _UUID.fullmatch(hook_instance) is not None


def _field(name: str) -> str:
    """A field's name for a sentence: ours, never one that the caller made up."""
    return name if name in _FIELDS else "A field of the body"


def _envelope(fields: dict[str, Any], *, has_context: bool) -> EnvelopeShape:
    try:
        envelope = EnvelopeShape.model_validate(fields)
    except ValidationError as fault:
        error = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, error["loc"]))
        fault_of_it = _SHOWN.get(error["type"], "has a value that is not allowed")
        raise BadRequest(f"{place} {fault_of_it}: see CDS Hooks, Calling a CDS Service.") from None
    if not envelope.hookInstance:
        raise BadRequest("hookInstance must not be empty: send a UUID.")
    if not has_context:
        raise BadRequest("context is missing: send the object with the fields of the hook.")
    return envelope


def _fhir_server(url: str, *, http: bool) -> str:
    """CH-034: https; http only where the site allows it, for trying."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port or 1) and url.isprintable() and " " not in url
    except ValueError:
        sound = False
    if not sound:
        raise BadRequest("fhirServer must be the absolute URL of a FHIR server.")
    if parts.scheme == "http" and not http:
        raise BadRequest("fhirServer must be an https URL: patient data does not travel in the open.")
    return url


def _authorization(shape: AuthorizationShape | None, patient: str) -> FhirAuthorization | None:
    if shape is None:
        return None
    if shape.token_type.lower() != "bearer":
        raise BadRequest("fhirAuthorization.token_type must be Bearer.")
    # SEC-24: a token for one patient beside the context of another
    if shape.patient and _bare_id(shape.patient, "Patient", "fhirAuthorization.patient") != patient:
        raise BadRequest("fhirAuthorization.patient is not the patient of context.patientId: send the token of this patient.")
    return FhirAuthorization(**shape.model_dump())


def _context(raw: dict[str, bytes], hook: Hook) -> dict[str, Any]:
    """The context's fields, bundles as text. Every required one is there and not null."""
    fields = {
        name: member
        if name in hook.bundles
        else strict_json.value(member, f"context.{name}" if name in _named(hook) else "A field of context")
        for name, member in raw.items()
        if member != b"null"
    }
    for name in sorted(hook.required - fields.keys() - {"userId", "patientId"}):
        raise BadRequest(f"context.{name} is missing: the hook {hook.name} requires it.")
    for name in hook.bundles & fields.keys():
        if not fields[name].startswith(b"{"):
            raise BadRequest(f"context.{name} must be a Bundle.")
    return fields


def _named(hook: Hook) -> frozenset[str]:
    return hook.required | hook.optional


def _patient(fields: dict[str, Any], envelope: EnvelopeShape) -> str:
    """CH-041: `Patient/x` is accepted for the bare id. What stood at the top before 1.0 counts where the context has none."""
    above = envelope.patient if isinstance(envelope.patient, str) else ""
    given = fields.get("patientId", above)
    if given in ("", None):
        raise BadRequest("context.patientId is missing: send the id of the patient.")
    patient = _bare_id(given, "Patient", "context.patientId")
    if above and above.removeprefix("Patient/") != patient:
        raise BadRequest("'patient' at the top names another patient than context.patientId: leave 'patient' out.")
    return patient


def _user(fields: dict[str, Any], envelope: EnvelopeShape, hook: Hook) -> str:
    """CH-040: `Type/id`, of the types that the hook allows."""
    given = fields.get("userId", envelope.user if isinstance(envelope.user, str) else None)
    allowed = " or ".join(f"{kind}/id" for kind in sorted(hook.users))
    if given is None:
        if "userId" in hook.required:
            raise BadRequest(f"context.userId is missing: the hook {hook.name} requires it, as {allowed}.")
        return ""
    found = _REFERENCE.fullmatch(given) if isinstance(given, str) else None
    if found is None or found.group(1) not in hook.users:
        raise BadRequest(f"context.userId must be {allowed}.")
    return found.group()


def _bare_id(given: Any, kind: str, where: str) -> str:
    if given == "":
        return ""
    bare = given.removeprefix(f"{kind}/") if isinstance(given, str) else ""
    if not _ID.fullmatch(bare):
        raise BadRequest(f"{where} must be the id of one {kind}: 1 to 64 letters, digits, hyphens and dots.")
    return str(bare)


def _selections(fields: dict[str, Any], hook: Hook) -> tuple[str, ...] | None:
    """CH-046: references to what stands in the drafts."""
    if not hook.selections:
        return None
    given = fields[hook.selections]
    if not isinstance(given, list) or not all(isinstance(one, str) and _REFERENCE.fullmatch(one) for one in given):
        raise BadRequest(f"context.{hook.selections} must be a list of references such as ServiceRequest/id.")
    return tuple(given)


def top_level_hook(body: bytes, depth: int) -> str:
    """The hook that a request names, before it is known which service it is for. Raises BadRequest."""
    hook = strict_json.value(strict_json.whole(body, depth).get("hook", b"null"), "hook")
    if not isinstance(hook, str):
        raise BadRequest("hook is missing: send the name of the hook.")
    return hook
