"""The clock of the event loop, which a test puts forward instead of waiting for a limit of the program."""

import asyncio
from collections.abc import Callable

import pytest

#: Seconds after which something that does not happen will never happen, on a busy machine too.
PATIENCE = 60.0


class LoopClock:
    """The clock of the running event loop.

    With the generous limits that tests give the program, a machine that stands still for seconds ends no wait; with
    `skip` a test ends one when it wants to.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._loop_time = loop.time
        self._skipped = 0.0
        monkeypatch.setattr(loop, "time", self.now)

    def now(self) -> float:
        """Return the loop's time in monotonic seconds, with those skipped."""
        return self._loop_time() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let this time pass: timers that end by then run in the loop's next turn."""
        self._skipped += seconds


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds that no event tells of."""
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")
