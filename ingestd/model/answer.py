"""Answers of servers, as kept beside the bytes that they carried: evidence of what was served, when, on which terms."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status and headers of one answer, without secrets."""

    #: The requested URL and the one after redirects, without user-info and logins.
    url: str
    final_url: str
    #: The HTTP status; 0: the server did not answer.
    status: int
    #: The reason phrase; with status 0, why there was no answer.
    reason: str = ""
    #: Name and value of each header, in the order and spelling in which they were received.
    headers: tuple[tuple[str, str], ...] = ()
    #: Aware, UTC.
    fetched_at: datetime
