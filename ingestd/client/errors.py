"""Errors of the client: what the API answered, and that it could not be reached."""

from collections.abc import Mapping
from typing import Any

from ingestd.errors import IngestError


class ApiError(IngestError):
    """The API answered with an error: its `status`, what happened (`detail`), and the other members of the problem."""

    def __init__(self, status: int, detail: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(status, detail, dict(problem or {}))
        self.status = status
        self.detail = detail
        self.problem = dict(problem or {})

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.detail}"


class CursorRefused(ApiError):
    """The events that follow are no longer kept, or the numbers are from a log that a restore has ended.

    `problem` has the range that is lost (`first_lost`, `last_lost`), or the present `epoch`.
    """


class LeaseLost(ApiError):
    """A lease has ended before its messages were acknowledged: they are handed out again."""


class ApiUnavailable(IngestError):
    """The daemon could not be reached, or was busy at each try."""
