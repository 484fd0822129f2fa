"""The engine: what rules say of facts, what is offered once withholding has won, and why. Pure; no I/O, no clock."""

from exercise_cds.engine.conditions import UnfitCondition
from exercise_cds.engine.durable import DurableFailed, EngineClosed
from exercise_cds.engine.engine import Engine
from exercise_cds.engine.misses import Miss, MissedLeaf
from exercise_cds.engine.trace import LeafTrace, NodeTrace, RuleTrace, Trace, as_json
from exercise_cds.engine.trial import Trial, try_out

__all__ = [
    "DurableFailed",
    "Engine",
    "EngineClosed",
    "LeafTrace",
    "Miss",
    "MissedLeaf",
    "NodeTrace",
    "RuleTrace",
    "Trace",
    "Trial",
    "UnfitCondition",
    "as_json",
    "try_out",
]
