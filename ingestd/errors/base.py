"""The base class of all errors, and those of requests, formats and articles."""

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


class NameTaken(UsageError):
    """There is a thing with the name already; the message says where it is."""


class AddressInUse(IngestError):
    """Another process listens at the address of `listen`, perhaps a daemon that is still stopping; try again."""


class OtherEngine(IngestError):
    """Daemons with another engine work on the database, perhaps some that are still stopping; try again."""


class Busy(IngestError):
    """A push arrived while its source is in use, or while too many wait; the sender may try again."""


class ParseError(IngestError):
    """The bytes are not a readable feed."""


class UnknownFormat(ParseError):
    """No supported format matches the bytes."""


class ExtractError(IngestError):
    """No article could be extracted from a page."""


class NoArticle(ExtractError):
    """The page was read and has no article."""


class UnexpectedError(IngestError):
    """A bug: a job raised an exception that is not an IngestError; the message has its class and its words."""
