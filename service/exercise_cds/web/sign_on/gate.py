"""What every request to a page behind the sign-on goes through, before the page sees it: who asks, and from which page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Response, g, request

from exercise_cds.errors import CdsError, TooManyRequests
from exercise_cds.web.pages import Pages
from exercise_cds.web.sign_on.who import REALM, NotSignedOn, SignOn


def gate(names: frozenset[str], sign_on: SignOn) -> Callable[[], Response | None]:
    """A look at each request to these blueprints; the name of whoever has signed on is `g.who`."""
    look = Pages(Path(__file__).parent)

    def refused(title: str, fault: CdsError, status: int) -> Response:
        return look.page("refused.html", status, title=title, sentence=fault.sentence)

    def pass_gate() -> Response | None:
        if request.blueprint not in names:
            return None
        try:
            g.who = sign_on.who(request.environ)
        except TooManyRequests as fault:
            answer = refused("Too many tries", fault, fault.status)
            answer.headers["Retry-After"] = str(fault.retry_after)
            return answer
        except NotSignedOn as fault:
            answer = refused("Sign on first", fault, 401 if fault.ask else 403)
            if fault.ask:
                answer.headers["WWW-Authenticate"] = REALM
            return answer
        if _of_another_site():
            return look.page("refused.html", 403, title="Not from there", sentence="Pages of other sites may link here, and no more.")
        return None

    return pass_gate


def _of_another_site() -> bool:
    """Whether the page of another site asks with the sign-on of whoever looks at it. To follow a link is no such question."""
    headers = request.headers
    if request.method == "GET" and headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        return False
    if (site := headers.get("Sec-Fetch-Site")) is not None:
        return site not in {"none", "same-origin"}
    # browsers leave Sec-Fetch-Site out where the address is plain http
    return headers.get("Origin", "") not in {"", f"http://{request.host}", f"https://{request.host}"}
