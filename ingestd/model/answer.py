"""Answers of servers, as kept beside the bytes that they carried: evidence of what was served, when, on which terms."""

from dataclasses import dataclass
from datetime import datetime

#: Name and value of each header, in the order and spelling in which they were received.
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The status and headers of a redirect that was followed, without secrets."""

    #: The URL that redirects, without user-info and logins.
    url: str
    status: int
    #: The reason phrase.
    reason: str = ""
    headers: Headers = ()


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
    headers: Headers = ()
    #: Aware, UTC.
    fetched_at: datetime
    #: The redirects from `url` to `final_url`, in order.
    redirects: tuple[Redirect, ...] = ()
