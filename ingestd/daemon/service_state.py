"""Counters and timestamps of the running service, read by health checks and metrics."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

#: Pairs of stage and error that are counted apart; a metric must not get more and more series.
MAX_FAILURES = 500


@dataclass(slots=True)
class ServiceState:
    """Written by the service, read by health and metrics; times are monotonic seconds unless typed as datetime."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: When the scheduler last ticked.
    last_tick: float = field(default_factory=monotonic)
    #: Whether the daemon is stopping (SIGTERM): it is no longer ready, but still live.
    stopping: bool = False
    #: Since when the database has refused writes; None while it accepts them.
    unwritable: float | None = None
    #: Polls, pages and revisits in progress, and claimed jobs that wait for their site.
    polls_at_work: int = 0
    pages_at_work: int = 0
    revisits_at_work: int = 0
    waiting: int = 0
    #: Totals since the start.
    polls_done: dict[str, int] = field(default_factory=dict)  # by outcome
    pushes: dict[str, int] = field(default_factory=dict)  # taken, dropped
    entries_done: dict[str, int] = field(default_factory=dict)  # saved, untouched, failed
    revisits_done: dict[str, int] = field(default_factory=dict)  # changed, unchanged, gone, failed
    failures: dict[tuple[str, str], int] = field(default_factory=dict)  # by stage and error
    bytes_fetched: int = 0
    documents_warned: int = 0  # polls and pushes whose documents had warnings

    def count_failure(self, stage: str, error: str) -> None:
        """Count a failure by stage and class of error; beyond MAX_FAILURES pairs all are "other"."""
        key = (stage, error)
        if key not in self.failures and len(self.failures) >= MAX_FAILURES:
            key = ("other", "other")
        self.failures[key] = self.failures.get(key, 0) + 1

    def note_write(self, *, ok: bool) -> None:
        """Note whether a write succeeded; a claim that found nothing wrote nothing and must not be noted."""
        if ok:
            self.unwritable = None
        elif self.unwritable is None:
            self.unwritable = monotonic()
