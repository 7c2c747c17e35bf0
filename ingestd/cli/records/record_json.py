"""Records and revisions as they are printed and exported: the words of ninjs, and beside them our own."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from ingestd.model.item import Item
from ingestd.model.item_json import item_from_json
from ingestd.model.record import Record
from ingestd.renderers.record_items import item_of_record
from ingestd.urls import without_userinfo

#: What an article says and an item has no field for.
_OF_PAGES = ("uri", "date_precision", "agencies", "paywall", "truncated", "provenance")


def record_as_json(record: Record, *, private: bool = False) -> dict[str, Any]:
    """Return a record in plain values; notes for the desk alone only where they are asked for."""
    values = asdict(record)
    article = values.pop("article")
    for carrier in values["carriers"]:
        carrier["source_url"] = without_userinfo(carrier["source_url"])
    del values["item"]
    said = _item_as_json(item_of_record(record), private=private) | {name: article[name] for name in _OF_PAGES}
    return {**values, **said, "authors": article["authors"], "id_origin": record.id_origin}


def revision_as_json(row: Row[Any], *, private: bool = False) -> dict[str, Any]:
    """Return a row of `revisions` in plain values; what only a wire item says is beside its columns."""
    values = dict(row._mapping)
    item = values.pop("item")
    if item is None:
        return values
    said = _item_as_json(item_from_json(item), private=private)
    return values | {name: value for name, value in said.items() if name not in values}


def _item_as_json(item: Item, *, private: bool) -> dict[str, Any]:
    """Return an item in plain values: names of people are the record's `authors`, those who made it `contributors`."""
    values: dict[str, Any] = asdict(item)
    values["contributors"] = values.pop("authors")
    if not private:
        values["ednotes"] = [note for note in values["ednotes"] if note["public"]]
    return values


def has_content(value: object) -> bool:
    """Say whether a value is worth a line of a table: a number always is, and what is true."""
    if isinstance(value, str | list | tuple | Mapping):
        return bool(value)
    return value is not None and value is not False
