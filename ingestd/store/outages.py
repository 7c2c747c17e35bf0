"""Log an outage of the database as one line when it begins, sparse reminders, and one line when it ends."""

from time import monotonic
from typing import Any

import structlog

from ingestd.errors import StoreConflict, StoreUnavailable

log = structlog.get_logger(__name__)

#: Seconds after the beginning at which a reminder is logged, and the interval of the reminders that follow.
REMINDERS = (60.0, 300.0, 1800.0)

#: Note of an error whose outage is in the log.
_LOGGED = "the outage is in the log"


class OutageLog:
    """What is logged of the outages of one database, whatever number of operations fails meanwhile.

    Reads may succeed while writes are refused (a full disk, a standby), so only a write ends an outage of writes.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._reminders = 0
        self._writing = False

    def failed(self, error: StoreUnavailable, *, writing: bool) -> None:
        """Log an operation that failed, if it is the first or a reminder is due."""
        if isinstance(error, StoreConflict):
            return
        error.add_note(_LOGGED)
        self._writing |= writing
        if self._since is None:
            self._since, self._reminders = monotonic(), 0
            log.warning("database unavailable", error=str(error))
        elif (seconds := monotonic() - self._since) >= self._next_reminder():
            while self._next_reminder() <= seconds:
                self._reminders += 1
            log.warning("database still unavailable", error=str(error), seconds=round(seconds))

    def succeeded(self, *, writing: bool) -> None:
        """Log the end of an outage if an operation that succeeded ends one."""
        if self._since is None or (self._writing and not writing):
            return
        log.warning("database available again", seconds=round(monotonic() - self._since))
        self._since, self._writing = None, False

    def _next_reminder(self) -> float:
        beyond = self._reminders - len(REMINDERS) + 1
        return REMINDERS[self._reminders] if beyond <= 0 else REMINDERS[-1] * (1 + beyond)


def log_failure(log: Any, event: str, error: Exception, **values: object) -> None:
    """Log a failed operation as a warning, or at the level debug if it is part of an outage that is in the log."""
    is_logged = _LOGGED in getattr(error, "__notes__", ())
    (log.debug if is_logged else log.warning)(event, error=str(error), **values)
