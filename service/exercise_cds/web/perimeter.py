"""What is looked at before a body is read: who is addressed, from which page, with which headers, how large, of which kind.

Without authentication the process trusts whoever reaches loopback, and a browser on the same machine reaches it for any page it
shows: a foreign name that resolves to 127.0.0.1 is stopped by `Host`, a foreign page by `Origin` and `Sec-Fetch-Site`, and a form
by its media type. A request is refused in the order of hook_calls.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO

from exercise_cds.errors import BadRequest, Forbidden, HeaderTooLarge, TooLarge, TooSlow, WrongMediaType
from exercise_cds.settings import Settings
from exercise_cds.web.answers import SAFE_HEADERS

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?")
_MEDIA_TYPE = re.compile(r"application/json(?:\s*;\s*charset=(?:utf-8|\"utf-8\"))?", re.IGNORECASE)
_PIECE = 64 * 1024
_SWALLOWED = 4
"""A body that is too large is read on (and thrown away) up to so many times the limit, so that its sender hears the answer."""

Environ = Mapping[str, object]


def header_size(environ: Environ, most: int) -> None:
    """Raise HeaderTooLarge where one header line is longer than `most` bytes."""
    for name, text in environ.items():
        if name.startswith("HTTP_") and isinstance(text, str) and len(text) + len(name) > most:
            raise HeaderTooLarge(f"A header is longer than {most} bytes: send shorter headers.")


class Doors:
    """Which names and which pages may call; made once from the settings."""

    def __init__(self, settings: Settings) -> None:
        own = {"127.0.0.1", "localhost", "[::1]", f"[{settings.host}]" if ":" in settings.host else settings.host}
        named = frozenset(settings.allowed_hosts)
        self._hosts: frozenset[str] | None = named | own if settings.authentication == "none" else (named or None)
        self.origins = settings.origins

    def host(self, environ: Environ) -> None:
        """Raise BadRequest for a name that is not ours."""
        if self._hosts is None:
            return
        found = _HOST.fullmatch(str(environ.get("HTTP_HOST", "")).lower())
        if found is None or found.group(1) not in self._hosts:
            raise BadRequest("Host is not a name of this service: call it by a name that its setting allowed_hosts lists.")

    def page(self, environ: Environ) -> str:
        """The origin of a page that may read the answer, or "" where no page asks; raise Forbidden for a page of another site."""
        origin = str(environ.get("HTTP_ORIGIN", ""))
        if origin in self.origins and origin:
            return origin
        host = str(environ.get("HTTP_HOST", "")).lower()
        foreign = origin not in {"", f"http://{host}", f"https://{host}"}
        if foreign or environ.get("HTTP_SEC_FETCH_SITE", "none") not in {"none", "same-origin"}:
            raise Forbidden("Pages of other sites may not call this service: its setting cors_origins lists those that may.")
        return ""

    def of_answer(self, environ: Environ) -> list[tuple[str, str]]:
        """The headers of every answer, and for a page that may call its name: it may read why it was refused, too."""
        headers = [*SAFE_HEADERS.items()]
        if self.origins:
            headers.append(("Vary", "Origin"))
            if (origin := str(environ.get("HTTP_ORIGIN", ""))) in self.origins:
                headers.append(("Access-Control-Allow-Origin", origin))
        return headers


def media_type(environ: Environ) -> None:
    """Raise WrongMediaType unless the body says that it is JSON, not compressed (CH-006)."""
    if not _MEDIA_TYPE.fullmatch(str(environ.get("CONTENT_TYPE", "")).strip()):
        raise WrongMediaType("Content-Type must be application/json (in UTF-8).")
    if str(environ.get("HTTP_CONTENT_ENCODING", "")).strip().lower() not in {"", "identity"}:
        raise WrongMediaType("Content-Encoding must be identity: send the body uncompressed.")


def body(stream: IO[bytes], announced: int | None, most: int) -> bytes:
    """The body, read in pieces up to the limit, whether or not its length was announced. Raises TooLarge, TooSlow, BadRequest."""
    pieces: list[bytes] = []
    total = 0
    at_once = min(max(announced or 0, _PIECE), most)  # what comes as announced is not put together from pieces
    try:
        while piece := stream.read(at_once):
            total += len(piece)
            if total > most:
                _swallow(stream, most)
                break
            pieces.append(piece)
    except (BlockingIOError, TimeoutError):
        raise TooSlow("The body did not come in time: send it in one go.") from None
    except OSError:  # the caller hung up, or its chunks are no chunks: servers raise IOErrors of their own
        raise BadRequest("The body breaks off, or is not well formed in its chunks.") from None
    if total > most:
        raise TooLarge(f"The body is larger than {most} bytes: send less prefetch.")
    if announced is not None and total < announced:
        raise BadRequest("The body is shorter than its Content-Length.")
    return b"".join(pieces)


def _swallow(stream: IO[bytes], most: int) -> None:
    left = most * _SWALLOWED
    while left > 0 and (piece := stream.read(_PIECE)):
        left -= len(piece)
