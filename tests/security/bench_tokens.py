"""What looking at a token costs: `python bench_tokens.py [DATABASE_URL]`. Prints; asserts nothing."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from werkzeug.datastructures import Headers

from builders.tokens import NOW, SERVICE, a_jwk, a_token, bearer, trusting
from exercise_cds.records import ReplayStore, open_store
from exercise_cds.security import FirstSight, guard_of
from exercise_cds.security.keys import PublicKey, read_set
from exercise_cds.settings import Settings

_COUNT = 500


def _told(name: str, work: Callable[[int], object]) -> None:
    spent = []
    for number in range(_COUNT):
        began = time.perf_counter()
        work(number)
        spent.append((time.perf_counter() - began) * 1e6)
    sys.stdout.write(f"{name:<44} median {statistics.median(spent):7.0f} us, 99 % {statistics.quantiles(spent, n=100)[98]:7.0f} us\n")


def _signature_alone(key: PublicKey, algorithm: str, tokens: list[str]) -> Callable[[int], object]:
    from jwt.utils import base64url_decode  # noqa: PLC0415 - here only

    def verify(number: int) -> object:
        signed, _, signature = tokens[number].rpartition(".")
        return key.signed(algorithm, signed.encode(), base64url_decode(signature))

    return verify


def main() -> None:
    """Each algorithm, with memory and, where an address is given, with the database."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, algorithm in (("P-384", "ES384"), ("RSA-2048", "RS384")):
            tokens = [a_token(key=kind, algorithm=algorithm) for _ in range(_COUNT)]
            (key,) = read_set(f'{{"keys":[{json.dumps(a_jwk(kind))}]}}'.encode())
            _told(f"{algorithm}: the signature alone", _signature_alone(key, algorithm, tokens))
            stores: dict[str, FirstSight | None] = {"memory": None}
            if len(sys.argv) > 1:
                stores["database"] = ReplayStore(open_store(sys.argv[1])).first_sight
            for store, shared in stores.items():
                settings = Settings(**trusting(Path(folder), jwks=[a_jwk(kind)]), replay={"store": store})
                guard = guard_of(settings, clock=lambda: NOW, tick=time.monotonic, shared=shared)
                headers = [Headers(bearer(token)) for token in tokens]
                _told(f"{algorithm}: the whole look, replay in {store}", lambda number, g=guard, h=headers: g(h[number], SERVICE))


if __name__ == "__main__":
    main()
