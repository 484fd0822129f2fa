"""How commands that play an EHR prove who they are: the options, and the header for one URL. The one place where signing comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes the header of a call; its fields are the values of `signing_options`. Without any, calls go unsigned."""

    def headers(self, url: str) -> Mapping[str, str]:  # noqa: ARG002 - a token is made for the URL that is called (CH-135)
        """The Authorization header for a call of this URL; nothing where there is no key."""
        return {}


def signing_options(command: Command) -> Command:
    """The options with which a command signs its calls; their values go to `Signer` by name."""
    return command
