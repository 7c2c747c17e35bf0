"""Versions of wire items, on both databases: which one is current, which come late, what a kill cancels."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.runtime import Runtime
from ingestd.store.records.content import content_of
from ingestd.store.schema import tables
from ingestd.times import iso
from tests.support.agency import (
    NOON,
    add_inbox,
    events_of,
    g2,
    kinds,
    let_embargoes_end,
    ninjs,
    records_in,
    revisions_in,
    send,
)
from tests.support.desk import STORY, add, feed, page, poll_all
from tests.support.newsroom import Newsroom

KILL = {"pubstatus": "canceled", "body_text": "", "headline": "KILL: mayor", "ednote": "He did not."}


async def test_versions_are_revisions_of_one_record(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=2), ninjs(version=3, headline="Mayor closes ferry"))

    [record] = await records_in(runtime)
    assert (record.item_guid, record.id_origin, record.revision) == ("urn:newsml:harbour.example:1", "source", 3)
    assert await revisions_in(runtime) == [(1, "new", "usable"), (2, "text", "usable"), (3, "text", "usable")]
    assert kinds(await events_of(runtime)) == ["new", "revised", "revised"]


async def test_all_versions_in_one_document_are_saved(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(
        runtime, source, [ninjs(version=2), ninjs(version=1), ninjs("urn:newsml:harbour.example:2"), ninjs(version=3)]
    )

    assert await revisions_in(runtime) == [
        (1, "new", "usable"), (2, "late", "usable"), (3, "text", "usable"), (1, "new", "usable"),
    ]  # fmt: skip
    assert [record.revision for record in await records_in(runtime)] == [3, 1]


async def test_a_version_sent_again_adds_nothing(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1), ninjs(version=2))

    await send(runtime, source, ninjs(version=1), ninjs(version=2), ninjs(version=1))

    assert len(await revisions_in(runtime)) == 2
    assert len(await events_of(runtime)) == 2


async def test_an_item_from_two_sources_in_two_formats_is_one_record(runtime: Runtime) -> None:
    first, second = await add_inbox(runtime, "folder"), await add_inbox(runtime, "push")
    guid, text = "urn:newsml:harbour.example:1", "The mayor opens the ferry."

    await send(runtime, first, g2(guid, 1, "Mayor opens ferry", text))
    await send(runtime, second, ninjs(guid, 1, created=NOON, body_text=text), g2(guid, 1, "Mayor opens ferry", text))

    assert len(await revisions_in(runtime)) == 1
    assert kinds(await events_of(runtime)) == ["new", "carried"]


async def test_an_item_from_one_source_in_two_formats_is_one_record(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    guid, text = "urn:newsml:harbour.example:1", "The mayor opens the ferry."

    await send(runtime, source, g2(guid, 1, "Mayor opens ferry", text), ninjs(guid, 1, created=NOON, body_text=text))

    assert (len(await revisions_in(runtime)), kinds(await events_of(runtime))) == (1, ["new"])


async def test_a_plain_number_as_guid_means_another_item_at_each_source(runtime: Runtime) -> None:
    first, second = await add_inbox(runtime, "one"), await add_inbox(runtime, "two")

    await send(runtime, first, ninjs("12345"))
    await send(runtime, second, ninjs("12345"))

    assert len(await records_in(runtime)) == 2


async def test_a_kill_cancels_every_version_and_keeps_their_texts(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(
        runtime, source, ninjs(version=1), ninjs(version=2), ninjs(version=3, **KILL), ninjs(version=1, ednote="late")
    )

    [record] = await records_in(runtime)
    assert record.pubstatus == "canceled"
    assert await revisions_in(runtime) == [
        (1, "new", "canceled"), (2, "text", "canceled"), (3, "killed", "canceled"), (4, "late", "canceled"),
    ]  # fmt: skip
    assert kinds(await events_of(runtime)) == ["new", "revised", "killed"]
    async with runtime.database.read() as connection:
        rows = (await connection.execute(select(tables.revisions).order_by(tables.revisions.c.revision))).all()
    assert [content_of(row)["body_text"] for row in rows[:3]] == [
        "The mayor opens version 1 of the ferry.", *["The mayor opens version 2 of the ferry."] * 2,
    ]  # fmt: skip
    assert [row.headline for row in rows[:3]] == ["Mayor opens ferry"] * 3
    assert {"text": "KILL: mayor", "role": "kill"} in rows[2].item["ednotes"]


async def test_a_kill_of_an_unknown_item_leaves_a_tombstone(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=4, **KILL), ninjs(version=2), ninjs(version=None, created=None))

    [record] = await records_in(runtime)
    assert (record.pubstatus, record.revision) == ("canceled", 1)
    assert kinds(await events_of(runtime)) == ["killed"]
    assert [status for _, _, status in await revisions_in(runtime)] == ["canceled"] * 3


async def test_a_story_with_the_version_of_its_kill_stays_killed(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=2, **KILL), ninjs(version=2))

    assert [record.pubstatus for record in await records_in(runtime)] == ["canceled"]


async def test_a_version_after_the_kill_is_released(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=2, **KILL), ninjs(version=3))

    assert [record.pubstatus for record in await records_in(runtime)] == ["usable"]
    assert kinds(await events_of(runtime)) == ["new", "killed", "released"]
    assert [status for _, _, status in await revisions_in(runtime)] == ["canceled", "canceled", "usable"]


async def test_a_kill_from_two_sources_in_two_formats_is_one_event(runtime: Runtime) -> None:
    first, second = await add_inbox(runtime, "folder"), await add_inbox(runtime, "push")
    guid = "urn:newsml:harbour.example:1"
    await send(runtime, first, ninjs(guid, 1, created=NOON))

    await send(runtime, first, g2(guid, 2, "KILL", "", created=NOON + timedelta(hours=1), status="canceled"))
    await send(
        runtime, second, ninjs(guid, 2, pubstatus="canceled", headline="Mandatory kill", body_text="Do not use.")
    )

    assert len(await revisions_in(runtime)) == 2
    assert kinds(await events_of(runtime)) == ["new", "killed", "carried"]


async def test_a_late_kill_of_an_older_version_leaves_the_newer_one_usable(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=3), ninjs(version=2, **KILL))

    assert await revisions_in(runtime) == [(1, "new", "canceled"), (2, "text", "usable"), (3, "late", "canceled")]
    assert [record.pubstatus for record in await records_in(runtime)] == ["usable"]
    async with runtime.database.read() as connection:
        late = (await connection.execute(select(tables.revisions).where(tables.revisions.c.revision == 3))).one()
    assert (late.headline, content_of(late)["body_text"]) == ("KILL: mayor", "")  # its own content


VERSIONS = {
    "1": ninjs(version=1), "2": ninjs(version=2, pubstatus="withheld"), "kill": ninjs(version=3, **KILL),
    "4": ninjs(version=4, **KILL, urgency=1),
}  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(VERSIONS)), ids="-".join)
async def test_the_order_of_arrival_does_not_matter(runtime: Runtime, order: tuple[str, ...]) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, *[VERSIONS[name] for name in order])

    [record] = await records_in(runtime)
    rows = await revisions_in(runtime)
    assert record.pubstatus == "canceled"
    assert [status for _, _, status in rows] == ["canceled"] * 4
    assert kinds(await events_of(runtime)).count("killed") == 1
    async with runtime.database.read() as connection:
        c = tables.revisions.c
        query = select(c.version).where(c.record_id == record.id, c.revision == record.revision)
        assert (await connection.execute(query)).scalar_one() == "4"


@pytest.mark.parametrize(
    "fields",
    [{"signals": ["sig:correction"]}, {"ednote": "CORRECTS spelling of name"}, {"headline": "KORR: Mayor opens ferry"},
     {"slugline": "MAYOR 1st Ld-Writethru"}],
    ids=["signal", "note", "headline", "writethru"],
)  # fmt: skip
async def test_a_correction_is_recognised(runtime: Runtime, fields: dict[str, Any]) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=2, **fields))

    assert (await revisions_in(runtime))[-1][:2] == (2, "corrected")
    assert kinds(await events_of(runtime)) == ["new", "corrected"]


async def test_other_content_under_the_same_version_is_a_silent_revision(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=1, body_text="The mayor was not there."))

    assert (await revisions_in(runtime))[-1] == (2, "silent", "usable")
    assert kinds(await events_of(runtime)) == ["new", "revised"]


async def test_an_embargoed_item_is_withheld_until_its_embargo_ends(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    await send(runtime, source, ninjs(version=1, embargoed=iso(tomorrow)))
    before, early = (await records_in(runtime))[0], await release_due(runtime.database)
    await let_embargoes_end(runtime, timedelta(days=1))

    assert (before.pubstatus, before.release_at, early) == ("withheld", tomorrow.replace(microsecond=0), 0)
    assert await release_due(runtime.database) == 1
    [record] = await records_in(runtime)
    assert (record.pubstatus, record.release_at) == ("usable", None)
    events = await events_of(runtime)
    assert [(event.kind, event.pubstatus) for event in events] == [("withheld", "withheld"), ("released", "usable")]
    assert await revisions_in(runtime) == [(1, "withheld", "usable")]


async def test_an_embargo_named_only_in_a_note_counts(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=6, minute=30, second=0, microsecond=0)
    note = f"EMBARGOED UNTIL 0630 GMT {tomorrow:%A, %B %d, %Y}"

    await send(runtime, source, ninjs(version=1, created=datetime.now(UTC), ednote=note))

    assert [(r.pubstatus, r.release_at) for r in await records_in(runtime)] == [("withheld", tomorrow)]


async def test_an_embargo_that_has_ended_withholds_nothing(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1, embargoed=iso(NOON)))

    assert [(r.pubstatus, r.release_at) for r in await records_in(runtime)] == [("usable", None)]


def both(embargoed: datetime | None, other: datetime | None) -> tuple[bytes, dict[str, Any]]:
    """Return a version in two formats, each with its own embargo (None: none)."""
    guid, text = "urn:newsml:harbour.example:1", "The mayor opens the ferry."
    fields = {"embargoed": iso(embargoed) or ""} if embargoed else {}
    other_fields = {"embargoed": iso(other)} if other else {}
    xml = g2(guid, 1, "Mayor opens ferry", text, **fields)
    return xml, ninjs(guid, 1, created=NOON, body_text=text, **other_fields)


@pytest.mark.parametrize("reverse", [False, True], ids=["embargo-first", "embargo-last"])
@pytest.mark.parametrize("later", [None, timedelta(days=6)], ids=["none", "later"])
async def test_the_stricter_embargo_of_two_sources_applies(
    runtime: Runtime, later: timedelta | None, *, reverse: bool
) -> None:
    first, second = await add_inbox(runtime, "folder"), await add_inbox(runtime, "push")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    other = later and tomorrow + later
    xml, json = both(tomorrow, other)

    routes = [(first, xml), (second, json)]
    for source, document in reversed(routes) if reverse else routes:
        await send(runtime, source, document)

    assert [(r.pubstatus, r.release_at) for r in await records_in(runtime)] == [("withheld", other or tomorrow)]


async def test_an_item_withheld_again_after_a_release_is_withheld(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    free, held = ninjs(version=None, created=None), ninjs(version=None, created=None, pubstatus="withheld")

    await send(runtime, source, held, free, held)

    assert [record.pubstatus for record in await records_in(runtime)] == ["withheld"]


async def test_events_hide_the_headline_of_a_withheld_record(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1, embargoed=iso(datetime.now(UTC) + timedelta(days=1))))

    before = [event.headline for event in await events_of(runtime)]
    await let_embargoes_end(runtime, timedelta(days=1))
    await release_due(runtime.database)

    assert before == [None]
    assert [event.headline for event in await events_of(runtime)] == ["Mayor opens ferry"] * 2


async def test_a_page_with_a_text_under_embargo_has_a_record_of_its_own(newsroom: Newsroom, runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    embargoed = iso(datetime.now(UTC) + timedelta(days=1))
    await send(runtime, source, ninjs(version=1, headline="Ferry", body_text=STORY, embargoed=embargoed))
    link = newsroom.publish("/a", body=page("Ferry", STORY), content_type="text/html")
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))

    await poll_all(runtime)

    assert [record.pubstatus for record in await records_in(runtime)] == ["withheld", "usable"]


async def test_a_kill_with_a_less_precise_time_kills(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    story = ninjs(version=None, created=NOON + timedelta(seconds=30))
    kill = ninjs(version=None, created=NOON, **KILL)

    await send(runtime, source, story, kill, story | {"ednote": "Adds"})

    assert [record.pubstatus for record in await records_in(runtime)] == ["canceled"]
    assert [status for _, _, status in await revisions_in(runtime)] == ["canceled"] * 3


async def test_a_guid_of_any_length_is_stored(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, *(ninjs(sign * 1_900, provider={"name": "Å" * 500}) for sign in "aä渡"))

    assert len(await records_in(runtime)) == 3


async def test_an_item_killed_under_embargo_is_never_released(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    await send(runtime, source, ninjs(version=1, embargoed=iso(datetime.now(UTC) + timedelta(days=1))))
    await send(runtime, source, ninjs(version=2, **KILL))

    await let_embargoes_end(runtime, timedelta(days=2))

    assert await release_due(runtime.database) == 0
    assert [(r.pubstatus, r.release_at) for r in await records_in(runtime)] == [("canceled", None)]


async def test_an_item_withheld_without_a_date_waits_for_the_agency(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1), ninjs(version=2, pubstatus="withheld"), ninjs(version=3))

    assert kinds(await events_of(runtime)) == ["new", "withheld", "released"]


async def test_an_alert_of_two_words_is_saved(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    await send(runtime, source, ninjs(version=1, body_text="Ferry sinks.", headline=""))

    async with runtime.database.read() as connection:
        [row] = (await connection.execute(select(tables.revisions))).all()
    assert (row.headline, content_of(row)["body_text"]) == ("Ferry sinks.", "Ferry sinks.")


async def test_an_item_sent_as_markup_has_a_text(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    html = "<p>The mayor<script>x()</script> opens it.</p><ul><li>Twice</li></ul>"

    await send(runtime, source, ninjs(version=1, body_text=None, body_html=html))

    async with runtime.database.read() as connection:
        [row] = (await connection.execute(select(tables.revisions))).all()
    assert content_of(row)["body_text"] == "The mayor opens it.\n\nTwice"
    assert content_of(row)["body_html"] == "<p>The mayor opens it.</p><ul><li>Twice</li></ul>"
