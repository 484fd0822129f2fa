"""How commands that play an EHR prove who they are: the options, and the header for one URL. The one place where signing comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from exercise_cds import security

Command = TypeVar("Command", bound=Callable[..., Any])
_ENDPOINT = "/cds-services"
_OPTIONS = (
    click.option(
        "--token-key",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Sign each call with this private key: a JWK, or PEM without a password.",
    ),
    click.option("--token-issuer", help="The `iss` of the tokens, as the service knows it. Needed with --token-key."),
    click.option("--token-kid", help="The key's id in the public key set; a JWK brings its own."),
    click.option("--token-base", metavar="URL", help="The service's own base_url, where it is called by another address than tokens name."),
)


def signer_of(
    *, token_key: Path | None = None, token_issuer: str | None = None, token_kid: str | None = None,
) -> security.Signer | None:  # fmt: skip
    """What the options say; None without a key. A key that cannot be used is a mistake on the command line."""
    if token_key is None:
        if token_issuer or token_kid:
            raise click.UsageError("--token-issuer and --token-kid go with --token-key")
        return None
    if not token_issuer:
        raise click.UsageError("--token-key needs --token-issuer: the iss that the service knows this key by")
    try:
        return security.read_signer(token_key, issuer=token_issuer, kid=token_kid, clock=lambda: datetime.now(UTC))
    except security.UnusableKey as fault:
        raise click.UsageError(f"--token-key: {fault}") from None


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes the header of a call; its fields are the values of `signing_options`. Without any, calls go unsigned."""

    token_key: Path | None = None
    token_issuer: str | None = None
    token_kid: str | None = None
    token_base: str | None = None

    def headers(self, url: str) -> Mapping[str, str]:
        """The Authorization header for a call of this URL, with a token made for it (CH-135); nothing where there is no key."""
        signer = signer_of(token_key=self.token_key, token_issuer=self.token_issuer, token_kid=self.token_kid)
        if signer is None:
            return {}
        base, mark, rest = url.partition(_ENDPOINT)
        known_as = (self.token_base or base).rstrip("/").removesuffix(_ENDPOINT)
        return {"Authorization": f"Bearer {signer.token(f'{known_as}{mark}{rest}')}"}


def signing_options(command: Command) -> Command:
    """The options with which a command signs its calls; their values go to `Signer` by name."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
