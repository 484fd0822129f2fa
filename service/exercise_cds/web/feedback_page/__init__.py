"""The feedback page: what clinicians did with the cards, live, for a committee."""

from exercise_cds.web.feedback_page.blueprint import blueprint

__all__ = ["blueprint"]
