"""Progress of long database commands, as lines on stderr."""

from time import monotonic

from ingestd.cli.output import note
from ingestd.store.transfer.database_copy import TableCopy

#: Seconds between two lines about the same table.
_INTERVAL = 5.0


class TableProgress:
    """Prints how many rows of a table were copied, every few seconds."""

    def __init__(self) -> None:
        self._printed_at = monotonic()

    def __call__(self, copied: TableCopy) -> None:
        """Print a line if the last one is some seconds old."""
        if monotonic() - self._printed_at >= _INTERVAL:
            self._printed_at = monotonic()
            note(f"copied {copied.rows} rows of {copied.table}")


class DocumentProgress:
    """Prints how many documents of the archive were copied, every few seconds."""

    def __init__(self) -> None:
        self._printed_at = monotonic()

    def __call__(self, count: int) -> None:
        """Print a line if the last one is some seconds old."""
        if monotonic() - self._printed_at >= _INTERVAL:
            self._printed_at = monotonic()
            note(f"copied {count} documents")
