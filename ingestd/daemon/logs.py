"""Configure logging: one event a line on stderr, free of secrets and of control characters.

Modules use `log = structlog.get_logger()` and `log.info("polled", source=..., listed=40)`.
"""

import io
import logging
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ingestd.text import clean, collapse
from ingestd.times import iso

# Everything before the last "@" of an authority; the password of a database URL may contain "/".
_USER_INFO = re.compile(r"(?<=://)[^\s/?#]*@|(?<=postgresql://)[^\s@]*@")


def configure(level: str, style: Literal["auto", "console", "json"] = "auto") -> None:
    """Log events of ingestd from `level` on, and of libraries from WARNING on, to stderr.

    `style` "auto" is "console" when stderr is a terminal, else "json".  Loggers keep the configuration of their first
    use, so that a filtered event costs next to nothing; call this before any logger is used.
    """
    own = sys.__stderr__
    if own is not None and sys.stderr is own:
        sys.stderr = _without_buffer(own)
    terminal = sys.stderr.isatty()
    console = style == "console" or (style == "auto" and terminal)
    structlog.configure(
        processors=_processors(console=console, colours=terminal and not os.environ.get("NO_COLOR")),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    forward = _Forward()
    forward.addFilter(_is_no_aftermath)
    root.handlers = [forward]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.captureWarnings(capture=True)


def _without_buffer(stream: TextIO) -> TextIO:
    """Return a stream to the same file that keeps nothing.

    What a full disk refused would stay in the buffer, and whatever flushes it would fail: the start of each worker, and
    the end of this process.
    """
    file = io.FileIO(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(file, encoding=stream.encoding, errors=stream.errors, write_through=True)


def _processors(*, console: bool, colours: bool) -> list[Processor]:
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        safe,
        renderer,
    ]


def safe(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return the event ready to print: time, level, event first; values free of secrets and control characters."""
    head = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    shown = {**head, **event}
    return {key: _safe(value) if key != "event" else collapse(_safe_text(str(value))) for key, value in shown.items()}


def _safe(value: Any) -> Any:
    """Return a JSON-serialisable value whose strings are safe; a SecretStr becomes asterisks."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return {_safe_text(str(key)): _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(item) for item in value]
    return _safe_text(str(value))


def _safe_text(text: str) -> str:
    return clean(_USER_INFO.sub("", text) if "@" in text else text)


#: Beginnings of what psycopg warns of beside the error that it raises, when a connection is lost.
_AFTERMATH = ("error ignored", "query cancellation failed")


def _is_no_aftermath(record: logging.LogRecord) -> bool:
    # The log has one line of an outage of the database (`store.outages`).
    return not (record.name.startswith("psycopg") and str(record.msg).startswith(_AFTERMATH))


class _Stderr:
    """Writes whole lines to the current `sys.stderr`, which a progress bar replaces while it is drawn.

    A line that cannot be written (a full disk, a reader that has gone) is lost: the work that it tells of goes on.
    """

    def _write(self, line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = _write


class _Forward(logging.Handler):
    """Forwards log records of libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record as an event, with the name of its logger."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the format string does not fit its arguments
            message = f"{record.msg} {record.args}"
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog has no levels in between
        structlog.get_logger().log(level, message, logger=record.name, exc_info=record.exc_info)
