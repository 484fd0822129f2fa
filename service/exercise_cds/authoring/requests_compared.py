"""Two packs asked the same questions: a pack's cases, or a folder of real requests. Who gains, loses or changes a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import count
from pathlib import Path

from exercise_cds.authoring.answers_compared import differences
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.authoring.runner import request_of
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.errors import CdsError
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import Case
from exercise_cds.wire import HookRequest

NOON = time(12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Compared:
    """One question and what differs; `refused` where a pack would not take it."""

    name: str
    differences: tuple[str, ...]
    refused: str = ""


class Both:
    """Two packs, compiled."""

    def __init__(self, old: RulePack, new: RulePack) -> None:
        self._old = prepare(old, named_services=frozenset(old.services))
        self._new = prepare(new, named_services=frozenset(new.services))

    def cases(self, cases: Sequence[Case]) -> Iterator[Compared]:
        """Cases of the new pack without settings of their own; a service that the old pack lacks is passed over."""
        for case in cases:
            if not case.settings and case.service in self._old.services and case.service in self._new.services:
                yield self._compared(f"{case.where.file}:{case.where.line} {case.name}", case)

    def requests(self, folder: Path, on: date) -> Iterator[Compared]:
        """Every request (*.json) of a folder; a story.yaml beside one may name its day."""
        for path in sorted(path for path in folder.rglob("*.json") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            try:
                asked = read_request_file(path, self._new)
                found = self._differences(asked.request, asked.request, asked.as_of or on)
            except CdsError as refusal:
                yield Compared(name, (), f"{refusal.status}: {refusal.sentence}")
            else:
                yield Compared(name, found)

    def _compared(self, name: str, case: Case) -> Compared:
        try:
            return Compared(name, self._differences(request_of(case, self._old), request_of(case, self._new), case.today))
        except CdsError as refusal:
            return Compared(name, (), f"{refusal.status}: {refusal.sentence}")

    def _differences(self, old: HookRequest, new: HookRequest, on: date) -> tuple[str, ...]:
        return differences(_asked(self._old, old, on), _asked(self._new, new, on))


def _asked(serving: Serving, request: HookRequest, on: date) -> Examination:
    numbers = count(1)
    service = CdsService(serving, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")
    return service.visit(request, ANONYMOUS, datetime.combine(on, NOON))
