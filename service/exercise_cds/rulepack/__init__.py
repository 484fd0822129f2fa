"""From an author's folder to a `RulePack`, or to findings with file, line and column. The only reader of YAML."""

from exercise_cds.rulepack.cases import Case, Cases, read_cases
from exercise_cds.rulepack.codes import CODES, FindingCode
from exercise_cds.rulepack.loader import Loaded, load
from exercise_cds.rulepack.shapes.cases import Expectation
from exercise_cds.rulepack.stories import Story, read_story

__all__ = ["CODES", "Case", "Cases", "Expectation", "FindingCode", "Loaded", "Story", "load", "read_cases", "read_story"]
