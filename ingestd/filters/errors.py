"""The error of filters."""

from ingestd.errors import UsageError


class FilterError(UsageError):
    """A filter cannot be read; `column` is where, counted from 1, and `reason` says what is valid there."""

    def __init__(self, column: int, reason: str) -> None:
        super().__init__(column, reason)
        self.column = column
        self.reason = reason

    def __str__(self) -> str:
        return f"filter, column {self.column}: {self.reason}"
