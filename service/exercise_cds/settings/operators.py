"""Settings of the pages for people on the operators' port, and of who may see them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from exercise_cds.settings.fields import Part, header_name, network, setting, split


class OperatorsSettings(Part):
    """Pages for people on the operators' port, and who may see them: nobody who has not signed on."""

    feedback_page: bool = setting(
        False, "Serve `/feedback/` on `metrics_port`: what clinicians did with the cards, for a committee.", "true or false"
    )
    sign_on_header: Annotated[str, AfterValidator(header_name)] | None = setting(
        None,
        "Header in which a proxy says who has signed on there; counted from `operators.sign_on_proxies` alone.",
        "the name of a header, such as X-Forwarded-User",
    )
    sign_on_proxies: Annotated[list[Annotated[str, AfterValidator(network)]], NoDecode, BeforeValidator(split)] = setting(
        [], "Addresses of the proxies whose `operators.sign_on_header` counts.", "a list of addresses or networks such as 10.0.0.0/8"
    )
    passwords_file: Path | None = setting(
        None,
        "A secret file with names and passwords that a browser asks for (basic authentication; TLS is a proxy's).",
        "the path of a file with one `name password` a line",
    )

    @model_validator(mode="after")
    def _header_from_somebody(self) -> OperatorsSettings:
        """A header that anybody may send is no sign-on."""
        if self.sign_on_header and not self.sign_on_proxies:
            raise PydanticCustomError(
                "contradiction",
                "sign_on_header counts from listed proxies alone: set operators.sign_on_proxies to their addresses",
                {"key": "sign_on_header"},
            )
        if self.sign_on_proxies and not self.sign_on_header:
            raise PydanticCustomError(
                "contradiction",
                "sign_on_proxies are listed, but not what they say: set operators.sign_on_header to the header's name",
                {"key": "sign_on_proxies"},
            )
        return self

    @property
    def sign_on(self) -> bool:
        """Whether anybody can sign on."""
        return self.sign_on_header is not None or self.passwords_file is not None
