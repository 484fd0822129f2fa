"""Runs a pack's cases through the steward: the same rooms in the same order as the server, with the case's day as the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import count
from pathlib import Path
from typing import Self

import orjson

from exercise_cds.authoring.chart_builder import PATIENT, bundle, drafts_of, resources_of
from exercise_cds.authoring.expectations import differences
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.cards import Composed
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.errors import CdsError
from exercise_cds.fhir.folder import answered
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Decision, Gate, Outcome
from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import Case, load
from exercise_cds.wire import HookRequest

NOON = time(12, tzinfo=UTC)
USER = "Practitioner/example"
_REFUSED = Examination("", Decision(Outcome.NOTHING_TO_ADVISE, Gate.CLOSED, Gate.CLOSED), Composed([], ()))
"""What is seen of a request that was refused."""


class SettingsUnfit(ValueError):
    """Settings that a case tries, each within its bounds, make a mistake of the pack: a rule that can never fire, for one."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One case and what came of it; `differences` is empty where it passed."""

    case: Case
    seen: Examination
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the answer is as expected."""
        return not self.differences


class Runner:
    """Runs cases of one pack. Packs with changed settings are linked once per set of settings; all are open until `close`."""

    def __init__(self, folder: Path, pack: RulePack, *, overlay: Path | None = None) -> None:
        self._folder = folder
        self._overlay = overlay
        self._serving: dict[tuple[tuple[str, float], ...], Serving] = {(): prepare(pack, named_services=frozenset(pack.services))}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back what the engines hold; no case can be run afterwards."""
        for serving in self._serving.values():
            serving.engine.close()
        self._serving.clear()

    def run(self, case: Case) -> Ran:
        """Ask the steward, and hold the answer against what the case expects; only where they differ is it explained."""
        try:
            seen = self.examine(case, explained=False)
        except CdsError as refused:  # a whole request that no service would take
            return Ran(case, _REFUSED, (f"the service answers {refused.status}: {refused.sentence}",))
        except SettingsUnfit as unfit:
            return Ran(case, _REFUSED, (str(unfit),))
        found = differences(case.expect, seen)
        return Ran(case, self.examine(case) if found else seen, found)

    def examine(self, case: Case, *, explained: bool = True) -> Examination:
        """The visit of one case. The trace takes longer than all the rest; whoever asks many cases leaves it out."""
        serving = self.serving(case.settings)
        numbers = count(1)
        service = CdsService(serving, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")
        now = datetime.combine(case.today, NOON)
        request = request_of(case, serving)
        return service.examine(request, ANONYMOUS, now) if explained else service.visit(request, ANONYMOUS, now)

    def serving(self, settings: Mapping[str, float]) -> Serving:
        """The pack with these settings, compiled; without any, as it stands. Raises SettingsUnfit."""
        key = _key(settings)
        if key not in self._serving:
            loaded = load(self._folder, self._overlay, settings=settings)
            if loaded.pack is None:
                sentences = "; ".join(str(finding) for finding in loaded.findings)
                raise SettingsUnfit(f"the pack does not stand with these settings: {sentences}")
            self._serving[key] = prepare(loaded.pack, named_services=frozenset(loaded.pack.services))
        return self._serving[key]

    def compiled(self, settings: Mapping[str, float]) -> Serving | None:
        """The same if a case has asked for it before: what was linked then, not what the files hold now."""
        return self._serving.get(_key(settings))


def _key(settings: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(settings.items()))


def request_of(case: Case, serving: Serving) -> HookRequest:
    """The hook request that an EHR would send for the case's chart, or the case's own whole request."""
    if case.request is not None:
        return read_request_file(case.request, serving, service=case.service).request
    hook = HOOKS[serving.services[case.service].hook]
    drafts = drafts_of(case.given, case.today)
    prefetch = answered(
        serving.plans[case.service],
        resources_of(case.given, case.today),
        not_obtained=frozenset(case.given.get("not_obtained") or ()),
    )
    return HookRequest(
        hook=hook.name,
        hook_instance="00000000-0000-4000-8000-000000000000",
        service=case.service,
        patient_id=PATIENT,
        user_id=USER,
        drafts=orjson.dumps(bundle(drafts)) if hook.drafts else b"",
        selections=tuple(f"{draft['resourceType']}/{draft['id']}" for draft in drafts) if hook.selections else None,
        prefetch=prefetch,
    )
