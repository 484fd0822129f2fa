"""A server of key sets over TLS on loopback, which can be slow, large, elsewhere, wrong or gone."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class KeyServer:
    """What it answers can be changed while it runs; what it was asked is kept."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.body = b""
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.drip_seconds = 0.0
        self.drip_headers = False
        self.asked: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answerer())
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"https://localhost:{self._server.server_address[1]}/keys"

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()

    def _answerer(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Answerer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers.items()))
                try:
                    self._answer()
                except OSError:  # the other side has had enough
                    self.close_connection = True

            def _answer(self) -> None:
                self.send_response(outer.status)
                for name, text in outer.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(outer.body)))
                if outer.drip_headers:
                    self._drip(b"".join(self._headers_buffer) + b"X-Slow: " + b"a" * 1000)
                self.end_headers()
                if outer.drip_seconds:
                    self._drip(outer.body)
                else:
                    self.wfile.write(outer.body)

            def _drip(self, text: bytes) -> None:
                for byte in text:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(outer.drip_seconds or 0.05)

            def log_message(self, *_words: Any) -> None:
                """Tests are quiet."""

        return Answerer


@contextmanager
def key_server(context: ssl.SSLContext) -> Iterator[KeyServer]:
    """A server for one test."""
    server = KeyServer(context)
    try:
        yield server
    finally:
        server.close()
