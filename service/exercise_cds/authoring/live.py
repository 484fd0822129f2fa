"""A pack while its author writes it: after each change the findings, the cases that fail, and which examples get other cards.

Changes are found by a mark over the files' content, looked at again and again; of the cases only those run that may get another answer.
A broken pack shows its findings, and what is known of the last good one stays beside them. Nothing here touches what an EHR is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from exercise_cds.authoring.check import Checked, check
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.authoring.runner import Runner
from exercise_cds.authoring.watching import Stamp, stamp
from exercise_cds.cds_service import CdsService, prepare
from exercise_cds.errors import CdsError
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.pack import RulePack
from exercise_cds.model.where import Finding
from exercise_cds.rulepack import Case, Mark, mark

NOON = time(12, tzinfo=UTC)
_MOST = 200
_LOOK_SECONDS = 0.5
"""How often the files are looked at while cases run."""
_TEXT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """One case that did not get what it expects."""

    case: str
    where: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An example that gets other cards than before the last change."""

    example: str
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with the line that it is about."""

    where: str
    code: str
    level: str
    sentence: str
    hint: str
    line: str


@dataclass(frozen=True, slots=True)
class State:
    """What is known after a look. `number` grows with each state; while `broken`, cases and changes are those of the last good pack."""

    number: int = 0
    at: str = ""
    broken: bool = False
    digest: str = ""
    """Of the last good pack."""
    findings: tuple[Found, ...] = ()
    cases: int = 0
    of: int = 0
    """Cases that ran, of so many."""
    failures: tuple[Failure, ...] = ()
    changes: tuple[Change, ...] = ()
    milliseconds: int = 0
    running: bool = False
    """The findings are of now; cards and cases follow as they are known."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What came of a case, with which pack."""

    digest: str
    case: Case
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class _Cards:
    """Every example's cards in lines, from which pack."""

    digest: str
    lines: Mapping[str, tuple[str, ...]]


class Live:
    """Follows one pack's files. `look` is for one thread; `state` may be read by any."""

    def __init__(self, folder: Path, examples: Path, *, overlay: Path | None = None, clock: Callable[[], datetime] | None = None) -> None:
        self._folder, self._examples, self._overlay = folder, examples, overlay
        self._clock = clock or (lambda: datetime.now(UTC))
        self._mark: tuple[Mark, Stamp] | None = None
        self._cards: _Cards | None = None
        self._ran: Mapping[str, _Known] = {}
        self.state = State()
        self.told: Callable[[], None] = lambda: None
        """Called after each new state."""

    def _files(self) -> tuple[Mark, Stamp]:
        """What a save changes: the pack's content, and its cases'."""
        return mark(self._folder, self._overlay), stamp(self._folder / "tests")

    def look(self) -> bool:
        """Whether the files had changed; then what may be otherwise was looked at again."""
        now = self._files()
        if now == self._mark:
            return False
        self._mark = now
        began = perf_counter()
        checked = check(self._folder, self._overlay, today=self._clock().date())
        findings = tuple(_found(checked, finding) for finding in checked.findings[:_MOST])
        known = replace(
            self.state,
            number=self.state.number + 1,
            at=self._clock().isoformat(timespec="seconds"),
            broken=checked.pack is None,
            findings=findings,
        )
        if checked.pack is not None:
            self._say(replace(known, running=True))
            tried = self._tried(replace(known, number=known.number + 1), checked, checked.pack)
            if tried is None:
                return self.look()
            known = tried
        self._say(replace(known, milliseconds=round((perf_counter() - began) * 1000)))
        return True

    def _say(self, state: State) -> None:
        self.state = state
        self.told()

    def _tried(self, known: State, checked: Checked, pack: RulePack) -> State | None:
        """Cards and cases, told as they come; None where the files changed meanwhile: a mistake is shown before old cases are done."""
        known = self._with_cards(known, pack)
        known = replace(known, digest=pack.digest, cases=0, failures=(), of=len(checked.cases), running=True)
        self._say(known)
        ran: dict[str, _Known] = {}
        looked = perf_counter()
        with Runner(checked.folder, pack, overlay=checked.overlay) as runner:
            for case in sorted(checked.cases, key=self._when):
                ran[case.name] = self._run(runner, case, pack.digest)
                if perf_counter() - looked > _LOOK_SECONDS:
                    if self._files() != self._mark:
                        return None
                    known = self._told_of(known, ran)
                    self._say(known)
                    looked = perf_counter()
        self._ran = ran
        return replace(self._told_of(known, ran), running=False)

    def _when(self, case: Case) -> int:
        """The cases that failed when all were run last come first."""
        known = self._ran.get(case.name)
        return 1 if known is None or known.failure is None else 0

    def _run(self, runner: Runner, case: Case, digest: str) -> _Known:
        """What comes of a case. It is not run again where neither it nor the pack has changed."""
        known = self._ran.get(case.name)
        if known is not None and known.digest == digest and known.case == case and case.request is None:
            # the same case may stand in another line now
            moved = known.failure and replace(known.failure, where=str(case.where))
            return replace(known, failure=moved)
        one = runner.run(case)
        return _Known(digest, case, None if one.passed else Failure(case.name, str(case.where), one.differences))

    def _told_of(self, known: State, ran: Mapping[str, _Known]) -> State:
        failures = tuple(one.failure for one in ran.values() if one.failure is not None)
        return replace(known, number=known.number + 1, cases=len(ran), failures=failures[:_MOST])

    def _with_cards(self, known: State, pack: RulePack) -> State:
        """Which examples get other cards than from the pack before; what was told stays where only cases were saved."""
        before = self._cards
        if before is not None and before.digest == pack.digest:
            return known
        self._cards = _Cards(pack.digest, self._cards_of(pack))
        return replace(known, changes=() if before is None else tuple(_changes(before.lines, self._cards.lines)))

    def _cards_of(self, pack: RulePack) -> dict[str, tuple[str, ...]]:
        """Every example's cards in lines: summary, detail and the labels of its suggestions."""
        found: dict[str, tuple[str, ...]] = {}
        serving = prepare(pack, named_services=frozenset(pack.services))
        with serving.engine:
            for path in sorted(self._examples.glob("*/request.json")):
                numbers = count(1)
                visit = CdsService(serving, new_uuid=lambda numbers=numbers: f"00000000-0000-4000-8000-{next(numbers):012d}")  # type: ignore[misc]
                try:
                    asked = read_request_file(path, serving)
                    on = asked.as_of or date.fromisoformat("2026-03-02")
                    cards = visit.examine(asked.request, ANONYMOUS, datetime.combine(on, NOON)).composed.cards
                except CdsError as fault:
                    found[path.parent.name] = (fault.sentence,)
                    continue
                found[path.parent.name] = tuple(line for card in cards for line in _lines(card))
        return found


def _lines(card: Mapping[str, Any]) -> list[str]:
    labels = [f"[{suggestion['label']}]" for suggestion in card.get("suggestions", ())]
    return [f"{card['indicator']}: {card['summary']}", *card.get("detail", "").splitlines(), *labels]


def _changes(before: Mapping[str, tuple[str, ...]], now: Mapping[str, tuple[str, ...]]) -> list[Change]:
    """Examples whose cards differ, with the lines that went and came."""
    changed = [name for name in now if before.get(name) != now[name]]
    return [
        Change(
            name,
            tuple(line for line in before.get(name, ()) if line and line not in now[name]),
            tuple(line for line in now[name] if line and line not in before.get(name, ())),
        )
        for name in changed
    ]


def _found(checked: Checked, finding: Finding) -> Found:
    path, line = checked.path(finding), ""
    if path.is_file() and path.stat().st_size < _TEXT:
        lines = path.read_text("utf-8", errors="replace").splitlines()
        line = lines[finding.where.line - 1][:300] if 0 < finding.where.line <= len(lines) else ""
    return Found(str(finding.where), finding.code, finding.level.value, finding.sentence, finding.hint, line)
