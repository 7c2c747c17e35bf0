"""The settings for intervals, delays and retries."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Intervals, delays and retries as the operator configured them; durations in seconds."""

    #: Between two polls of a source that publishes one entry an hour; other sources are polled by their pace.
    interval: float = 4800.0
    #: Shortest time between two polls of a source.
    interval_floor: float = 60.0
    #: Attempts before an entry is quarantined, and the delay before the second one.
    attempts: int = 5
    retry_delay: float = 30.0
    #: Age of a story at which its page is revisited first (0: never), and after which it is not revisited any more.
    revisit_first: float = 900.0
    revisit_until: float = 604_800.0
    #: How long a file in a drop folder must stay unchanged to count as complete.
    settle: float = 2.0
    #: Between two polls of a drop folder on another host.
    folder_interval: float = 30.0
