"""From settings to what is kept of calls: the database, the log of decisions, feedback, used tokens, and the thread that keeps them tidy.

Made before the process forks, so that a database that cannot be used stops the start; connections and threads are the worker's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exercise_cds.records import (
    BadDatabaseUrl,
    BadKeyRing,
    Bounds,
    DecisionLog,
    FeedbackStore,
    KeyRing,
    PackListing,
    ReplayStore,
    Store,
    StoreUnreachable,
    UnknownSchema,
    Upkeep,
    open_store,
    parse_keys,
)
from exercise_cds.settings import Settings, UnusableSettings


@dataclass(frozen=True, slots=True)
class Kept:
    """What a serving process writes to."""

    store: Store
    decisions: DecisionLog
    feedback: FeedbackStore
    replay: ReplayStore
    upkeep: Upkeep

    def begin(self, listing: PackListing) -> None:
        """In the worker: say which pack is served, start tidying."""
        self.decisions.served(listing)
        self.upkeep.start()

    def end(self) -> None:
        """Write what is queued."""
        self.upkeep.close()
        self.decisions.close()


def kept(settings: Settings) -> Kept:
    """Open the database and bring it up to this version. Raises UnusableSettings."""
    try:
        store = open_store(settings.database_url, keys=read_keys(settings.decision_log.keys_file))
    except (BadDatabaseUrl, StoreUnreachable, UnknownSchema) as fault:
        raise UnusableSettings((f"the records' database cannot be used ({fault}): see the setting database_url",)) from None
    except BadKeyRing as fault:
        raise UnusableSettings((f"decision_log.keys_file: {fault}",)) from None
    site, log = settings.feedback, settings.decision_log
    # a legal hold holds unknown cards too; only a client's flood of them stays bounded
    bounds = Bounds(site.unknown_most, site.unknown_days if log.days else 0)
    feedback = FeedbackStore(store, keep_comments=site.keep_comments, bounds=bounds)
    return Kept(
        store,
        DecisionLog(store, on_failure=log.on_failure, bound=log.queue),
        feedback,
        ReplayStore(store),
        Upkeep(store, feedback, days=log.days),
    )


def read_keys(path: Path | None) -> KeyRing | None:
    """The site's keys; None where it names no file. Raises BadKeyRing."""
    if path is None:
        return None
    try:
        return parse_keys(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise BadKeyRing("The key file that decision_log.keys_file names cannot be read.") from None
