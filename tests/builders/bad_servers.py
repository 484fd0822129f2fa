"""How a FHIR server can go wrong, by name: what it does with a query instead of answering well, and the words that the card gets."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from builders.fhir_server import FHIR, Asked, Line, Play, outcome

EMPTY = b'{"resourceType":"Bundle","type":"searchset"}'
UNREACHABLE = "could not be looked up, since the EHR's FHIR server could not be reached"
NO_FHIR = "could not be looked up, since what came was no FHIR"
LATE = "were not answered in time"
FAILED = "could not be looked up, since the EHR's FHIR server failed"
REFUSED = "were refused by the EHR's FHIR server"
UNREADABLE = "could not be read"
TOO_LARGE = "were too many to be read"
ODD = "could not be looked up"


def _says(status: int, body: bytes = b"", **headers: str) -> Play:
    return lambda line, _asked: line.body(body, status, **headers)


def _two_hundred(body: bytes, **headers: str) -> Play:
    return _says(200, body, **headers)


def _silent(line: Line, _asked: Asked) -> None:
    line.sleep(30)


def _head_in_drips(line: Line, _asked: Asked) -> None:
    line.drip(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 1_000)


def _body_in_drips(line: Line, _asked: Asked) -> None:
    line.head(content_length=str(len(EMPTY)))
    line.drip(EMPTY)


def _chunks_in_drips(line: Line, _asked: Asked) -> None:
    line.head(transfer_encoding="chunked")
    line.drip(b"".join(b"1\r\n%c\r\n" % letter for letter in EMPTY))


def _fast_drips(line: Line, _asked: Asked) -> None:
    """Never a step that is slow, and never an end."""
    line.head(transfer_encoding="chunked")
    line.drip(b"1\r\n \r\n" * 1_000_000, every=0.0005)


def _never_ready(line: Line, _asked: Asked) -> None:
    """100 Continue, again and again."""
    while not line.server.stopped.wait(0.02):
        line.raw(b"HTTP/1.1 100 Continue\r\n\r\n")


def _too_short(line: Line, _asked: Asked) -> None:
    line.head(content_length=str(len(EMPTY) + 100))
    line.raw(EMPTY)
    line.reset()


def _shorter_than_told(line: Line, _asked: Asked) -> None:
    """It says 100 bytes more than come, and keeps the line open."""
    line.head(content_length=str(len(EMPTY) + 100))
    line.raw(EMPTY)
    line.sleep(30)


def _chunks_cut(line: Line, _asked: Asked) -> None:
    line.head(transfer_encoding="chunked")
    line.raw(b"10\r\n" + EMPTY[:7])
    raise ConnectionAbortedError


def _longer_than_told(line: Line, _asked: Asked) -> None:
    line.head(content_length=str(len(EMPTY) - 5))
    line.raw(EMPTY)


def _resets(line: Line, _asked: Asked) -> None:
    line.reset()


def _no_http(line: Line, _asked: Asked) -> None:
    line.raw(b"SSH-2.0-OpenSSH_9.9\r\n")
    line.sleep(30)


def _endless_header(line: Line, _asked: Asked) -> None:
    line.raw(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not line.server.stopped.is_set():
        line.raw(b"x" * 65536)


def _bomb(line: Line, _asked: Asked) -> None:
    """A gigabyte of spaces in a megabyte."""
    pack = zlib.compressobj(9, wbits=31)
    line.head(content_encoding="gzip", transfer_encoding="chunked")
    spaces = b" " * (1 << 20)
    for _ in range(1_000):
        if packed := pack.compress(spaces):
            line.raw(b"%x\r\n%b\r\n" % (len(packed), packed))


def _endless_body(line: Line, _asked: Asked) -> None:
    line.head(transfer_encoding="chunked")
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    while not line.server.stopped.is_set():
        line.raw(piece)


def _json(value: Any) -> Play:
    return _two_hundred(json.dumps(value).encode())


_CONDITION = {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/example"}}
_DEEP = b'{"resourceType":"Bundle","type":"searchset","entry":' + b"[" * 200_000 + b"]" * 200_000 + b"}"

NOTHING_TO_USE: Mapping[str, tuple[Play, str]] = {
    "silence for 30 s": (_silent, LATE),
    "a head, a byte every 100 ms": (_head_in_drips, LATE),
    "a body, a byte every 100 ms": (_body_in_drips, LATE),
    "chunks, a byte every 100 ms": (_chunks_in_drips, LATE),
    "quick chunks without an end": (_fast_drips, LATE),
    "100 Continue without an end": (_never_ready, LATE),
    "a length that never comes": (_shorter_than_told, LATE),
    "a reset": (_resets, UNREACHABLE),
    "a body cut by a reset": (_too_short, UNREACHABLE),
    "chunks cut short": (_chunks_cut, UNREACHABLE),
    "a length that is too short": (_longer_than_told, UNREADABLE),
    "another protocol": (_no_http, UNREACHABLE),
    "a header without an end": (_endless_header, UNREACHABLE),
    "a redirect": (_says(302, location="/fhir/Elsewhere"), ODD),
    "a redirect to another host": (_says(307, location="https://evil.example.org/fhir/Condition"), ODD),
    "202 Accepted": (_says(202, EMPTY), ODD),
    "206 Partial Content": (_says(206, EMPTY), ODD),
    "401": (_says(401), REFUSED),
    "403": (_says(403, json.dumps(outcome("forbidden")).encode()), REFUSED),
    "404": (_says(404), "are not known to the EHR's FHIR server"),
    "429": (_says(429, retry_after="1"), "could not be looked up, since the EHR's FHIR server is busy"),
    "500": (_says(500, b"Traceback (most recent call last)", content_type="text/plain"), FAILED),
    "503": (_says(503), FAILED),
    "HTML with 200": (_two_hundred(b"<html>please log in</html>", content_type="text/html"), NO_FHIR),
    "HTML that says it is FHIR": (_two_hundred(b"<html>please log in</html>"), UNREADABLE),
    "XML": (_two_hundred(b'<Bundle xmlns="http://hl7.org/fhir"/>', content_type="application/fhir+xml"), NO_FHIR),
    "no content type": (_two_hundred(EMPTY, content_type=""), NO_FHIR),
    "another character set": (_two_hundred(EMPTY, content_type=f"{FHIR}; charset=iso-8859-1"), NO_FHIR),
    "a packing that nobody asked for": (_two_hundred(EMPTY, content_encoding="br"), NO_FHIR),
    "gzip that is none": (_two_hundred(EMPTY, content_encoding="gzip"), UNREADABLE),
    "gzip cut short": (_two_hundred(gzip.compress(EMPTY)[:-9], content_encoding="gzip"), UNREADABLE),
    "gzip and more": (_two_hundred(gzip.compress(EMPTY) + b"more", content_encoding="gzip"), UNREADABLE),
    "a gzip bomb": (_bomb, TOO_LARGE),
    "a body without an end": (_endless_body, TOO_LARGE),
    "an empty body": (_two_hundred(b""), UNREADABLE),
    "cut JSON": (_two_hundred(EMPTY[:-7]), UNREADABLE),
    "no UTF-8": (_two_hundred(b'{"resourceType":"Bundle","\xff":1}'), UNREADABLE),
    "nested 200,000 deep": (_two_hundred(_DEEP), UNREADABLE),
    "a name twice": (_two_hundred(EMPTY[:-1] + b',"type":"searchset"}'), UNREADABLE),
    "null": (_two_hundred(b"null"), UNREADABLE),
    "a list": (_two_hundred(b"[]"), UNREADABLE),
    "an OperationOutcome with 200": (_json(outcome("exception")), "could not be looked up"),
    "a Bundle of an OperationOutcome": (
        _json({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": outcome("exception")}]}),
        "could not be looked up",
    ),
    "one resource for a search": (_json(_CONDITION), NO_FHIR),
    "the wrapper of old prefetch": (_json({"response": {"status": "200 OK"}, "resource": json.loads(EMPTY)}), NO_FHIR),
    "a type that FHIR does not have": (_json({"resourceType": "Bundel"}), NO_FHIR),
}
"""Each leaves its prefetch key without anything; the words follow the key's noun."""


def _other_patient(line: Line, asked: Asked) -> None:
    """The right question, and somebody else's chart."""
    resource = _CONDITION | {"resourceType": asked.type, "subject": {"reference": "Patient/somebody-else"}}
    line.json({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": resource}]})


def _page_with(link: str) -> Play:
    def play(line: Line, asked: Asked) -> None:
        resource = _CONDITION | {"resourceType": asked.type, "status": "active", "intent": "order", "id": f"n{len(line.server.asked)}"}
        url = link.format(base=line.server.base, n=len(line.server.asked), port=line.server.port)
        line.json(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "entry": [{"resource": resource}],
                "link": [{"relation": "next", "url": url}],
            }
        )

    return play


FOREIGN_NEXT = {
    "another host": "https://evil.example.org/fhir/Condition?page=2",
    "another port": "https://127.0.0.1:1/fhir/Condition?page=2",
    "another scheme": "http://127.0.0.1:{port}/fhir/Condition?page=2",
    "another path": "https://127.0.0.1:{port}/other/Condition?page=2",
    "a path that only begins alike": "https://127.0.0.1:{port}/fhirs/Condition?page=2",
    "a step up": "{base}/../other/Condition?page=2",
    "an encoded step up": "{base}/%2e%2e/other/Condition?page=2",
    "a twice encoded step up": "{base}/%252e%252e/other?page=2",
    "an encoded slash": "{base}/..%2fother?page=2",
    "a backslash": "https://127.0.0.1:{port}\\@evil.example.org/fhir/x",
    "a user": "https://me@127.0.0.1:{port}/fhir/Condition?page=2",
    "a host behind two slashes": "//evil.example.org/fhir/Condition?page=2",
    "a line break": "{base}/Condition?page=2\r\nX-Injected: yes",
    "another protocol": "file:///etc/passwd",
    "no link at all": "",
}
"""Next links that lead out of the FHIR server."""

NOT_WHOLE: Mapping[str, tuple[Play, str]] = {
    "another patient's Bundle": (_other_patient, "are not all known to be this patient's"),
    "endless pages": (_page_with("{base}/Condition?page={n}"), "were not all sent"),
    "a page that follows itself": (_page_with("{base}/Condition?page=1"), "were not all sent"),
} | {f"next is {name}": (_page_with(link), "were not all sent") for name, link in FOREIGN_NEXT.items()}
"""Each brings something, and its key stays incomplete."""
