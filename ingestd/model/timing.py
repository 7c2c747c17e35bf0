"""What the operator decided about time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds."""

    #: Between two polls of a source that publishes an entry an hour; others by their pace.
    interval: float = 4800.0
    interval_floor: float = 60.0
    #: Tries for an entry before it is given up, and the first wait between two.
    attempts: int = 5
    retry_delay: float = 30.0
    #: The age at which a page is visited again for the first time (0: never), and from which on it is not any more.
    revisit_first: float = 900.0
    revisit_until: float = 604_800.0
    #: A file in a drop folder that stays the same for so long is whole.
    settle: float = 2.0
    #: Between two looks at a drop folder on another host.
    folder_interval: float = 30.0
