"""The calendar itself changes nothing: all dates and the clock moved together."""

from __future__ import annotations

import re
from typing import Any

from exercise_cds.authoring.chart_builder import resources_of
from laws.patients import TODAY, ask, every_shard, patients, wordless

CYCLE = 28
"""Years after which dates fall on the same days of the week, leap years included, within one century."""
_YEAR = re.compile(r"^(19|20)\d\d(?=-|$)")


def later(value: Any) -> Any:
    """Every date of a resource, one cycle of the calendar later."""
    match value:
        case dict():
            return {key: later(one) for key, one in value.items()}
        case list():
            return [later(one) for one in value]
        case str() if found := _YEAR.match(value):
            return f"{int(found.group()) + CYCLE}{value[4:]}"
    return value


@every_shard
def test_the_calendar_itself_changes_nothing(shard: int) -> None:
    """All dates and the day of asking moved together by a whole cycle of the calendar: the same answer."""
    for one in patients(shard):
        seen = ask(one.patient, later(resources_of(one.patient.given, TODAY)), years=CYCLE, with_=wordless())
        assert (seen.decision, seen.unobtainable) == (one.decision, one.unobtainable), one.patient
