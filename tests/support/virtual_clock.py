"""A clock that tests set: modules of ingestd that ask for the time get its time."""

import sys
from datetime import datetime, timedelta, tzinfo
from types import TracebackType
from typing import Any, Self

from ingestd.store.retention import prune


class VirtualClock:
    """Sets the time that the modules of ingestd get from `datetime.now`; a context manager.

    Timeouts, holds and heartbeats keep to the real monotonic clock, but for the rounds of retention, which last a day.
    Worker processes have their own clock and do not ask it.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._start = now
        self._datetime = _datetime_at(self)
        self._monotonic = prune.monotonic
        self._patched: list[Any] = []

    def __enter__(self) -> Self:
        self._patch()
        prune.monotonic = self._elapsed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        prune.monotonic = self._monotonic
        for module in self._patched:
            module.datetime = datetime

    def set(self, now: datetime) -> None:
        """Set the time; it stands still until the next call."""
        self.now = now
        self._patch()  # modules that were loaded meanwhile

    def advance(self, by: timedelta) -> None:
        """Set the time to a later one."""
        self.set(self.now + by)

    def _elapsed(self) -> float:
        return (self.now - self._start).total_seconds()

    def _patch(self) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("ingestd.") and getattr(module, "datetime", None) is datetime:
                module.datetime = self._datetime  # type: ignore[attr-defined]
                self._patched.append(module)


def _datetime_at(clock: VirtualClock) -> Any:
    """Return a stand-in for the class `datetime` whose `now` is that of a clock; all else is that of the class."""

    class Meta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

        def __getattr__(cls, name: str) -> Any:
            return getattr(datetime, name)

    class Virtual(metaclass=Meta):
        def __new__(cls, *args: Any, **options: Any) -> Any:
            return datetime(*args, **options)  # noqa: DTZ001 - as its caller says

        @staticmethod
        def now(tz: tzinfo | None = None) -> datetime:
            return clock.now.astimezone(tz)

    return Virtual
