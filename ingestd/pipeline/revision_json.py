"""JSON of stored revisions and of what they changed, with the names of `renderers.record_json`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from ingestd.model.item_json import item_from_json
from ingestd.policy.articles.changes import diff
from ingestd.policy.wire.redaction import redacted_item
from ingestd.renderers.record_json import item_as_json
from ingestd.store.records.content import unpacked, unreadable_as_error
from ingestd.store.records.records import article_of, item_of

#: Columns of `revisions` with content of the publisher, and their values when it is left out.
_CONTENT: Mapping[str, Any] = {
    "headline": None, "body_text": "", "body_html": "", "description_text": None, "byline": None, "authors": [],
    "dateline": None, "source": None, "usageterms": None, "associations": [], "agencies": [], "provenance": {},
    "page_url": None,
}  # fmt: skip


def revision_as_json(row: Row[Any], *, private: bool = False, hidden: bool = False) -> dict[str, Any]:
    """Return a row of `store.records.revisions_of` in plain values, with the fields that only its wire item has.

    `hidden` leaves out its content.  Raises UnreadableContent.
    """
    values = {**row._mapping, **_CONTENT} if hidden else unpacked(row)
    del values["record_status"]
    values.pop("content", None)
    stored = values.pop("item")
    if stored is None:
        return values
    with unreadable_as_error(row):
        item = item_from_json(stored)
    item_fields = item_as_json(redacted_item(item) if hidden else item, private=private)
    return values | {name: value for name, value in item_fields.items() if name not in values}


def difference_as_json(before: Row[Any], after: Row[Any], *, hidden: bool = False) -> dict[str, Any]:
    """Return what a later revision changed, as lines of a unified diff; `hidden` leaves out these.

    Raises UnreadableContent.
    """
    lines: tuple[str, ...] = ()
    if not hidden:
        old, new = (article_of(row, None) for row in (before, after))
        lines = diff(old, new, item_of(before), item_of(after))
    return {"revision": after.revision, "change": after.change, "seen_at": after.seen_at, "diff": lines}
