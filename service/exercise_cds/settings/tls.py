"""TLS of the process itself, where it does not end at a proxy in front."""

from __future__ import annotations

from pathlib import Path

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from exercise_cds.settings.fields import Part, setting


class TlsSettings(Part):
    """TLS on `port`, version 1.2 or newer; the operators' port stays HTTP, for probes. Changed files are taken up without a restart."""

    cert_file: Path | None = setting(
        None, "The certificate, with those between it and its authority; unset: HTTP.", "the path of a PEM file"
    )
    key_file: Path | None = setting(None, "Its private key, without a passphrase.", "the path of a PEM file")

    @model_validator(mode="after")
    def _both_or_none(self) -> TlsSettings:
        if (self.cert_file is None) != (self.key_file is None):
            raise PydanticCustomError("contradiction", "needs cert_file and key_file: set both, or none")
        return self
