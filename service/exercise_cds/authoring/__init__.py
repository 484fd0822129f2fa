"""The author's bench: run a pack's cases, explain an answer, compare packs. It asks the very same steward as the server."""

from exercise_cds.authoring.runner import Ran, Runner

__all__ = ["Ran", "Runner"]
