"""The linter: what is wrong with a pack that loads, by reasoning about its conditions and by counting what is used.

Two lists of checks, read top to bottom. Errors are part of every load: a rule that can never fire is not served. Advice is for authors.
Nothing here samples: what is said is so for every chart, and where the search would be too long nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date

from exercise_cds.model.pack import RulePack
from exercise_cds.model.where import Finding
from exercise_cds.rulepack.lint import gaps, logic, use
from exercise_cds.rulepack.lint.solver import Solver
from exercise_cds.rulepack.report import Report

ERRORS: tuple[Callable[[RulePack, Solver, Report], None], ...] = (logic.never_true, logic.always_withheld)
REASONED: tuple[Callable[[RulePack, Solver, Report], None], ...] = (logic.always_true, logic.implied, logic.same_rules, gaps.gaps)
COUNTED: tuple[Callable[[RulePack, Report], None], ...] = (use.not_over_number, use.program_never_offered)
UNUSED: tuple[Callable[[RulePack, Report], None], ...] = (use.unused_facts, use.unused_evidence)
"""Left out where a site switches rules off: what these used is not unused."""


def errors(pack: RulePack, report: Report) -> None:
    """The checks whose findings keep a pack from being served."""
    solver = Solver(pack.facts)
    for check in ERRORS:
        check(pack, solver, report)


def advice(pack: RulePack, used: Collection[tuple[str, str]], today: date | None = None) -> tuple[Finding, ...]:
    """Every piece of advice. `used` is what the pack's files named (`Loaded.used`); without `today` no date is looked at."""
    report, solver = Report(), Solver(pack.facts)
    for check in REASONED:
        check(pack, solver, report)
    for count in COUNTED:
        count(pack, report)
    if today is not None:
        use.review_date_passed(pack, today, report)
    if not pack.disabled:
        for count in UNUSED:
            count(pack, report)
        use.unused_names(pack, used, report)
    return report.findings()
