"""Running a pack's cases, with coverage and mutation where asked: what `test` and `watch` call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from exercise_cds.authoring.check import Checked
from exercise_cds.authoring.coverage import coverage
from exercise_cds.authoring.mutation import Mutation, Trials, mutate
from exercise_cds.authoring.results import Results
from exercise_cds.authoring.runner import Ran, Runner
from exercise_cds.rulepack import Case

Step = Callable[[int], None]
Begin = Callable[[str, int], Step]
"""(what begins, how many steps it has) -> what is told of each step."""


def _nobody_watches(_what: str, _steps: int) -> Step:
    return lambda _: None


def chosen(cases: Sequence[Case], only: Sequence[str]) -> tuple[Case, ...]:
    """The cases that are meant: by name, by a part of it, by file, or by `file:line`; all where nothing is named."""
    return tuple(case for case in cases if not only or any(_is_meant(case, word) for word in only))


def _is_meant(case: Case, word: str) -> bool:
    place = f"{case.where.file}:{case.where.line}"
    short = case.where.file.rpartition("/")[2]
    places = {place, case.where.file, short, short.removesuffix(".yaml"), f"{short}:{case.where.line}"}
    return word in places or word.lower() in case.name.lower()


def run(  # noqa: PLR0913 - what may be asked of a run, by name
    checked: Checked,
    cases: Sequence[Case],
    *,
    with_coverage: bool = False,
    with_mutation: bool = False,
    processes: int | None = None,
    begin: Begin = _nobody_watches,
) -> Results:
    """Run cases of a pack that has no errors."""
    assert checked.pack is not None, "a pack with errors has no cases to run"
    ran: list[Ran] = []
    seconds: list[float] = []
    mutation: Mutation | None = None
    with Runner(checked.folder, checked.pack, overlay=checked.overlay) as runner:
        step = begin("cases", len(cases))
        for case in cases:
            started = perf_counter()
            ran.append(runner.run(case))
            seconds.append(perf_counter() - started)
            step(1)
        if with_mutation:
            trials = Trials(runner, ran)
            mutation = mutate(trials, processes=processes, step=begin("mutants", len(trials.mutants)))
    seen = coverage(checked.pack, ran) if with_coverage else None
    return Results(Path(checked.folder), checked.pack, tuple(ran), tuple(seconds), seen, mutation)
