"""The engine: what rules say of facts, what is offered once withholding has won, and why. Pure; no I/O, no clock."""

from exercise_cds.engine.alone import Alone, Slots, read_condition
from exercise_cds.engine.conditions import PlannedRule, UnfitCondition
from exercise_cds.engine.durable import DurableFailed, EngineClosed
from exercise_cds.engine.engine import Engine
from exercise_cds.engine.misses import Miss, MissedLeaf
from exercise_cds.engine.trace import LeafTrace, NodeTrace, RuleTrace, Trace, as_json
from exercise_cds.engine.trial import Trial, try_out

__all__ = [
    "Alone",
    "DurableFailed",
    "Engine",
    "EngineClosed",
    "LeafTrace",
    "Miss",
    "MissedLeaf",
    "NodeTrace",
    "PlannedRule",
    "RuleTrace",
    "Slots",
    "Trace",
    "Trial",
    "UnfitCondition",
    "as_json",
    "read_condition",
    "try_out",
]
