import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from ingestd.daemon.service import Service
from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from ingestd.store.work.entries import claim_due, entry_as_json, entry_from_json, without_content
from tests.support.desk import add, feed
from tests.support.newsroom import Newsroom

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
    entry = without_content(Entry(guid="1", body_html="<p>x</p>", item=ITEM))

    assert entry.item
    assert (entry.item.version, entry.item.body_html, entry.item.body_text, entry.body_html) == ("2", None, None, None)


def test_the_item_of_a_saved_wire_entry_is_in_its_record_alone() -> None:
    entry = without_content(Entry(guid="1", body_html="<p>x</p>", item=ITEM, wire="nitf"))

    assert (entry.item, entry.wire, entry.body_html) == (None, "nitf", None)


def test_unknown_fields_of_a_newer_program_are_passed_over() -> None:
    value = entry_as_json(Entry(guid="1", item=ITEM))
    value["novelty"] = value["item"]["novelty"] = "new"

    assert entry_from_json(value) == Entry(guid="1", item=ITEM)


async def test_an_unreadable_row_is_quarantined_alone(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/feed.xml", body=feed(*(newsroom.publish(path) for path in ("/a", "/b")))))
    await Service(runtime, max_polls=1, max_pages=1, per_site=1).engine.run_until_idle(["polls"])
    async with runtime.database.write() as connection:
        first = select(tables.entries.c.id).order_by(tables.entries.c.id).limit(1).scalar_subquery()
        await connection.execute(update(tables.entries).where(tables.entries.c.id == first).values(announced=[1]))
    async with runtime.database.write() as connection:
        claimed = await claim_due(connection, runtime.run_id, now=datetime.now(UTC), limit=5)

    assert len(claimed) == 1
    async with runtime.database.read() as connection:
        states = (
            (await connection.execute(select(tables.entries.c.state).order_by(tables.entries.c.id))).scalars().all()
        )
        errors = (await connection.execute(select(tables.failures.c.error))).scalars().all()
    assert (list(states), list(errors)) == (["quarantined", "pending"], ["UnreadableRow"])
