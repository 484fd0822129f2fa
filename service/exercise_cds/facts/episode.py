"""The kind `episode`: days since the current episode of the named conditions began. Law: docs/authors/facts.md, "episode".

Conditions with an onset decide, the earliest of them. One that is only "recorded on" says that it had begun by then: it raises the
lower bound, and never takes the upper one away. A future onset, or one before birth, says nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from exercise_cds.facts.dates import Moment, moment
from exercise_cds.facts.look import Look, doubt, in_order
from exercise_cds.facts.match import Match, Said, match, texts_of
from exercise_cds.facts.onset import ACTIVE, NEVER, Onset, onset_of, standing
from exercise_cds.model.facts import Bounds, Cause, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.matching import first_word
from exercise_cds.model.pack import FactSpec, Suspected


class Began(NamedTuple):
    """One condition of the episode: when it began as far as it tells, and what to show of it."""

    start: Moment | None
    recorded: Moment | None
    """Where there is no onset: it had begun by this day."""
    evidence: Evidence
    suspected: str
    """"provisional" and its like; empty for a confirmed one."""
    remarks: tuple[str, ...] = ()


_NOTHING = NotRecorded()


def derive_episode(spec: FactSpec, look: Look) -> Fact:
    """Days, exact or in bounds; nothing recorded where no such condition counts or none says when it began."""
    if not look.is_doubtful and all(entry.type == "Patient" for entry in look.entries):
        return _NOTHING
    birth = _birth(look)
    began = [one for entry in look.entries if entry.type == "Condition" and (one := _began(spec, look, entry.resource, birth))]
    if look.is_doubtful and (in_doubt := doubt(look, in_order([one.evidence for one in began]))):
        return in_doubt
    sure = [one for one in began if not one.suspected]
    if spec.suspected is Suspected.DOUBT and len(sure) < len(began):
        fact, other = _length(sure, look), _length(began, look)
        if not sure or _days(fact) != _days(other):
            suspected = in_order([one.evidence for one in began if one.suspected])
            words = sorted({f"only {one.suspected}: {one.evidence.shown}" for one in began if one.suspected})
            return InDoubt(Cause.SUSPECTED, "; ".join(words), suspected)
        return fact
    return _length(began, look)


def _birth(look: Look) -> Moment | None:
    births = [moment(entry.resource.birthDate, look.zone) for entry in look.entries if entry.type == "Patient"]
    return next((birth for birth in births if birth is not None), None)


def _began(spec: FactSpec, look: Look, condition: Any, birth: Moment | None) -> Began | None:
    """What the condition says of the episode; None where it does not count."""
    if condition.code is None:
        return None
    found = match(spec.matcher, Said((condition.code,), condition.bodySite or ()), look.terms)
    if found is None or (stands := standing(condition, look)).verified in NEVER or stands.status not in ACTIVE:
        return None
    status, recorded, onset = stands.status, stands.recorded, stands.onset
    if birth is not None and (condition.onsetAge is not None or condition.onsetRange is not None):
        onset = onset_of(condition, zone=look.zone, today=look.today, birth=birth)
    start, remark = _start(onset, recorded, look.today, birth, again=status in ("recurrence", "relapse"))
    by_record = onset.moment is None and recorded is not None
    shown = recorded if by_record else onset.moment
    note = "date of recording" if by_record else f"onset given as {onset.words}" if onset.words else ""
    notes = (stands.suspected, found.remark, note, "" if status == "active" else status)
    evidence = Evidence(
        resource=f"Condition/{condition.id}" if condition.id else "Condition",
        date=shown.shown if shown else "",
        shown=found.shown,
        remark="; ".join(filter(None, notes)),
        code=found.code,
    )
    remarks = (remark, _conflict(condition, found, look, start, recorded if by_record else None))
    return Began(start, recorded if by_record else None, evidence, stands.suspected, tuple(filter(None, remarks)))


def _start(onset: Onset, recorded: Moment | None, today: date, birth: Moment | None, *, again: bool) -> tuple[Moment | None, str]:
    """When the episode of one condition began, and a sentence where that needs one.

    A recurrence or relapse that was recorded later than its onset began when it was recorded. With partial dates that is the later
    of the two, bound by bound.
    """
    if onset.moment is None:
        return None, f'the onset "{onset.unread}" is not understood' if onset.unread else ""
    began = onset.moment.until(today)
    if began is None:
        return None, f"an onset in the future ({onset.moment.shown or onset.words}) says nothing"
    if birth is not None:
        assert birth.first is not None  # a birth date is a day, a month or a year: never open
        if began.last < birth.first:
            return None, f"an onset before birth ({began.shown or onset.words}) says nothing"
        began = Moment(began.first and max(began.first, birth.first), began.last, None, began.shown)
    if again and recorded is not None and recorded.first is not None and recorded.last > (began.first or date.min):
        first = max(recorded.first, began.first or date.min)
        last = max(recorded.last, began.last)
        return Moment(first, last), f"began again: recorded on {recorded.shown}, first onset {began.shown or onset.words}"
    return began, f"the onset is given as {onset.words}" if onset.words else ""


def _length(began: Sequence[Began], look: Look) -> Known | Bounds | NotRecorded:
    """The bounds of the episode over all its conditions, with what a reader must know of them."""
    remarks = tuple(sorted({remark for one in began for remark in one.remarks}))
    evidence = in_order([one.evidence for one in began])
    starts = [one.start for one in began if one.start]
    recorded = min((one.recorded.last for one in began if one.recorded), default=None)
    last = min((start.last for start in starts), default=recorded)
    if last is None:
        return NotRecorded(remarks, evidence)
    first = None
    if starts and all(start.first for start in starts):
        first = min(start.first for start in starts if start.first)
    if recorded is not None and starts and recorded < last:
        if first is not None and recorded < first:
            remarks += (f"another entry without an onset was recorded already on {recorded.isoformat()}",)
        last = max(recorded, first or date.min)
    least, most = float((look.today - last).days), float((look.today - first).days) if first else None
    return Known(least, evidence, remarks) if least == most else Bounds(least, most, evidence, remarks)


def _days(fact: Known | Bounds | NotRecorded) -> tuple[object, ...]:
    match fact:
        case Known(value):
            return (value, value)
        case Bounds(least, most):
            return (least, most)
        case NotRecorded():
            return ()


def _conflict(condition: Any, found: Match, look: Look, start: Moment | None, recorded: Moment | None) -> str:
    """A chronic code with a recent date, an acute code with an old one: both are shown, nothing is picked silently."""
    latest = start or recorded
    if latest is None:
        return ""
    least = (look.today - latest.last).days
    most = (look.today - start.first).days if start is not None and start.first is not None else None
    old, young = least >= look.terms.chronic_from, most is not None and most < look.terms.chronic_from
    word, contrary = ("acute", "chronic") if old else ("chronic", "acute")
    if not (old or young) or not _is_called(word, condition, found, look) or _is_called(contrary, condition, found, look):
        return ""  # "acute on chronic" says nothing
    lasted = f"at least {least}" if old else f"at most {most}"
    return f'"{found.shown}" is called {word}, but has lasted {lasted} days by its date'


def _is_called(word: str, condition: Any, found: Match, look: Look) -> bool:
    """Whether the pack's display of the code or the chart's own words say so."""
    return found.code in look.terms.calls[word] or first_word((word,), texts_of((condition.code,))) is not None
