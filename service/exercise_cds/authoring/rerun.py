"""Runs a pack's cases again after a save, and only as much of each as the save can have touched.

A visit is a chain of stages, and each is a function of what it is handed. So what came of a stage is kept where all that it is handed
is equal to what it was handed before: the same case of a pack with the same digest keeps its result; a case whose facts are read and
derived as before is decided again from them. Whatever differs then, and every case that fails, is asked again from the beginning.
"""

from __future__ import annotations

from itertools import count
from time import perf_counter

from exercise_cds.authoring.chart_builder import PATIENT
from exercise_cds.authoring.check import Checked
from exercise_cds.authoring.expectations import WORDS, differences
from exercise_cds.authoring.results import Results
from exercise_cds.authoring.runner import USER, Ran, Runner, SettingsUnfit
from exercise_cds.cards import Composed
from exercise_cds.cds_service import Examination, Serving
from exercise_cds.model.decision import Decision, Gate
from exercise_cds.rulepack import Case

_UNSAID = Composed([], ())


class Rerun:
    """One run of a checked pack's cases, held against the run before it."""

    def __init__(self, checked: Checked, before: Rerun | None = None) -> None:
        """`before` is used up by `run`: it can be held against no second one."""
        assert checked.pack is not None, "a pack with errors has no cases to run"
        self._checked = checked
        self.pack = checked.pack
        self._before = before if before is not None and not before.superseded else None
        self._same_pack = self._before is not None and self._before.pack.digest == self.pack.digest
        kept = self._before.runner if self._before is not None and self._same_pack else None
        self.runner: Runner = kept or Runner(checked.folder, self.pack, overlay=checked.overlay)
        self.superseded: bool = False
        """Another run was held against this one: its engines are closed, or are the other's."""
        self.ran: dict[str, Ran] = {}
        self._alike: dict[tuple[str, tuple[tuple[str, float], ...]], bool] = {}
        self.whole = 0
        """How many cases were asked from the beginning."""

    def run(self) -> Results:
        """The result of every case, the same as without anything kept."""
        seconds = []
        for case in self._checked.cases:
            started = perf_counter()
            self.ran[case.name] = self._run(case)
            seconds.append(perf_counter() - started)
        if self._before is not None:
            self._before.superseded = True
            if self._before.runner is not self.runner:
                self._before.runner.close()
        self._before = None
        return Results(self._checked.folder, self.pack, tuple(self.ran.values()), tuple(seconds))

    def _run(self, case: Case) -> Ran:
        last = None if self._before is None else self._before.ran.get(case.name)
        # A whole request is a file of its own, which may have been saved too.
        if last is not None and case.request is None:
            if self._same_pack and last.case == case:
                return Ran(case, last.seen, last.differences)
            if _asks_alike(case, last.case) and self._reads_alike(case) and (again := self._decided(case, last.seen)) is not None:
                return again
        self.whole += 1
        return self.runner.run(case)

    def _reads_alike(self, case: Case) -> bool:
        """Whether the packs of both runs, with the case's settings, derive the same facts of every chart."""
        key = case.service, tuple(sorted(case.settings.items()))
        if key not in self._alike:
            before = None if self._before is None else self._before.runner.compiled(case.settings)
            now = None if before is None else self._now(case)
            self._alike[key] = before is not None and now is not None and _read_alike(before, now, case.service)
        return self._alike[key]

    def _now(self, case: Case) -> Serving | None:
        """The pack with the case's settings; None where it does not stand with them."""
        try:
            return self.runner.serving(case.settings)
        except SettingsUnfit:
            return None

    def _decided(self, case: Case, seen: Examination) -> Ran | None:
        """The case decided again from the same facts; None where it must be asked from the beginning."""
        if seen.facts is None or seen.unobtainable:
            return None
        serving = self.runner.serving(case.settings)
        decision = serving.engine.decide(case.service, seen.facts)
        if seen.decision.service_gate is Gate.CLOSED and decision.service_gate is not Gate.CLOSED:
            return None  # only now does it matter whether something required could not be had
        composed = self._composed(case, seen, decision) if WORDS & case.expect.model_fields_set else _UNSAID
        new = Examination(seen.decision_id, decision, composed, seen.chart, seen.facts)
        return None if differences(case.expect, new) else Ran(case, new, ())

    def _composed(self, case: Case, seen: Examination, decision: Decision) -> Composed:
        assert seen.facts is not None
        numbers = count(1)
        return self.runner.serving(case.settings).composer.compose(
            case.service,
            decision,
            seen.facts,
            patient_id=PATIENT,
            user_id=USER,
            decision_id=seen.decision_id,
            new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
            today=case.today,
        )


def _asks_alike(case: Case, before: Case) -> bool:
    """Whether only what is expected may differ."""
    return (case.today, case.service, case.settings, case.given, case.request) == (
        before.today, before.service, before.settings, before.given, before.request,
    )  # fmt: skip


def _read_alike(before: Serving, now: Serving, service: str) -> bool:
    """Whether all that is handed to the stages before the decision is equal: plan, facts, value sets."""
    old, new = before.pack, now.pack
    return (
        service in before.services
        and service in now.services
        and before.services[service].hook == now.services[service].hook
        and before.plans[service].facts == now.plans[service].facts
        and (old.prefetch, old.unchecked, old.required) == (new.prefetch, new.unchecked, new.required)
        and before.deriver.alike(now.deriver)
    )
