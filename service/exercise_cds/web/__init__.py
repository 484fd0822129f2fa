"""The doors for EHRs and operators: HTTP in, HTTP out. No clinical word is spoken here."""

from exercise_cds.web.app import create_app

__all__ = ["create_app"]
