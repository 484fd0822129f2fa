"""From a Decision to cards. Pure: no I/O, no clock; uuids and the day are handed in."""

from exercise_cds.cards.composer import EXTENSION, Composed, Composer
from exercise_cds.cards.invariants import broken_invariants
from exercise_cds.cards.sentences import rule_sentence, sentence

__all__ = ["EXTENSION", "Composed", "Composer", "broken_invariants", "rule_sentence", "sentence"]
