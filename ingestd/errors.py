"""Every failure on purpose, in one tree.

::

    IngestError
    ├── ConfigError             a setting is wrong: the operator's turn
    ├── UsageError              what was asked for does not exist or makes no sense
    ├── Busy                    somebody else is at it: whoever asked may ask again
    ├── FetchError              the network, or the server at its other end
    │   ├── Unreachable         no name, no route, no TLS
    │   │   ├── Unanswered      nothing came back: no connection in time, no route, no name server's word
    │   │   └── Offline         because of us: no network, no name server, no socket left
    │   ├── TimedOut            the deadline of the whole request passed
    │   ├── Refused             4xx or 5xx
    │   │   ├── Gone            410: never again
    │   │   ├── LoginNeeded     401: the operator's turn
    │   │   └── Throttled       we ask too much
    │   ├── Held                not asked: its site is left alone for a while
    │   ├── Disallowed          robots.txt says no: never
    │   ├── RobotsUnreachable   robots.txt cannot be read, which is a no for now
    │   ├── Forbidden           an address or scheme we must not connect to: never
    │   ├── TooLarge            more bytes than the limit
    │   ├── NoRoom              our own disk did not take the body
    │   ├── Inaccessible        a drop folder, or a file in it, that we may not use: the operator's turn
    │   ├── LoginRefused        the server of a drop folder does not let us in: the operator's turn
    │   ├── UnknownHostKey      an SSH server that is not known to be who it says: the operator's turn
    │   ├── NotInstalled        a library that comes with an extra of ours: the operator's turn
    │   ├── BrokenReply         an answer that ends early or makes no sense
    │   └── TooManyRedirects
    ├── ParseError              bytes that are no feed
    │   └── UnknownFormat       nothing we read looks like this
    ├── ExtractError            a page that gives no article
    │   └── NoArticle           read, but there is no article on it
    ├── WorkerError             the process that parsed or extracted
    │   ├── WorkerTimedOut      it took too long and was killed
    │   ├── WorkerUnready       it never got as far as the work
    │   ├── WorkerDied          it ended by itself, as with a crash in C
    │   ├── WorkerOutOfMemory   it met its memory limit
    │   └── WorkerBug           the work raised what it should not: a mistake of ours
    ├── StoreError              the database
    │   ├── StoreUnavailable    cannot be reached, or does not answer
    │   └── SchemaMismatch      its schema is older or newer than this program
    └── ArchiveError            the archive of raw bytes: missing, damaged, disk full

`fate` answers the catcher's question: try again `later`, or `never`.  All of them pickle,
because they cross processes: whatever a constructor takes is in `args`.
"""

from typing import ClassVar, Literal

Fate = Literal["later", "never"]


class IngestError(Exception):
    """Something went wrong in a way we know."""

    fate: ClassVar[Fate] = "later"
    #: Whether it is our own fault: it counts against no source and no entry.
    local: ClassVar[bool] = False


class ConfigError(IngestError):
    """A setting is missing, unknown or wrong; the message names it."""

    fate = "never"


class UsageError(IngestError):
    """What was asked for does not exist, or makes no sense; the message says what would."""

    fate = "never"


class Busy(IngestError):
    """What was pushed came while its source is at work, or too much of it at once; the sender may try again."""


class FetchError(IngestError):
    """A URL could not be fetched; `url` is without its user-info, `reason` a phrase."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}"


class Unreachable(FetchError):
    """No name, no route, no connection, or no TLS."""


class Unanswered(Unreachable):
    """Nothing came back: no connection in time, no route, or no name server's word; the server may be dead, or we."""


class Offline(Unreachable):
    """Our own network, name server or sockets are to blame: nothing is known of the server."""

    local = True


class TimedOut(FetchError):
    """The deadline for the whole request passed, redirects and body included."""


class Refused(FetchError):
    """The server answered with 4xx or 5xx; `retry_after` is in seconds, or None."""

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, f"HTTP {status}")
        self.args = (url, status, retry_after)
        self.status = status
        self.retry_after = retry_after


class Gone(Refused):
    """410 Gone, said by the URL that was asked for or by where it moved for good."""

    fate = "never"


class LoginNeeded(Refused):
    """401: there was no login, or one that is not good (any more); it is tried again, for it may be set right."""

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, status, retry_after)
        self.reason = f"HTTP {status}, it wants a login, or another one: see the setting `logins`"


class Throttled(Refused):
    """The server has had enough of us: 429, a 503 that says for how long, or a 403 after many requests."""


class Held(FetchError):
    """The URL was not asked for: its site is left alone for another `seconds`."""

    def __init__(self, url: str, reason: str, seconds: float) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, seconds)
        self.seconds = seconds


class Disallowed(FetchError):
    """The site's robots.txt disallows the URL for us; the message quotes the rule."""

    fate = "never"


class RobotsUnreachable(FetchError):
    """The site's robots.txt cannot be read: until it can, everything is disallowed (RFC 9309, 2.3.1.4)."""


class Forbidden(FetchError):
    """An address, port or scheme that must not be connected to."""

    fate = "never"


class TooLarge(FetchError):
    """The body is larger than the limit, on the wire or decoded."""


class NoRoom(FetchError):
    """The body is too large for memory alone, and our own disk did not take it."""

    local = True


class Inaccessible(FetchError):
    """A drop folder cannot be listed or written, or a file in it not be read or moved; it may be set right."""


class LoginRefused(FetchError):
    """The server of a drop folder takes no login of ours, or there is none; it may be set right."""


class UnknownHostKey(FetchError):
    """An SSH server shows a key that `known_hosts` does not have for it; the message shows it."""


class NotInstalled(FetchError):
    """The folder needs a library that is not there; the message says what to install."""


class BrokenReply(FetchError):
    """The answer ended early, or makes no sense in the protocol that is spoken."""


class TooManyRedirects(FetchError):
    """A chain of redirects that is too long, or a loop."""


class ParseError(IngestError):
    """The bytes are no feed that could be read."""


class UnknownFormat(ParseError):
    """No format we know looks like this."""


class ExtractError(IngestError):
    """A page gave no article."""


class NoArticle(ExtractError):
    """The page was read, and there is no article on it."""


class WorkerError(IngestError):
    """The process that did the work is no more; the message says why."""


class WorkerUnready(WorkerError):
    """The process did not start: the work is as good as it was."""

    local = True


class WorkerTimedOut(WorkerError):
    """The work took longer than its limit, and its process was killed."""


class WorkerDied(WorkerError):
    """The process ended in the middle of the work."""


class WorkerOutOfMemory(WorkerError):
    """The work needed more memory than its limit."""


class WorkerBug(WorkerError):
    """The work raised what is no failure on purpose; `trace` is the traceback over there, as text."""

    def __init__(self, name: str, message: str, trace: str) -> None:
        super().__init__(name, message, trace)
        self.name = name
        self.message = message
        self.trace = trace

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class StoreError(IngestError):
    """The database could not do what was asked."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, or does not answer."""


class SchemaMismatch(StoreError):
    """The schema is older or newer than this program's."""

    fate = "never"


class ArchiveError(IngestError):
    """Raw bytes could not be kept or are not there as they were kept."""
