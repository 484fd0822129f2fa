"""What each kind of file may hold, as pydantic shapes: strict, no key too many. JSON Schemas for editors are generated from them.

A shape knows nothing of other files: that a program named here exists is the linking stages' business. Keys and values that a
later stage replaces in a schema made for one pack (the enumeration of its programs, say) carry `x-names`.
"""

from exercise_cds.rulepack.shapes.cases import CasesFile, CaseShape
from exercise_cds.rulepack.shapes.facts import FactsFile, FactShape
from exercise_cds.rulepack.shapes.overlay import OverlayFile
from exercise_cds.rulepack.shapes.pack import PackFile
from exercise_cds.rulepack.shapes.programs import CitationShape, EvidenceFile, ProgramFile
from exercise_cds.rulepack.shapes.rules import RulesFile, RuleShape
from exercise_cds.rulepack.shapes.valuesets import ValueSetFile
from exercise_cds.rulepack.shapes.vocabulary import Shape

__all__ = [
    "CaseShape",
    "CasesFile",
    "CitationShape",
    "EvidenceFile",
    "FactShape",
    "FactsFile",
    "OverlayFile",
    "PackFile",
    "ProgramFile",
    "RuleShape",
    "RulesFile",
    "Shape",
    "ValueSetFile",
]
