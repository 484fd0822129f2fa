"""Changed rules and the kill switch, taken up while the process serves: looked for by content, tried elsewhere, swapped whole.

Rules are looked at every few seconds by a mark over their content, never by events: a folder mounted by Kubernetes changes by a link
that is pointed elsewhere, and watchers of files see nothing. A change counts once two looks agree on it, so that a folder that somebody
is still editing is left alone. It is then tried in a child process, and only a pack with the very digest that was tried is served.
What is wrong leaves the last good pack in place; what is attempted again is whatever differs from the last attempt, good or bad, so a
return to the pack that is served counts as success.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exercise_cds import rulepack
from exercise_cds.authoring.try_pack import Tried, try_in_child
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import Mark, Pause
from exercise_cds.web import logs
from exercise_cds.web.metrics import Metrics

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from exercise_cds.cds_service import CdsService, Serving

_TRIAL_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
_AGAIN_SECONDS = 60.0
"""After a trial that was late or died, which may be the machine's fault, or a fault of ours, the same rules are tried again."""
_PERHAPS_THE_MACHINE = frozenset({"late", "died", "moved"})
_LARGEST_PAUSE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Files:
    """Where the rules are, and the kill switch."""

    rules: Path
    overlay: Path | None = None
    pause: Path | None = None

    def at_rest(self) -> tuple[Path, Path | None]:
        """Rules and overlay behind every link: all that is read below is of one moment."""
        return rulepack.at_rest(self.rules), rulepack.at_rest(self.overlay) if self.overlay else None

    def mark(self) -> Mark:
        """The mark of rules and overlay now."""
        return rulepack.mark(*self.at_rest())

    def pause_now(self, pack: RulePack) -> Pause:
        """What the pause file asks of a pack now. A file that cannot be read asks for everything."""
        if self.pause is None:
            return rulepack.NO_PAUSE
        try:
            with self.pause.open("rb") as opened:
                content = opened.read(_LARGEST_PAUSE)
        except FileNotFoundError:
            return rulepack.NO_PAUSE
        except OSError:
            return Pause(everything=True)
        return rulepack.read_pause(content, self.pause.name, pack)


class Reload:
    """One thread of a serving process. Every method but `start`, `stop` and `told` is that thread's own, or a test's."""

    def __init__(  # noqa: PLR0913 - all wiring comes in here, by name
        self,
        steward: CdsService,
        files: Files,
        pack: RulePack,
        *,
        prepare: Callable[[RulePack], Serving],
        metrics: Metrics,
        serves: Callable[[RulePack], None],
        every: float,
        try_pack: Callable[[Path, Path | None], Tried] = lambda rules, overlay: try_in_child(rules, overlay, seconds=_TRIAL_SECONDS),
        now: Callable[[], float] = time.time,
    ) -> None:
        """`pack` is what is served, before any pause. `serves` is told of each pack that is served from then on. `every`: 0 is never."""
        self._steward, self._files, self._pack = steward, files, pack
        self._prepare, self._metrics, self._serves, self._try_pack, self._now = prepare, metrics, serves, try_pack, now
        self._every = every
        self._attempted = self._seen = Mark(pack.digest, ())
        self._pause = self._pause_seen = files.pause_now(pack)
        self._again_at = float("inf")
        self._attempt = self._success = now()
        self._failure = ""
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look, where there is anything to look at."""
        self._metrics.reload_attempted.set(self._attempt)
        self._metrics.reload_successful.set(self._success)
        self._metrics.pause_findings.set(len(self._pause.findings))
        if self._every or self._files.pause is not None:
            self._watch()

    def _watch(self) -> None:
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._end.set()

    def told(self) -> dict[str, Any]:
        """What /readyz shows: what is paused, and how the last change of rules went."""
        shown: dict[str, Any] = {}
        if self._every:
            shown["reload"] = {"attempted": _time(self._attempt), "successful": _time(self._success), "failing": self._failure}
        paused = self._steward.serving.pack.paused
        if self._pause:
            named = {"services": paused.services, "rules": paused.rules, "programs": paused.programs}
            shown["paused"] = "all" if paused.everything else {what: sorted(names) for what, names in named.items() if names}
        if self._pause.findings:
            shown["pause file"] = [str(finding) for finding in self._pause.findings]
        return shown

    def _run(self) -> None:
        try:
            self._look_until_stopped()
        finally:
            if not self._end.is_set():
                # our own bug, which the log shows; the next change, or the kill switch, must be seen all the same
                self._metrics.reload_failures.labels("fault").inc()
                self._watch()

    def _look_until_stopped(self) -> None:
        looked = time.monotonic()
        wait = min(_PAUSE_SECONDS, self._every) if self._files.pause is not None and self._every else self._every or _PAUSE_SECONDS
        while not self._end.wait(wait):
            self.look_at_pause()
            if self._every and time.monotonic() - looked >= self._every - wait / 2:
                looked = time.monotonic()
                self.look_at_rules()

    def look_at_rules(self) -> None:
        """Serve changed rules once two looks agree on them and they were found good."""
        mark = self._files.mark()
        settled, self._seen = mark == self._seen, mark
        due = self._now() >= self._again_at
        if not settled or (mark == self._attempted and not due):
            return
        self._attempt = self._now()
        self._metrics.reload_attempted.set(self._attempt)
        # what holds should the attempt itself break off
        self._attempted, self._again_at, self._failure = mark, self._attempt + _AGAIN_SECONDS, "fault"
        why, where, faults = self._take_up(mark)
        self._failure = why
        if why not in _PERHAPS_THE_MACHINE:
            self._again_at = float("inf")
        if not why:
            self._success = self._attempt
            self._metrics.reload_successful.set(self._success)
            return
        self._metrics.reload_failures.labels(why).inc()
        logs.log().error("rules refused", reason=why, where=where, count=faults)

    def _take_up(self, mark: Mark) -> tuple[str, str, int]:
        """Why the rules are not served ("": they are), where the first finding stands, how many there are."""
        if mark == Mark(self._pack.digest, ()):
            return "", "", 0
        rules, overlay = self._files.at_rest()
        found = self._try_pack(rules, overlay)
        if found.why or found.digest == self._pack.digest:
            return found.why, found.first, found.faults
        loaded = rulepack.load(rules, overlay)
        if loaded.pack is None or loaded.pack.digest != found.digest:
            return "moved", "", 0
        self._serve(loaded.pack, self._files.pause_now(loaded.pack))
        return "", "", 0

    def look_at_pause(self) -> None:
        """Put a changed pause into force once two looks agree on it."""
        pause = self._files.pause_now(self._pack)
        settled, self._pause_seen = pause == self._pause_seen, pause
        if settled and pause != self._pause:
            self._serve(self._pack, pause)

    def _serve(self, pack: RulePack, pause: Pause) -> None:
        """Compile, swap, and say so. A pause needs no trial: the conditions are those that were tried."""
        served = rulepack.paused(pack, pause)
        self._steward.swap(self._prepare(served))
        self._pack, self._pause = pack, pause
        self._metrics.serves(served)
        self._metrics.pause_findings.set(len(pause.findings))
        self._serves(served)
        logs.log().warning("rules served", digest=served.digest, reason="paused" if pause else "", count=len(pause.findings))


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
