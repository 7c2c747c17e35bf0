"""JSON of records, as printed, exported and delivered: the fields of ninjs, and ingestd's own."""

from dataclasses import fields
from typing import Any

from ingestd.json import as_dict
from ingestd.model.item import Item
from ingestd.model.record import Record
from ingestd.renderers.record_items import item_of_record
from ingestd.urls import without_userinfo

#: Fields of a record that are no values of its text.
_RECORD_FIELDS = tuple(field.name for field in fields(Record) if field.name not in ("article", "item"))

#: Fields of an article that an item does not have.
_PAGE_FIELDS = ("uri", "date_precision", "agencies", "paywall", "truncated", "provenance")


def record_as_json(record: Record, *, private: bool = False) -> dict[str, Any]:
    """Return a record in plain values; private editorial notes only with `private`."""
    article = record.article
    values = as_dict(record, _RECORD_FIELDS)
    for carrier in values["carriers"]:
        carrier["source_url"] = without_userinfo(carrier["source_url"])
    values |= values.pop("copy")
    values |= item_as_json(item_of_record(record), private=private)
    values |= as_dict(article, _PAGE_FIELDS)
    return {**values, "authors": article.authors, "id_origin": record.id_origin}


def item_as_json(item: Item, *, private: bool) -> dict[str, Any]:
    """Return an item in plain values; its `authors` are called `contributors`, since a record's `authors` are names."""
    values = as_dict(item)
    values["contributors"] = values.pop("authors")
    if not private:
        values["ednotes"] = [note for note in values["ednotes"] if note["public"]]
    return values
