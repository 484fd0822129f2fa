"""Asks a service, and counts: every answer is believed in nothing, read in pieces, and bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from exercise_cds.security import Signer

MOST = 100
"""Requests of one examination."""
ENDPOINT = "/cds-services"
_SECONDS = 15
_LARGEST = 5 * 1024 * 1024
_PIECE = 64 * 1024


class Unanswered(Exception):
    """The service did not answer at all; the sentence says which request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: bytes
    body: Any
    """The JSON, or None where it is none."""

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON, and is."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json" and self.body is not None


class Visitor:
    """One client of one service. Signs where it has a key; the audience is the address that is called, below `base_url` where given."""

    def __init__(self, url: str, signer: Signer | None = None, base_url: str | None = None) -> None:
        self.base = url.rstrip("/").removesuffix(ENDPOINT)
        self.signer = signer
        self._known_as = (base_url or self.base).rstrip("/").removesuffix(ENDPOINT)
        self.asked = 0

    def audience(self, path: str) -> str:
        """What a token for this path names."""
        return f"{self._known_as}{path}"

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """POST a JSON body, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, data, {"Content-Type": "application/json", **headers})

    def send(self, method: str, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request. A header Authorization of "" goes unsigned. Raises Unanswered."""
        if self.asked >= MOST:
            raise Unanswered(f"the examination would need more than {MOST} requests")
        self.asked += 1
        sent = {"Accept": "application/json", **(headers or {})}
        if "Authorization" not in sent and self.signer is not None:
            sent["Authorization"] = f"Bearer {self.signer.token(self.audience(path))}"
        if not sent.get("Authorization", "x"):
            del sent["Authorization"]
        try:
            with requests.Session() as session:
                session.trust_env = False  # no .netrc, which would replace our token
                with session.request(
                    method, f"{self.base}{path}", data=data, headers=sent, timeout=_SECONDS, allow_redirects=False, stream=True
                ) as answer:
                    return _read(answer)
        except (requests.RequestException, HTTPError, OSError) as fault:
            raise Unanswered(f"{method} {path} was not answered ({type(fault).__name__})") from None


def _read(answer: requests.Response) -> Answer:
    pieces, total = [], 0
    for piece in answer.iter_content(_PIECE):
        pieces.append(piece)
        total += len(piece)
        if total > _LARGEST:
            raise Unanswered(f"an answer is larger than {_LARGEST} bytes")
    text = b"".join(pieces)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, text, body)
