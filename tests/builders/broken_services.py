"""Two small CDS services that break rules of the guide, each in its own way, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Reply: TypeAlias = "tuple[int, Any, dict[str, str]]"
"""Status, body, headers."""

GOOD_CARD = {"uuid": "5c0a8b9e-0000-4000-8000-000000000001", "summary": "Fits", "indicator": "info", "source": {"label": "Tests"}}
ENTRY = {"hook": "patient-view", "id": "small", "title": "Small", "description": "A small service"}
JSON = {"Content-Type": "application/json"}


def careless(method: str, path: str, body: Any, _headers: dict[str, str]) -> Reply:
    """Looks right at first sight: nulls, a long summary, an old indicator, no source; fails where there is no context."""
    if method == "GET" and path == "/cds-services":
        prefetch = {"patient": "Patient/{{context.patientId}}", "all": "Condition?patient={{context.patient.id}}&_include=*"}
        return 200, {"services": [{**ENTRY, "prefetch": prefetch, "usageRequirements": None}]}, JSON
    if method != "POST" or path != "/cds-services/small":
        return 404, None, {}
    if not isinstance(body, dict) or "context" not in body:
        return 500, {"error": "KeyError: 'context'"}, JSON
    card = {"uuid": "one", "summary": "x" * 140, "indicator": "hard-stop", "detail": "", "suggestions": [{"label": "Do", "uuid": "one"}]}
    return 200, {"cards": [card]}, JSON


def trusting(method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
    """Says that it asks for tokens, and takes any; opens itself to every page; forgets the array; takes no null."""
    if method == "GET" and path == "/cds-services":
        return 200, {"services": [ENTRY, ENTRY]}, {"Content-Type": "text/plain"}
    if method == "OPTIONS":
        return 204, None, {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    if "authorization" not in headers:
        return 401, None, {}
    if path.endswith("/feedback"):
        return 500, None, {}
    if isinstance(body, dict) and "prefetch" not in body and "hook" in body:
        return 200, {"cards": {}}, JSON
    return 200, {"cards": [GOOD_CARD]}, JSON


@contextmanager
def running(service: Callable[[str, str, Any, dict[str, str]], Reply]) -> Iterator[str]:
    """The service's base URL."""

    class Answerer(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                body = json.loads(text)
            except ValueError:
                body = None
            status, answer, headers = service(self.command, self.path, body, {name.lower(): value for name, value in self.headers.items()})
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_OPTIONS = _reply  # noqa: N815 - the library's names

        def log_message(self, *_words: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
