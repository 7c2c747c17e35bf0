"""Messages as tests render them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ingestd.model.article import Agency, Article
from ingestd.model.event import Event
from ingestd.model.item import Concept, EdNote, Item
from ingestd.model.message import Message
from ingestd.model.record import Carrier, Record

EPOCH = "0b9c3c0e-5d5a-4d63-9a63-3c1de1f5a1b7"
GUID = "urn:newsml:wire.example:20261128:4711"
AT = datetime(2026, 11, 28, 9, 30, 5, tzinfo=UTC)
CREATED = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)

EVENT = Event(
    seq=4711, kind="new", at=AT, record_id=812, revision=1, guid=GUID, uri="https://wire.example/4711",
    pubstatus="usable", headline="Ferry runs again from Monday", versioncreated=CREATED, entry_id=977,
    entry_url="https://wire.example/4711", source_id=3, source_url="https://wire.example/latest.json",
    source_title="Wire Example",
)  # fmt: skip

RECORD = Record(
    id=812, guid=GUID, revision=1, pubstatus="usable",
    article=Article(
        headline="Ferry runs again from Monday", body_text="The ferry runs again, the harbour master said.",
        body_html="<p>The ferry runs again, the harbour master said.</p>", byline="Jo Tide", authors=("Jo Tide",),
        versioncreated=CREATED, language="en-GB", uri="https://wire.example/4711",
        agencies=(Agency(code="AP", name="Associated Press", role="origin", evidence=(("dateline", "AP"),)),),
    ),
    content_hash="6f" * 32, seen_at=AT, id_origin="source",
    carriers=(
        Carrier(
            source_id=3, source_url="https://user:secret@wire.example/latest.json", url="https://wire.example/4711",
            seen_at=AT,
        ),
    ),
    item=Item(
        guid=GUID, version="1", type="text",
        subject=(Concept(code="20000538", scheme="medtop",
                         uri="http://cv.iptc.org/newscodes/mediatopic/20000538", name="transport"),),
        ednotes=(EdNote(text="Call 555-0100", public=False), EdNote(text="Adds quote in paragraph 2")),
    ),
)  # fmt: skip


def new(**changes: Any) -> Message:
    """Return the message about a new record."""
    return Message(epoch=EPOCH, event=replace(EVENT, **changes), record=RECORD)


def withdrawn(kind: str, status: str, **changes: Any) -> Message:
    """Return a message about a record that may not be shown."""
    hidden: dict[str, Any] = {"headline": None, "uri": None, "entry_url": None, "kind": kind, "pubstatus": status}
    return Message(epoch=EPOCH, event=replace(EVENT, seq=4712, **hidden, **changes))
