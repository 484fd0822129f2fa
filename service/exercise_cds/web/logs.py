"""Log lines: JSON, one for each event, of listed fields only (law 7). A field that is not listed is dropped, whoever sends it.

What libraries say is not repeated, since their texts carry URLs and values: their name and level are. Exceptions are written as their
class and the place in the code.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, BinaryIO

import orjson
import structlog

FIELDS = frozenset(
    {
        "ts",
        "level",
        "event",
        "method",
        "hook",
        "service",
        "status",
        "latency_ms",
        "outcome",
        "cards",
        "digest",
        "issuer",
        "tenant",
        "jti",
        "reason",
        "error",
        "error_id",
        "where",
        "source",
        "pid",
        "queued",
        "lost",
        "removed",
        "schema",
        "count",
        "trace_id",
    }
)
"""Everything that may stand in a line. `service` and `hook` are names of ours; `issuer`, `tenant` and `jti` are those of
tokens whose signature was good, or `issuer` a configured one; `reason` is a code, `where` a place in our code;
`queued`, `lost` and `removed` count records, `count` findings in rules or in the pause file."""


def configure(level: str, stream: BinaryIO | None = None) -> None:
    """Send every line of the process, ours and libraries', to `stream` (standard output)."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _only_listed, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stdout.buffer),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Libraries()]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def log() -> Any:
    """The logger: `log().info("request", status=200)`."""
    return structlog.get_logger()


def place(traceback: TracebackType | None) -> str:
    """Where an exception rose: `module:line` of the innermost frame of ours, else of the innermost."""
    innermost = ours = ""
    while traceback is not None:
        name = str(traceback.tb_frame.f_globals.get("__name__", "?"))
        innermost = f"{name}:{traceback.tb_lineno}"
        ours = innermost if name.startswith("exercise_cds.") else ours
        traceback = traceback.tb_next
    return ours or innermost


def thread_failed(what: threading.ExceptHookArgs) -> None:
    """Stands at `threading.excepthook`: an exception that ends a thread is a line like every other, by class and place."""
    log().error("failure", error=what.exc_type.__name__, where=place(what.exc_traceback))


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["ts"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _only_listed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in FIELDS and value not in ("", None)}


def _render(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> bytes:
    return orjson.dumps(event, default=lambda value: type(value).__name__)


class _Libraries(logging.Handler):
    """What a library logs becomes its name and its level."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        structlog.get_logger().log(record.levelno, "library", source=record.name, where=f"{record.module}:{record.lineno}", error=error)
