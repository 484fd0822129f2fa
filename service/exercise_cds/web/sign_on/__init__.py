"""The operators' sign-on: who may see pages for people on the operators' port."""

from exercise_cds.web.sign_on.gate import gate
from exercise_cds.web.sign_on.who import NotSignedOn, SignOn, read_passwords, sign_on_of

__all__ = ["NotSignedOn", "SignOn", "gate", "read_passwords", "sign_on_of"]
