"""State of a site that is not idle: its slots, the requests that wait for one, its hold."""

import asyncio
from collections import deque


class SiteState:
    """State of a site that is not idle."""

    __slots__ = ("free", "held_until", "idle_at", "timer", "under_way", "waiting")

    def __init__(self, slots: int) -> None:
        #: Free slots.
        self.free = deque(range(slots))
        self.waiting: deque[asyncio.Future[int]] = deque()
        #: Monotonic seconds; 0 without a hold.
        self.held_until = 0.0
        #: Turns that have begun and not ended, and when the delay after the last of them ends (monotonic seconds).
        self.under_way = 0
        self.idle_at = 0.0
        #: Calls `Pacing._wake` when the hold ends.
        self.timer: asyncio.TimerHandle | None = None
