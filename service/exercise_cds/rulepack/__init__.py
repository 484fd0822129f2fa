"""From an author's folder to a `RulePack`, or to findings with file, line and column. The only reader of YAML."""

from exercise_cds.rulepack.codes import CODES, FindingCode
from exercise_cds.rulepack.loader import Loaded, load

__all__ = ["CODES", "FindingCode", "Loaded", "load"]
