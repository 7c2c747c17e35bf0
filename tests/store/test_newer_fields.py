"""Fields that a newer program has stored are passed over: two releases may use one database for a while."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ingestd.backfill.job import ListingCounts
from ingestd.model.feed import Entry
from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Item, Link, Rendition, Series
from ingestd.model.item_json import item_as_json, item_from_json
from ingestd.store.records.records import _agency
from ingestd.store.work.entries import entry_as_json, entry_from_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

ITEM = Item(
    guid="urn:1",
    versioncreated=NOON,
    headlines=(Headline(text="Ferry returns"),),
    provider=Concept(name="Wire"),
    subject=(Concept(name="Ferries"),),
    authors=(Author(name="Jo"),),
    ednotes=(EdNote(text="Corrects"),),
    associations=(Association(name="picture", renditions=(Rendition(href="https://a.example/1.jpg"),)),),
    altids=(AltId(role="old", value="1"),),
    links=(Link(href="https://a.example/"),),
    series=Series(name="Ferries"),
)
ENTRY = Entry(guid="1", link="https://a.example/1", headline="Ferry", published=NOON, authors=("Jo",), item=ITEM)


def with_news(value: Any) -> Any:
    """Return a JSON value with an unknown field in each of its objects."""
    if isinstance(value, dict):
        return {name: with_news(one) for name, one in value.items()} | {"mood": {"calm": 1}}
    return [with_news(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("value", "write", "read"),
    [
        pytest.param(ITEM, item_as_json, item_from_json, id="item"),
        pytest.param(ENTRY, entry_as_json, entry_from_json, id="entry"),
    ],
)
def test_unknown_fields_are_passed_over_at_every_depth(
    value: object, write: Callable[[Any], Any], read: Callable[[Any], Any]
) -> None:
    assert read(with_news(write(value))) == read(write(value)) == value


def test_unknown_fields_of_an_agency_and_of_a_backfill_are_passed_over() -> None:
    stored = {"code": "dpa", "name": "dpa", "role": "origin", "evidence": [["signature", "dpa"]]}

    assert _agency(stored | {"mood": "calm"}) == _agency(stored)
    assert ListingCounts.of({"documents": 3, "added": 2, "mood": 1}) == ListingCounts(documents=3, added=2)
