"""A clock that moves only when it is set."""


class Clock:
    """Returns the seconds that a test has set."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds
