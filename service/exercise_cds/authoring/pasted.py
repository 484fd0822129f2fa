"""What somebody pastes into the workbench, as a hook request: a FHIR Bundle, a list of resources, one resource, or a whole request.

Nothing is fetched for it: a `fhirServer` and a `fhirAuthorization` are dropped before anything looks at them, and the page says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from exercise_cds import strict_json
from exercise_cds.authoring.chart_builder import bundle
from exercise_cds.cds_service import Serving
from exercise_cds.envelope import read_request
from exercise_cds.errors import BadRequest, TooLarge
from exercise_cds.fhir.folder import answered
from exercise_cds.model.hooks import HOOKS
from exercise_cds.wire import HookRequest

BYTES = 10 * 1024 * 1024
TOO_LARGE = "This is larger than 10 MB: paste fewer resources."
ENTRIES = 5_000
DEPTH = 64
_DROPPED = ("fhirServer", "fhirAuthorization")
_DRAFTS = frozenset({"ServiceRequest", "MedicationRequest"})
_INSTANCE = "00000000-0000-4000-8000-000000000000"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A request that can be asked, its resources for people to look at, and what was left out of it or filled in."""

    request: HookRequest
    resources: tuple[Resource, ...]
    said: tuple[str, ...] = ()


def read_pasted(text: bytes, serving: Serving, service: str) -> Pasted:
    """Read what was pasted, for one service of the pack. Raises BadRequest and TooLarge with sentences for whoever pasted it."""
    if len(text) > BYTES:
        raise TooLarge(TOO_LARGE)
    text = text.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        raise BadRequest("Nothing was pasted: paste a FHIR Bundle, resources, or a hook request.")
    if service not in serving.services:
        raise BadRequest("The pack has no such service: choose one of the list.")
    listed = text.startswith(b"[")
    strict_json.whole(b'{"resources":' + text + b"}" if listed else text, DEPTH + listed)
    whole = orjson.loads(text)
    if not listed and "hook" in whole:
        return _whole_request(whole, serving, service)
    resources = tuple(_resources(whole if listed else [whole]))
    _count(len(resources))
    return _of_resources(resources, serving, service)


def _whole_request(whole: Resource, serving: Serving, service: str) -> Pasted:
    said = [f"{name} was dropped: the workbench fetches nothing." for name in _DROPPED if whole.pop(name, None) is not None]
    hook = serving.services[service].hook
    if whole["hook"] != hook:
        raise BadRequest(f"The request is for another hook than the service: choose a service that answers it, or send {hook}.")
    context = whole.get("context")
    asked = [whole.get("prefetch"), *(context.values() if isinstance(context, Mapping) else ())]
    resources = tuple(_inside(asked))
    _count(len(resources))
    request = read_request(orjson.dumps(whole), service=service, hook=hook, depth=DEPTH)
    return Pasted(replace(request, service=service), resources, tuple(said))


def _of_resources(resources: tuple[Resource, ...], serving: Serving, service: str) -> Pasted:
    patients = {str(one.get("id", "")) for one in resources if one["resourceType"] == "Patient"} or set(_subjects(resources))
    if len(patients) > 1:
        raise BadRequest(f"There are {len(patients)} patients in this: paste the resources of one.")
    patient = next(iter(patients), "") or "example"
    hook = HOOKS[serving.services[service].hook]
    drafts = [one for one in resources if one["resourceType"] in _DRAFTS and one.get("status") == "draft"] if hook.drafts else []
    drafted = {id(one) for one in drafts}
    at_hand = [one for one in resources if id(one) not in drafted]
    said = [
        f"Asked as the hook {hook.name}, with what was pasted as the whole chart: a type that is not there counts as looked for and empty."
    ]
    if hook.drafts:
        said.append(f"Drafted orders in it: {len(drafts)} (ServiceRequest or MedicationRequest with the status draft).")
    request = HookRequest(
        hook=hook.name,
        hook_instance=_INSTANCE,
        service=service,
        patient_id=patient,
        user_id="Practitioner/example",
        drafts=orjson.dumps(bundle(drafts)) if hook.drafts else b"",
        selections=tuple(f"{one['resourceType']}/{one.get('id', '')}" for one in drafts) if hook.selections else None,
        prefetch=answered(serving.plans[service], at_hand),
    )
    return Pasted(request, resources, tuple(said))


def _resources(values: list[Any]) -> Iterator[Resource]:
    """Every resource of a list, those of Bundles one by one."""
    for place, value in enumerate(values):
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            raise BadRequest(f"Entry {place + 1} is no FHIR resource: it has no resourceType.")
        if value["resourceType"] == "Bundle":
            entries = value.get("entry")
            inside = [one.get("resource") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
            yield from _resources([one for one in inside if one is not None])
        else:
            yield value


def _inside(values: list[Any]) -> Iterator[Resource]:
    """The resources of a request's own parts, whatever else stands beside them; reading judges them."""
    for value in values:
        if isinstance(value, Mapping) and isinstance(value.get("resourceType"), str):
            entries = value.get("entry") if value["resourceType"] == "Bundle" else None
            if value["resourceType"] != "Bundle":
                yield dict(value)
            elif isinstance(entries, list):
                yield from _inside([one.get("resource") for one in entries if isinstance(one, Mapping)])
        elif isinstance(value, Mapping):
            yield from _inside(list(value.values()))


def _count(resources: int) -> None:
    if resources > ENTRIES:
        raise TooLarge(f"There are {resources} resources in this: paste at most {ENTRIES}.")


def _subjects(resources: tuple[Resource, ...]) -> Iterator[str]:
    """The patients that resources name, where no Patient stands among them."""
    for one in resources:
        subject = one.get("subject") or one.get("patient")
        reference = subject.get("reference") if isinstance(subject, Mapping) else None
        if isinstance(reference, str) and "Patient/" in reference:
            yield reference.rsplit("Patient/", 1)[1].split("/")[0]


def resources_of_request(request: HookRequest) -> tuple[Resource, ...]:
    """The resources that a request carries, for people to look at."""
    texts = [*request.prefetch.values(), *([request.drafts] if request.drafts else [])]
    return tuple(_inside([orjson.loads(text) for text in texts]))
