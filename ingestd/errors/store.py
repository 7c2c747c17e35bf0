"""Errors of the database, the archive and backups."""

from ingestd.errors.base import IngestError


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
