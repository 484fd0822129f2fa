"""From an author's folder to a `RulePack`, or to findings with file, line and column. The only reader of YAML."""

from exercise_cds.rulepack.cases import Case, Cases, read_cases
from exercise_cds.rulepack.codes import CODES, FindingCode
from exercise_cds.rulepack.loader import Loaded, load
from exercise_cds.rulepack.mark import Mark, at_rest, mark
from exercise_cds.rulepack.pause import NO_PAUSE, PAUSE_RULE, Pause, paused, read_pause
from exercise_cds.rulepack.shapes.cases import Expectation
from exercise_cds.rulepack.stories import Story, read_story

__all__ = [
    "CODES",
    "NO_PAUSE",
    "PAUSE_RULE",
    "Case",
    "Cases",
    "Expectation",
    "FindingCode",
    "Loaded",
    "Mark",
    "Pause",
    "Story",
    "at_rest",
    "load",
    "mark",
    "paused",
    "read_cases",
    "read_pause",
    "read_story",
]
