"""The certificate of the process itself: looked at before anything listens, and taken up again when its files change."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from exercise_cds.settings import Settings, UnusableSettings
from exercise_cds.web import logs
from exercise_cds.web.lines import SecureLine


class Certificate:
    """Contexts for new connections. A pair of files that does not fit is not taken: the last good one goes on."""

    def __init__(self, cert_file: Path, key_file: Path, silence: float, ends: Callable[[float], None]) -> None:
        """`ends` is told when a certificate that is taken ends. Raises UnusableSettings where the files are no certificate and its key."""
        self._files, self._ends = (cert_file, key_file), ends
        # a class for its limit: Python makes the sockets of a context itself
        self._line: type[SecureLine] = type("SecureLine", (SecureLine,), {"silence": silence})
        self._lock = threading.Lock()
        self._mark = self._looked()
        try:
            self._context = self._read()
        except (OSError, ValueError) as fault:
            why = getattr(fault, "strerror", None) or getattr(fault, "reason", None) or "no PEM"
            raise UnusableSettings((f"tls.cert_file and tls.key_file cannot be used together ({why})",)) from None

    def context(self) -> ssl.SSLContext:
        """For one connection."""
        mark = self._looked()
        with self._lock:
            if mark != self._mark:
                self._mark = mark
                try:
                    self._context = self._read()
                except (OSError, ValueError) as fault:
                    logs.log().error("certificate refused", error=type(fault).__name__)
                else:
                    logs.log().info("certificate taken up")
            return self._context

    def _looked(self) -> tuple[tuple[int, int, int] | None, ...]:
        """Changes where a file does, or a link that Kubernetes points elsewhere."""
        looked: list[tuple[int, int, int] | None] = []
        for file in self._files:
            try:
                found = file.stat()
            except OSError:
                looked.append(None)
            else:
                looked.append((found.st_ino, found.st_mtime_ns, found.st_size))
        return tuple(looked)

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = self._line
        # a passphrase would be asked for at the terminal
        context.load_cert_chain(*self._files, password="")
        own = x509.load_pem_x509_certificates(self._files[0].read_bytes())[0]  # the first is the server's (RFC 8446, 4.4.2)
        self._ends(own.not_valid_after_utc.timestamp())
        return context


def certificate_of(settings: Settings, ends: Callable[[float], None] = lambda _at: None) -> Certificate | None:
    """None where the process speaks HTTP. Raises UnusableSettings."""
    site = settings.tls
    if site.cert_file is None or site.key_file is None:
        return None
    return Certificate(site.cert_file, site.key_file, settings.silence_seconds, ends)
