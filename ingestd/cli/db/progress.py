"""Progress of long database commands, as lines on stderr."""

from time import monotonic

from ingestd.cli.output import note
from ingestd.store.transfer.database_copy import TableCopy

#: Seconds between two lines.
INTERVAL = 5.0


class _Lines:
    """Prints a line if the last one is `INTERVAL` old."""

    def __init__(self) -> None:
        self._printed_at = monotonic()

    def note(self, line: str) -> None:
        if monotonic() - self._printed_at >= INTERVAL:
            self._printed_at = monotonic()
            note(line)


class TableProgress(_Lines):
    """Prints how many rows of a table were copied, every few seconds."""

    def __call__(self, copied: TableCopy) -> None:
        """Print how many rows of the table were copied so far."""
        self.note(f"copied {copied.rows} rows of {copied.table}")


class DocumentProgress(_Lines):
    """Prints how many documents of the archive were copied, every few seconds."""

    def __call__(self, count: int) -> None:
        """Print the count of documents."""
        self.note(f"copied {count} documents")
