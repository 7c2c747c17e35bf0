"""A clock that is set: modules of ingestd that ask for the time get its time."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from types import TracebackType
from typing import Any, Self


class VirtualClock:
    """Sets the time that the modules of ingestd get from `datetime.now`; a context manager.

    `monotonic` in modules whose names begin with `monotonic_in` follows it.  All else, such as timeouts and heartbeats
    in other modules, keeps to the real monotonic clock.  Worker processes have their own clock.
    """

    def __init__(self, now: datetime, *, monotonic_in: str) -> None:
        self.now = self._start = now
        self._began = time.monotonic()
        self._monotonic_in = monotonic_in
        self._datetime = _datetime_at(self)
        self._patched: list[tuple[Any, str, object]] = []

    def __enter__(self) -> Self:
        self._patch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for module, attribute, real in self._patched:
            setattr(module, attribute, real)
        self._patched.clear()

    def set(self, now: datetime) -> None:
        """Set the time; it stands still until the next call."""
        self.now = now
        self._patch()  # modules that were loaded meanwhile

    def advance(self, by: timedelta) -> None:
        """Set the time to a later one."""
        self.set(self.now + by)

    def monotonic(self) -> float:
        return self._began + (self.now - self._start).total_seconds()

    def _patch(self) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("ingestd."):
                self._replace(module, "datetime", datetime, self._datetime)
                if name.startswith(self._monotonic_in):
                    self._replace(module, "monotonic", time.monotonic, self.monotonic)

    def _replace(self, module: Any, attribute: str, real: object, ours: object) -> None:
        if getattr(module, attribute, None) is real:
            setattr(module, attribute, ours)
            self._patched.append((module, attribute, real))


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
