"""The exceptions that ingestd raises on purpose, in one tree.

::

    IngestError
    ├── ConfigError             a setting is missing, unknown or wrong
    ├── UsageError > NotFound: the request is not valid, or names something that does not exist
    ├── AddressInUse, Busy: another process listens at `listen`, it may end; the source is in use, try again
    ├── FetchError              the network or the server failed
    │   ├── Unreachable         no address, no route, no connection, no TLS
    │   │   ├── Unanswered      no response: connection timed out, no route, name server silent
    │   │   └── Offline         local failure: no network, no name server, no socket left
    │   ├── Refused             4xx or 5xx
    │   │   └── Gone (410, never retried), LoginNeeded (401), Throttled
    │   ├── TimedOut, Held: the request exceeded its deadline; none was sent, since the site is on hold
    │   ├── Disallowed, RobotsUnreachable, Forbidden: robots.txt or our rules disallow the URL, or it cannot be read
    │   ├── TooLarge, NoRoom: the body exceeds the limit; local failure: nor does it fit on the disk
    │   ├── Inaccessible, LoginRefused, UnknownHostKey, NotInstalled: a drop folder cannot be used
    │   └── BrokenReply, TooManyRedirects
    ├── ParseError > UnknownFormat: the bytes are not a readable feed; no supported format matches
    ├── ExtractError > NoArticle: no article could be extracted from a page; it has none
    ├── WorkerError             the worker process that parsed or extracted failed
    │   ├── WorkerTimedOut, WorkerDied, WorkerOutOfMemory, WorkerBug: it used up CPU time or memory, crashed, raised
    │   └── WorkerStalled, WorkerUnready: local failures: no CPU time, no process
    ├── UnexpectedError         a bug: a job raised an exception that is not an IngestError
    ├── StoreError              the database failed
    │   ├── StoreUnavailable    local failure: it cannot be reached, does not answer or accepts no writes
    │   │   └── StoreConflict   another transaction was in the way; repeated at once
    │   ├── StoreRefused > UnreadableContent: it refuses a statement or a value, never retried; damaged content
    │   ├── StoreCorrupt        local failure: its file or an index is damaged
    │   └── SchemaMismatch      its schema or its data is older or newer than this program
    ├── ArchiveError > ArchiveUnavailable: raw bytes are missing or damaged; local failure: none are accepted
    └── BackupError             a backup cannot be written, or is incomplete or damaged

`fate`: try again `later` or `never`.  `local` marks failures of this host or its network, which count against no
source and no entry.  Every class can be pickled, to leave a worker process: `args` holds the constructor's arguments.
"""

from typing import ClassVar, Literal

Fate = Literal["later", "never"]


class IngestError(Exception):
    """Base class of all errors that ingestd raises on purpose."""

    #: Whether another attempt can succeed.
    fate: ClassVar[Fate] = "later"
    #: Whether this host or its network failed: the failure counts against no source and no entry.
    local: ClassVar[bool] = False


class ConfigError(IngestError):
    """A setting is missing, unknown or wrong; the message names it."""

    fate = "never"


class UsageError(IngestError):
    """The request is not valid or names something that does not exist; the message says what is valid."""

    fate = "never"


class NotFound(UsageError):
    """The request names a source, record or other thing that does not exist; the message says where to look."""


class AddressInUse(IngestError):
    """Another process listens at the address of `listen`, perhaps a daemon that is still stopping; try again."""


class Busy(IngestError):
    """A push arrived while its source is in use, or while too many wait; the sender may try again."""


class FetchError(IngestError):
    """A URL could not be fetched; `url` is without its user-info, `reason` a phrase."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"{self.url}: {self.reason}"


class Unreachable(FetchError):
    """The server has no address, or there is no route, no connection or no TLS to it."""


class Unanswered(Unreachable):
    """No response: the connection timed out, no route, or the name server is silent; either side may be down."""


class Offline(Unreachable):
    """The local network, name server or sockets failed; the state of the server is unknown."""

    local = True


class TimedOut(FetchError):
    """The whole request, redirects and body included, exceeded its deadline."""


class Refused(FetchError):
    """The server answered with 4xx or 5xx; `retry_after` is in seconds, or None."""

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, f"HTTP {status}")
        self.args = (url, status, retry_after)
        self.status, self.retry_after = status, retry_after


class Gone(Refused):
    """410 Gone, from the requested URL or from the one it permanently redirects to."""

    fate = "never"


class LoginNeeded(Refused):
    """401: the login is missing or invalid; retried, since the operator may correct it."""

    def __init__(self, url: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(url, status, retry_after)
        self.reason = f"HTTP {status}, login missing or invalid; see the setting `logins`"


class Throttled(Refused):
    """The server limits our requests: 429, a 503 with Retry-After, or a 403 after many requests."""


class Held(FetchError):
    """No request was sent: the site is on hold for another `seconds`."""

    def __init__(self, url: str, reason: str, seconds: float) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, seconds)
        self.seconds = seconds


class Disallowed(FetchError):
    """The site's robots.txt disallows the URL; the message quotes the rule."""

    fate = "never"


class RobotsUnreachable(FetchError):
    """The site's robots.txt cannot be read: until it can, everything is disallowed (RFC 9309, 2.3.1.4)."""


class Forbidden(FetchError):
    """The address, port or scheme must not be connected to."""

    fate = "never"


class TooLarge(FetchError):
    """The body exceeds the limit, on the wire or decoded."""


class NoRoom(FetchError):
    """The body does not fit into the memory budget and cannot be written to the local disk."""

    local = True


class Inaccessible(FetchError):
    """A drop folder cannot be listed or written, or a file in it cannot be read or moved; retried."""


class LoginRefused(FetchError):
    """The server of a drop folder refuses the login, or `logins` has none for it; retried."""


class UnknownHostKey(FetchError):
    """The key of an SSH server is not in `known_hosts`; the message shows it."""


class NotInstalled(FetchError):
    """The folder's protocol needs a library that is not installed; the message says what to install."""


class BrokenReply(FetchError):
    """The response ends early or violates its protocol."""


class TooManyRedirects(FetchError):
    """The chain of redirects is too long, or a loop."""


class ParseError(IngestError):
    """The bytes are not a readable feed."""


class UnknownFormat(ParseError):
    """No supported format matches the bytes."""


class ExtractError(IngestError):
    """No article could be extracted from a page."""


class NoArticle(ExtractError):
    """The page was read and has no article."""


class WorkerError(IngestError):
    """A worker process failed and was replaced; the message says why."""


class WorkerUnready(WorkerError):
    """The worker process did not start, so the job was not attempted."""

    local = True


class WorkerTimedOut(WorkerError):
    """The job exceeded its limit of CPU time, and its process was killed."""


class WorkerStalled(WorkerError):
    """The job did not get the CPU time it was allowed: this host is too busy, or the process was stopped."""

    local = True


class WorkerDied(WorkerError):
    """The worker process ended during the job."""


class WorkerOutOfMemory(WorkerError):
    """The job exceeded its memory limit."""


class WorkerBug(WorkerError):
    """The job raised an exception that is not an IngestError; `trace` is the worker's traceback, as text."""

    def __init__(self, name: str, message: str, trace: str) -> None:
        super().__init__(name, message, trace)
        self.name, self.message, self.trace = name, message, trace

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class UnexpectedError(IngestError):
    """A bug: a job raised an exception that is not an IngestError; the message has its class and its words."""


class StoreError(IngestError):
    """The database failed or refused an operation."""


class StoreUnavailable(StoreError):
    """The database cannot be reached, does not answer, or accepts no writes."""

    local = True


class StoreConflict(StoreUnavailable):
    """Another transaction was in the way: a deadlock, or a serialization failure; repeated at once."""


class StoreRefused(StoreError):
    """The database is available and refuses a statement or one of its values, as it would every time."""

    fate = "never"


class StoreCorrupt(StoreError):
    """A file or an index of the database is damaged; the operator must repair it or restore a backup."""

    local = True


class SchemaMismatch(StoreError):
    """The database's schema or data is older or newer than this program's."""

    fate = "never"


class UnreadableContent(StoreRefused):
    """The content of one revision is damaged; other records are not affected."""


class ArchiveError(IngestError):
    """Raw bytes could not be written to the archive, or are missing or damaged there."""


class ArchiveUnavailable(ArchiveError):
    """The archive accepted no bytes for some minutes."""

    local = True


class BackupError(IngestError):
    """A backup cannot be written, or what is at its path is incomplete or damaged."""

    fate = "never"
