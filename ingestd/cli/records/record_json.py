"""JSON of records and revisions, as printed and exported: the fields of ninjs, and ingestd's own."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from ingestd.model.item import Item
from ingestd.model.item_json import item_from_json
from ingestd.model.record import Record
from ingestd.policy.wire.redaction import redacted_item
from ingestd.renderers.record_items import item_of_record
from ingestd.store.records.content import unpacked, unreadable_as_error
from ingestd.urls import without_userinfo

#: Fields of an article that an item does not have.
_PAGE_FIELDS = ("uri", "date_precision", "agencies", "paywall", "truncated", "provenance")


def record_as_json(record: Record, *, private: bool = False) -> dict[str, Any]:
    """Return a record in plain values; private editorial notes only with `private`."""
    values = asdict(record)
    article = values.pop("article")
    for carrier in values["carriers"]:
        carrier["source_url"] = without_userinfo(carrier["source_url"])
    values |= values.pop("copy")
    del values["item"]
    item_fields = _item_as_json(item_of_record(record), private=private) | {
        name: article[name] for name in _PAGE_FIELDS
    }
    return {**values, **item_fields, "authors": article["authors"], "id_origin": record.id_origin}


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
    item_fields = _item_as_json(redacted_item(item) if hidden else item, private=private)
    return values | {name: value for name, value in item_fields.items() if name not in values}


def _item_as_json(item: Item, *, private: bool) -> dict[str, Any]:
    """Return an item in plain values; its `authors` are called `contributors`, since a record's `authors` are names."""
    values: dict[str, Any] = asdict(item)
    values["contributors"] = values.pop("authors")
    if not private:
        values["ednotes"] = [note for note in values["ednotes"] if note["public"]]
    return values


def has_content(value: object) -> bool:
    """Return whether a value is worth a row of a table: any number, true, or anything not empty."""
    if isinstance(value, str | list | tuple | Mapping):
        return bool(value)
    return value is not None and value is not False
