"""Forms in which records are written without an event: by exports, and by lists of the API.

They have the names of the forms of messages (`renderers.forms`).  A CloudEvent is about an event, so it is none of
them.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from ingestd.model.record import Record, RecordSummary
from ingestd.renderers.ninjs import as_ninjs
from ingestd.renderers.record_items import item_of_record
from ingestd.renderers.record_json import record_as_json


def summary_of(record: Record) -> RecordSummary:
    """Return what a list shows of a record."""
    return RecordSummary(
        id=record.id, guid=record.guid, uri=record.article.uri, revision=record.revision, pubstatus=record.pubstatus,
        headline=record.article.headline, at=record.article.versioncreated or record.seen_at,
        carriers=len(record.carriers), story=record.copy.story,
    )  # fmt: skip


#: Name of a form → the function that returns a record in plain values.
RECORD_FORMS: Mapping[str, Callable[[Record], dict[str, Any]]] = {
    "thin": lambda record: asdict(summary_of(record)),
    "full": record_as_json,
    "ninjs": lambda record: as_ninjs(item_of_record(record)),
}
