"""A caller's mistakes (law 8): each is a `CdsError` with the HTTP status that tells the caller what to change.

    CdsError
    |-- BadRequest            400  malformed body, envelope, context; another patient's data
    |-- Unauthorized          401  says nothing (CH-139)
    |-- Forbidden             403  this client may not call this; a page of another site
    |-- NotFound              404  no such service
    |-- NotAllowed            405  method
    |-- TooSlow               408  the body did not come in time
    |-- DataUnobtainable      412  names what is missing (CH-057)
    |-- TooLarge              413  body, entries
    |-- WrongMediaType        415  content type, content encoding
    |-- HeaderTooLarge        431
    |-- TooManyRequests       429  with Retry-After
    `-- Unavailable           503  with Retry-After

Sentences never carry a value of the chart, a token or a path of this machine.
"""

from __future__ import annotations

from typing import ClassVar


class CdsError(Exception):
    """A caller's mistake. `sentence` is shown to the caller; `code` is a FHIR issue-type code."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid"

    def __init__(self, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after = retry_after


class BadRequest(CdsError):
    """400: the sentence says what to change."""


class Unauthorized(CdsError):
    """401: the body is constant; `reason` goes to the log only (SEC-01).

    So do `issuer` where it is one of ours, and `tenant` and `jti` where the signature was good; never the token.
    """

    status = 401
    code = "login"

    def __init__(self, reason: str, *, issuer: str = "", tenant: str = "", jti: str = "") -> None:
        super().__init__("Authentication is required.")
        self.reason = reason
        self.issuer = issuer
        self.tenant = tenant
        self.jti = jti


class Forbidden(CdsError):
    """403."""

    status = 403
    code = "forbidden"


class NotFound(CdsError):
    """404."""

    status = 404
    code = "not-found"


class NotAllowed(CdsError):
    """405; `allow` are the methods that the path takes."""

    status = 405
    code = "not-supported"

    def __init__(self, sentence: str, allow: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.allow = allow


class TooSlow(CdsError):
    """408: the connection is of no further use."""

    status = 408
    code = "timeout"


class DataUnobtainable(CdsError):
    """412: what the pack requires was neither in prefetch nor to be had from the FHIR server (CH-057)."""

    status = 412
    code = "required"


class TooLarge(CdsError):
    """413."""

    status = 413
    code = "too-long"


class WrongMediaType(CdsError):
    """415."""

    status = 415
    code = "not-supported"


class TooManyRequests(CdsError):
    """429."""

    status = 429
    code = "throttled"


class HeaderTooLarge(CdsError):
    """431."""

    status = 431
    code = "too-long"


class Unavailable(CdsError):
    """503."""

    status = 503
    code = "transient"
