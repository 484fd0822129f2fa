"""A hook request in a file, with the story beside it: what an author or an operator hands to `explain`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from exercise_cds.cds_service import Serving
from exercise_cds.envelope import read_request, top_level_hook
from exercise_cds.errors import BadRequest
from exercise_cds.fhir import Limits
from exercise_cds.model.where import Finding
from exercise_cds.rulepack import Story, read_story
from exercise_cds.wire import HookRequest

STORY = "story.yaml"


class BadStory(BadRequest):
    """The story.yaml beside a request is not as it must be."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(finding) for finding in findings))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the day of asking that its story pins."""

    request: HookRequest
    as_of: date | None = None
    story: Story | None = None


def read_request_file(path: Path, serving: Serving, *, service: str | None = None, limits: Limits | None = None) -> Asked:
    """Read a request as the server would. Raises BadRequest with the same sentences."""
    story = _story_beside(path)
    body = path.read_bytes()
    limits = limits or Limits()
    name = service or (story.service if story else None) or _service_for(top_level_hook(body, limits.depth), serving)
    if name not in serving.services:
        raise BadRequest(f"The pack has no service {name!r}; it has {', '.join(serving.services)}.")
    request = read_request(body, service=name, hook=serving.services[name].hook, depth=limits.depth, http_fhir_servers=True)
    return Asked(replace(request, service=name), story.as_of if story else None, story)


def _story_beside(path: Path) -> Story | None:
    beside = path.with_name(STORY)
    if not beside.is_file():
        return None
    story, findings = read_story(beside)
    if story is None:
        raise BadStory(findings)
    return story


def _service_for(hook: str, serving: Serving) -> str:
    """The first service that answers the hook."""
    for name, service in serving.services.items():
        if service.hook == hook:
            return name
    known = ", ".join(sorted({service.hook for service in serving.services.values()}))
    raise BadRequest(f"No service of this pack answers the request's hook; they answer {known}.")
