import json
from datetime import UTC, datetime

import pytest

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.store.work.entries import entry_as_json, entry_from_json, without_content

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
ITEM = Item(guid="1", version="2", versioncreated=WHEN, pubstatus="canceled", body_html="<p>x</p>", body_text="x")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(Entry(guid="1", headline="h", published=WHEN, authors=("a",)), id="of a feed"),
        pytest.param(Entry(guid="1", body_html="<p>x</p>", item=ITEM, wire="nitf"), id="of a wire"),
        pytest.param(Entry(guid="1", body_html=None, item=ITEM), id="whose page is fetched"),
        pytest.param(Entry(guid="1", body_html="summary", item=Item(guid="1")), id="whose item has no text"),
    ],
)
def test_an_entry_survives_json(entry: Entry) -> None:
    assert entry_from_json(json.loads(json.dumps(entry_as_json(entry)))) == entry


def test_markup_of_an_entry_and_its_item_is_stored_once() -> None:
    assert json.dumps(entry_as_json(Entry(guid="1", body_html="<p>x</p>", item=ITEM))).count("<p>x</p>") == 1


def test_a_saved_entry_keeps_its_item_without_the_text() -> None:
    entry = without_content(Entry(guid="1", body_html="<p>x</p>", item=ITEM, wire="nitf"))

    assert entry.item
    assert entry.wire == "nitf"
    assert (entry.item.version, entry.item.body_html, entry.item.body_text, entry.body_html) == ("2", None, None, None)
