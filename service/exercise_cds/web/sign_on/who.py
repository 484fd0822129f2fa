"""The operators' sign-on: who looks at a page for people on the operators' port. Nobody is let in by the absence of a setting.

A proxy that people sign on to says who they are in a header, which counts from listed proxies alone; or the browser asks for a name and
a password of a secret file. Names stand in the audit of what was looked at, and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path

from exercise_cds.errors import Forbidden
from exercise_cds.settings import OperatorsSettings, UnusableSettings
from exercise_cds.web import logs
from exercise_cds.web.rates import Addresses, Rate

REALM = 'Basic realm="exercise-cds", charset="UTF-8"'
_SHORTEST = 12
_LONGEST = 128
_LARGEST = 64 * 1024
_TRIES = 20
"""Passwords a minute from one address; one that was found right is not counted again."""

Environ = Mapping[str, object]


class NotSignedOn(Forbidden):
    """403, or 401 where the browser may ask for a password: nothing of the page is shown."""

    def __init__(self, sentence: str, *, ask: bool) -> None:
        super().__init__(sentence)
        self.ask = ask


class SignOn:
    """Says who asks, or raises NotSignedOn. Thread-safe."""

    def __init__(
        self,
        *,
        header: str = "",
        proxies: tuple[str, ...] = (),
        passwords: Mapping[str, str] | None = None,
        tick: Callable[[], float],
        in_front: tuple[str, ...] = (),
    ) -> None:
        """`passwords` by name. `in_front`: proxies whose word about addresses is believed, so that a guess counts where it comes from."""
        if not (header and proxies) and not passwords:
            raise ValueError("a sign-on needs a header of listed proxies, or passwords")
        self._header = f"HTTP_{header.upper().replace('-', '_')}" if header else ""
        self._proxies = [ipaddress.ip_network(one) for one in proxies]
        self._passwords = {name: _digest(password) for name, password in (passwords or {}).items()}
        self._addresses, self._tries = Addresses(in_front), Rate(_TRIES, tick)
        self._proven: dict[str, str] = {}

    def who(self, environ: Environ) -> str:
        """The name of whoever has signed on. Raises NotSignedOn, and TooManyRequests for one who guesses."""
        if name := self._by_proxy(environ):
            return name
        offered = str(environ.get("HTTP_AUTHORIZATION", ""))
        if self._passwords and offered:
            if name := self._proven.get(offered, ""):
                return name
            # counted before it is looked at, or guessing would go on behind the refusals
            self._tries.take(self._addresses.of(environ))
            if name := self._by_password(offered):
                self._proven[offered] = name
                return name
            logs.log().warning("sign-on refused", reason="password")
        if self._passwords:
            raise NotSignedOn("This page asks for a name and a password of its operators.", ask=True)
        raise NotSignedOn("This page is reached through the proxy that people sign on to, and not past it.", ask=False)

    def _by_proxy(self, environ: Environ) -> str:
        if not self._header or not (name := str(environ.get(self._header, "")).strip()):
            return ""
        if not self._is_listed(str(environ.get("REMOTE_ADDR", "")).partition("%")[0]):
            logs.log().warning("sign-on refused", reason="proxy")
            return ""
        return name[:_LONGEST] if name.isprintable() else ""

    def _is_listed(self, text: str) -> bool:
        """Whether an address is that of a listed proxy; IPv4 may come written as IPv6."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        return any(address in network for network in self._proxies)

    def _by_password(self, offered: str) -> str:
        kind, _, text = offered.partition(" ")
        if kind.lower() != "basic":
            return ""
        try:
            name, _, password = base64.b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        # an unknown name takes as long as a wrong password
        known = self._passwords.get(name, bytes(32))
        return name if hmac.compare_digest(known, _digest(password)) and name in self._passwords else ""


def _digest(password: str) -> bytes:
    """Of one length, so that comparing tells nothing; the file holds the secrets themselves, so no slow hash would protect them."""
    return hashlib.sha256(password.encode("utf-8")).digest()


def sign_on_of(settings: OperatorsSettings, *, tick: Callable[[], float], in_front: list[str]) -> SignOn:
    """The sign-on of the settings. Raises UnusableSettings for a file that is none."""
    passwords = read_passwords(settings.passwords_file) if settings.passwords_file else None
    return SignOn(
        header=settings.sign_on_header or "",
        proxies=tuple(settings.sign_on_proxies),
        passwords=passwords,
        tick=tick,
        in_front=tuple(in_front),
    )


def read_passwords(path: Path) -> dict[str, str]:
    """Name -> password. Raises UnusableSettings with the line that is wrong, never with what stands in it."""
    try:
        with path.open("rb") as opened:
            text = opened.read(_LARGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UnusableSettings(("operators.passwords_file: the file cannot be read: name one with a `name password` a line",)) from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, password = line.strip().partition(" ")
        if ":" in name or name in found or len(password.strip()) < _SHORTEST:
            wanted = f"each name once and without a colon, the password of {_SHORTEST} characters or more"
            raise UnusableSettings((f"operators.passwords_file:{number}: write `name password`: {wanted}",))
        found[name] = password.strip()
    if not found:
        raise UnusableSettings(("operators.passwords_file: the file names nobody: write `name password`, one a line",))
    return found
