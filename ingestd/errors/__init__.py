"""The exceptions that ingestd raises on purpose, in one tree.

::

    IngestError
    ├── ConfigError             a setting is missing, unknown or wrong
    ├── UsageError              the request names nothing that exists, or is not valid
    │   ├── NotFound            it names a source, record or other thing that does not exist
    │   └── NameTaken           it names a new thing as another one is named
    ├── AddressInUse            another process listens at the address of `listen`; it may be about to end
    ├── OtherEngine             daemons with another engine work on the database; they may be about to end
    ├── Busy                    the source is in use: the sender may try again
    ├── FetchError              the network or the server failed
    │   ├── Unreachable         no address, no route, no connection, no TLS
    │   │   ├── Unanswered      no response: connection timed out, no route, name server silent
    │   │   └── Offline         local failure: no network, no name server, no socket left
    │   ├── TimedOut            the whole request exceeded its deadline
    │   ├── Refused             4xx or 5xx
    │   │   ├── Gone            410: never retried
    │   │   ├── LoginNeeded     401: the operator must set or correct a login
    │   │   └── Throttled       the server limits our requests
    │   ├── Held                no request was sent: the site is on hold
    │   ├── Disallowed          robots.txt disallows the URL: never retried
    │   ├── RobotsUnreachable   robots.txt cannot be read, so everything is disallowed for now
    │   ├── Forbidden           the address, port or scheme must not be connected to: never retried
    │   ├── TooLarge            the body exceeds the limit
    │   ├── NoRoom              local failure: the body cannot be written to the local disk
    │   ├── Inaccessible        a drop folder or a file in it cannot be used: permissions
    │   ├── LoginRefused        the server of a drop folder refuses the login
    │   ├── UnknownHostKey      an SSH server whose key is not in `known_hosts`
    │   ├── NotInstalled        an optional library is missing
    │   ├── BrokenReply         the response ends early or violates its protocol
    │   └── TooManyRedirects
    ├── ParseError              the bytes are not a readable feed
    │   └── UnknownFormat       no supported format matches
    ├── ExtractError            no article could be extracted from a page
    │   └── NoArticle           the page was read and has no article
    ├── WorkerError             the worker process that parsed or extracted failed
    │   ├── WorkerUnready       local failure: the process did not start
    │   ├── WorkerTimedOut      the job used up its CPU time and was killed
    │   ├── WorkerStalled       local failure: the job did not get the CPU time that it may use
    │   ├── WorkerDied          the process ended during the job, such as a crash in C
    │   ├── WorkerOutOfMemory   the job exceeded its memory limit
    │   └── WorkerBug           the job raised an unexpected exception
    ├── UnexpectedError         a bug: a job raised an exception that is not an IngestError
    ├── StoreError              the database failed
    │   ├── StoreUnavailable    local failure: it cannot be reached, does not answer, or accepts no writes
    │   │   └── StoreConflict   another transaction was in the way: repeated at once
    │   ├── StoreRefused        it refuses a statement or a value, and would every time: never retried
    │   │   └── UnreadableContent   the content of one revision is damaged
    │   ├── StoreCorrupt        local failure: a file or an index of it is damaged
    │   └── SchemaMismatch      its schema or its data is older or newer than this program
    ├── ArchiveError            the archive of raw bytes: missing, damaged, disk full
    │   └── ArchiveUnavailable  local failure: it accepted no bytes for some minutes
    ├── DeliveryError           a message was not delivered to a consumer
    │   ├── EndpointDown        the endpoint takes nothing at present, whatever the message
    │   ├── EndpointGone        it takes no message any more: the consumer is disabled
    │   └── MessageRefused      it did not take this message, though it may take others
    └── BackupError             a backup cannot be written, or is incomplete or damaged

`fate` tells the caller whether to try again `later` or `never`.  `local` marks failures of this host or its
network, which count against no source and no entry.  Every class can be pickled, because errors are sent from
worker processes: `args` holds the arguments of the constructor.
"""

from ingestd.errors.base import (
    AddressInUse,
    Busy,
    ConfigError,
    ExtractError,
    Fate,
    IngestError,
    NameTaken,
    NoArticle,
    NotFound,
    OtherEngine,
    ParseError,
    UnexpectedError,
    UnknownFormat,
    UsageError,
)
from ingestd.errors.delivery import DeliveryError, EndpointDown, EndpointGone, MessageRefused
from ingestd.errors.fetch import (
    BrokenReply,
    Disallowed,
    FetchError,
    Forbidden,
    Gone,
    Held,
    Inaccessible,
    LoginNeeded,
    LoginRefused,
    NoRoom,
    NotInstalled,
    Offline,
    Refused,
    RobotsUnreachable,
    Throttled,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unanswered,
    UnknownHostKey,
    Unreachable,
)
from ingestd.errors.store import (
    ArchiveError,
    ArchiveUnavailable,
    BackupError,
    SchemaMismatch,
    StoreConflict,
    StoreCorrupt,
    StoreError,
    StoreRefused,
    StoreUnavailable,
    UnreadableContent,
)
from ingestd.errors.worker import (
    WorkerBug,
    WorkerDied,
    WorkerError,
    WorkerOutOfMemory,
    WorkerStalled,
    WorkerTimedOut,
    WorkerUnready,
)

__all__ = [
    "AddressInUse",
    "ArchiveError",
    "ArchiveUnavailable",
    "BackupError",
    "BrokenReply",
    "Busy",
    "ConfigError",
    "DeliveryError",
    "Disallowed",
    "EndpointDown",
    "EndpointGone",
    "ExtractError",
    "Fate",
    "FetchError",
    "Forbidden",
    "Gone",
    "Held",
    "Inaccessible",
    "IngestError",
    "LoginNeeded",
    "LoginRefused",
    "MessageRefused",
    "NameTaken",
    "NoArticle",
    "NoRoom",
    "NotFound",
    "NotInstalled",
    "Offline",
    "OtherEngine",
    "ParseError",
    "Refused",
    "RobotsUnreachable",
    "SchemaMismatch",
    "StoreConflict",
    "StoreCorrupt",
    "StoreError",
    "StoreRefused",
    "StoreUnavailable",
    "Throttled",
    "TimedOut",
    "TooLarge",
    "TooManyRedirects",
    "Unanswered",
    "UnexpectedError",
    "UnknownFormat",
    "UnknownHostKey",
    "Unreachable",
    "UnreadableContent",
    "UsageError",
    "WorkerBug",
    "WorkerDied",
    "WorkerError",
    "WorkerOutOfMemory",
    "WorkerStalled",
    "WorkerTimedOut",
    "WorkerUnready",
]
