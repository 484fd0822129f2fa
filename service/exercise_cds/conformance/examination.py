"""The whole visit, in order: discovery, each service that we can play, the door, tokens, and feedback where it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from exercise_cds.conformance.calls import look_at_service, look_at_the_door
from exercise_cds.conformance.discovery import look_at_discovery
from exercise_cds.conformance.feedback import look_at_feedback
from exercise_cds.conformance.patient import playable, request_for
from exercise_cds.conformance.report import Report
from exercise_cds.conformance.trust import look_at_trust
from exercise_cds.conformance.visitor import ENDPOINT, Visitor

_MOST_SERVICES = 4
"""Of each about fifteen requests; with door, tokens and feedback that stays under a hundred."""


def examine(visitor: Visitor, now: datetime, *, feedback: bool = False) -> Report:
    """Look at a service. Raises Unanswered where it does not answer at all."""
    report, today = Report(), now.date()
    services = look_at_discovery(visitor, report)
    played = [service for service in services if playable(service["hook"])]
    for service in services:
        if not playable(service["hook"]):
            report.note(f"{service['id']} is not called: we do not play the hook {service['hook']}")
    for service in played[_MOST_SERVICES:]:
        report.note(f"{service['id']} is not called: {_MOST_SERVICES} services are")
    if played and _is_closed(visitor, report, played[0], today):
        played = []
    given = {service["id"]: look_at_service(visitor, report, service, today) for service in played[:_MOST_SERVICES]}
    if played:
        look_at_the_door(visitor, report, played[0], today)
        look_at_trust(visitor, report, played[0], today)
        if feedback:
            chosen = next((service for service in played if given.get(service["id"])), played[0])
            look_at_feedback(visitor, report, chosen, given.get(chosen["id"], []), now)
    if not feedback:
        report.note("feedback is not looked at: it would be stored; ask for it with --feedback")
    report.asked = visitor.asked
    return report


def _is_closed(visitor: Visitor, report: Report, service: Mapping[str, Any], today: date) -> bool:
    """Whether the service asks for a token that we cannot give: then nothing more can be seen, and nothing is held against it."""
    status = visitor.post(f"{ENDPOINT}/{service['id']}", request_for(service, today)).status
    if status not in {401, 403}:
        return False
    if visitor.signer is None:
        report.look("CH-130", kept=True, otherwise="")
        report.note(f"calls are answered {status} without a token, so nothing more was looked at: give a key with --token-key")
    else:
        report.advise("CH-130", f"a call with a token is answered {status}: are key, issuer and address (--token-base) those it knows?")
    return True
