"""The command `exercise-cds`: what a rule author and an operator type."""

from exercise_cds.cli.commands import main

__all__ = ["main"]
