"""The log of a command."""

import logging
import sys
from typing import Literal


def configure_log(level: str, style: Literal["auto", "console", "json"]) -> None:
    """Send what ingestd and its libraries log to stderr, from `level` on.

    Importing structlog takes 0.1 s, and a command that only reads the database logs nothing. Unless a module of the
    command has imported structlog, it is configured when a library logs its first record.
    """
    if "structlog" in sys.modules:
        _configure(level, style)
        return
    root = logging.getLogger()
    root.handlers = [_Deferred(level, style)]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _configure(level: str, style: Literal["auto", "console", "json"]) -> None:
    from ingestd.daemon import logs

    logs.configure(level, style)


class _Deferred(logging.Handler):
    """Configures the log at the first record, and passes that record on."""

    def __init__(self, level: str, style: Literal["auto", "console", "json"]) -> None:
        super().__init__()
        self._arguments = level, style

    def emit(self, record: logging.LogRecord) -> None:
        """Replace this handler and log the record."""
        _configure(*self._arguments)
        logging.getLogger().handle(record)
