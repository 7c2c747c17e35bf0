"""What the service knows of itself, for those who ask after its health."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic


@dataclass(slots=True)
class ServiceState:
    """Written by the service, read by health; times are monotonic seconds unless they say otherwise."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: When the scheduler last ticked.
    last_tick: float = field(default_factory=monotonic)
    #: Whether SIGTERM has come: readiness ends at once, liveness does not.
    stopping: bool = False
    #: Since when the database refuses what we write; None while it takes it.
    unwritable: float | None = None
    #: Polls and pages at work, and claimed ones that wait.
    polls_at_work: int = 0
    pages_at_work: int = 0
    revisits_at_work: int = 0
    waiting: int = 0
    #: Since the start.
    polls_done: dict[str, int] = field(default_factory=dict)  # by outcome
    pushes: dict[str, int] = field(default_factory=dict)  # taken, dropped
    entries_done: dict[str, int] = field(default_factory=dict)  # saved, untouched, failed
    revisits_done: dict[str, int] = field(default_factory=dict)  # changed, unchanged, gone, failed
    failures: dict[tuple[str, str], int] = field(default_factory=dict)  # by stage and error
    bytes_fetched: int = 0

    def written(self, *, ok: bool) -> None:
        """Note whether the database took what was written; a claim that found nothing wrote nothing."""
        if ok:
            self.unwritable = None
        elif self.unwritable is None:
            self.unwritable = monotonic()
