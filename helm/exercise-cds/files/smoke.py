"""Asks a running exercise-cds what an EHR asks first: `helm test` runs it with the image's own Python. Standard library only.

    python smoke.py http://cds:8080 --operator http://cds:9090 --host cds.example.org --example request.json --expect answered

It sends one example with a made-up patient. With authentication on, nothing but a refusal (401) is right: it has no token.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

SECONDS = 10


class Wrong(Exception):
    """Says in one sentence what is wrong with the service."""


def ask(url: str, host: str, body: bytes | None = None) -> tuple[int, Any]:
    """Status and JSON of one answer."""
    request = Request(url, data=body, headers={"Content-Type": "application/json", **({"Host": host} if host else {})})
    try:
        # asked by the Service's name, which need not stand in the certificate; nothing is sent that is anybody's
        with urlopen(request, timeout=SECONDS, context=ssl._create_unverified_context()) as answer:  # noqa: S323, SLF001
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        text = refusal.read()
        return refusal.code, json.loads(text) if text[:1] == b"{" else None
    except (URLError, OSError) as fault:
        raise Wrong(f"{url} cannot be reached: {getattr(fault, 'reason', fault)}") from None
    except ValueError:
        raise Wrong(f"{url} answers something that is no JSON") from None


def wait_until_ready(operator: str, host: str, seconds: int) -> None:
    """Raise Wrong where the service is not ready in time."""
    last = ""
    for _ in range(max(1, seconds)):
        try:
            status, _body = ask(f"{operator}/readyz", host)
        except Wrong as fault:
            last = str(fault)
        else:
            if status == 200:
                return
            last = f"{operator}/readyz answers {status}"
        time.sleep(1)
    raise Wrong(f"not ready within {seconds} s: {last}")


def discover(base: str, host: str) -> list[dict[str, Any]]:
    """What is offered; every service has what an EHR needs to call it."""
    status, body = ask(f"{base}/cds-services", host)
    services = body.get("services") if status == 200 and isinstance(body, dict) else None
    if not isinstance(services, list) or not services:
        raise Wrong(f"GET {base}/cds-services answers {status} without services")
    for service in services:
        if not all(isinstance(service.get(name), str) and service[name] for name in ("id", "hook", "description")):
            raise Wrong("a service in discovery lacks id, hook or description")
    return services


def send(base: str, host: str, services: list[dict[str, Any]], example: bytes, expect: str) -> str:
    """Post the example to the first service on its hook; say what came back."""
    hook = json.loads(example)["hook"]
    service = next((found["id"] for found in services if found["hook"] == hook), None)
    if service is None:
        return f"no service answers {hook}: the example was not sent"
    status, body = ask(f"{base}/cds-services/{service}", host, example)
    if expect == "refused":
        if status != 401:
            raise Wrong(f"{service} answers {status} to a call without token, where only 401 is right: who asks is not checked")
        return f"{service} refuses a call without token (401)"
    cards = body.get("cards") if status == 200 and isinstance(body, dict) else None
    if not isinstance(cards, list):
        raise Wrong(f"{service} answers {status} to the example, without cards")
    return f"{service} answers the example with {len(cards)} card(s)"


def main() -> int:
    """Exit 1 with a sentence at the first thing that is wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("base")
    options.add_argument("--operator", default="", help="where /readyz is; empty: at the same address")
    options.add_argument("--no-readiness", action="store_true", help="do not wait for /readyz: its port cannot be reached")
    options.add_argument("--host", default="", help="the Host header, where the service takes only names that it knows")
    options.add_argument("--example", type=Path)
    options.add_argument("--expect", choices=("answered", "refused"), default="answered")
    options.add_argument("--wait", type=int, default=30, help="seconds to wait for readiness")
    given = options.parse_args()
    try:
        if not given.no_readiness:
            wait_until_ready(given.operator or given.base, given.host, given.wait)
            print("ready")
        services = discover(given.base, given.host)
        print("discovery:", ", ".join(f"{service['id']} ({service['hook']})" for service in services))
        if given.example:
            print(send(given.base, given.host, services, given.example.read_bytes(), given.expect))
    except Wrong as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
