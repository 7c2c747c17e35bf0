"""Wire files of an invented agency, at least one for each format, from tests/data/wire."""

from datetime import UTC, datetime
from pathlib import Path

from ingestd.formats import parse
from ingestd.model.item import Item

FOLDER = Path(__file__).parent.parent / "data" / "wire"
WIRE = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir())}

#: `versioncreated` of all samples, and the end of their embargo.
CREATED = datetime(2026, 3, 1, 11, 30, 15, tzinfo=UTC)
RELEASED = datetime(2026, 3, 2, 5, tzinfo=UTC)


def items_in(body: bytes | str) -> list[Item]:
    """Return the items of a document's entries."""
    body = body.encode() if isinstance(body, str) else body
    entries = parse(body, url="https://harbour.example/").entries
    return [entry.item for entry in entries if entry.item]


def item_in(body: bytes | str) -> Item:
    """Return the only item of a document."""
    (item,) = items_in(body)
    return item
