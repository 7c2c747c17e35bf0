"""What filters see of events: the same on both databases."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import insert, update

from ingestd.filters import Candidate, parse
from ingestd.model.article import Agency, Article
from ingestd.model.event import Event
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import candidates
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.polls import sources
from ingestd.store.records import operator_decisions, purge, records
from ingestd.store.schema import tables
from tests.support.agency import keep_versions, ninjs
from tests.support.outcomes import NOON, claimed, claimed_again, keep, saved

ALL = frozenset(Candidate.__dataclass_fields__) - {"kind", "status", "withdrawn"}
SUBJECT = [{"code": "medtop:20000005", "name": "cinema"}]

PAGE = Article(
    headline="Ferry runs again", body_text="The harbour master said so.", language="en-GB",
    agencies=(
        Agency(code="AP", name="Associated Press", role="origin", evidence=()),
        Agency(code="AFP", name="Agence France-Presse", role="cited", evidence=()),
    ),
)  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A page that two sources carry, revised once, and items of a wire: one usable, one killed, one withheld."""
    async with Database(with_async_driver(database_url)) as database:
        [one] = await claimed(database, "https://news.example/feed", 1)
        [other] = await claimed(database, "https://paper.co.uk/feed", 1)
        await keep(database, [saved(one, PAGE)])
        await keep(database, [saved(other, PAGE)])
        again = await claimed_again(database, one)
        revised = replace(PAGE, headline="Fähre fährt wieder", body_text="Der Hafenmeister sagt es.", language="de")
        await keep(database, [saved(again, revised, at=NOON + timedelta(hours=1))])
        async with database.write() as connection:
            wire, _ = await sources.add(connection, "inbox:wire", now=NOON, title="Wire Example")
        first = ninjs("urn:newsml:a:1", headline="Cinema opens", body_text="In Leeds.", subject=SUBJECT)
        killed = ninjs("urn:newsml:a:2", headline="Quokka escapes", body_text="It ran.", subject=SUBJECT)
        await keep_versions(
            database, wire, NOON + timedelta(hours=2), first, killed,
            {**killed, "version": "2", "pubstatus": "canceled", "headline": "KILL"},
            ninjs("urn:newsml:a:3", headline="Zanzibar merger", pubstatus="withheld"),
        )  # fmt: skip
        yield database


async def read(database: Database, fields: frozenset[str] = ALL) -> list[tuple[Event, Candidate]]:
    async with database.read() as connection:
        events = (await event_log.read_after(connection, 0)).events
        return list(zip(events, await candidates.read(connection, events, fields), strict=True))


async def matching(database: Database, text: str) -> list[tuple[int, str]]:
    """Return record and kind of the events that a filter lets through."""
    found = parse(text)
    return [(event.record_id, event.kind) for event, one in await read(database, found.fields) if found.matches(one)]


async def test_events_are_seen_with_their_revision_and_all_carriers(database: Database) -> None:
    found = await read(database)

    assert [(event.record_id, event.kind, one.withdrawn) for event, one in found] == [
        (1, "new", False),
        (1, "carried", False),
        (1, "revised", False),
        (2, "new", False),
        (3, "new", True),
        (3, "killed", True),
        (4, "withheld", True),
    ]
    new, _, revised, wire, hidden, *_ = [one for _, one in found]
    assert [source.id for source in new.sources or ()] == [1, 2]
    assert new.sites == frozenset({"news.example", "paper.co.uk"})
    assert (new.headline, new.text, new.languages) == (PAGE.headline, PAGE.body_text, frozenset({"en-GB"}))
    assert new.agencies == frozenset({"ap", "associated press"})
    assert (revised.headline, revised.languages) == ("Fähre fährt wieder", frozenset({"de"}))
    assert [one.name for one in wire.subjects or ()] == ["cinema"]
    assert (hidden.headline, hidden.text, hidden.subjects, hidden.agencies, hidden.stories) == (None,) * 5


KILLS = [(3, "new"), (3, "killed"), (4, "withheld")]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("", [(1, "new"), (1, "carried"), (1, "revised"), (2, "new"), *KILLS]),
        ("source:1", [(1, "new"), (1, "carried"), (1, "revised")]),
        ("source:paper", KILLS),
        ('source:"the feed"', [(1, "new"), (1, "carried"), (1, "revised"), *KILLS]),
        ("source:inbox:wire", [(2, "new"), *KILLS]),
        ("site:paper.co.uk", [(1, "new"), (1, "carried"), (1, "revised")]),
        ("agency:ap", [(1, "new"), (1, "carried"), (1, "revised"), *KILLS]),
        ("agency:afp site:news.example", []),
        ("language:de", [(1, "revised"), *KILLS]),
        ("subject:medtop:01000000", [(2, "new"), *KILLS]),
        ("kind:new", [(1, "new"), (2, "new"), *KILLS]),
        ("-kind:killed source:1", [(1, "new"), (1, "carried"), (1, "revised")]),
        ("status:usable source:3", [(2, "new"), *KILLS]),
        ("hafenmeister", [(1, "revised"), *KILLS]),
        ("headline:ferry -source:3", [(1, "new"), (1, "carried"), *KILLS]),
        ("leeds", [(2, "new"), *KILLS]),
        ("story:1 source:1", []),
    ],
)
async def test_a_filter_decides_the_same_on_both_databases(
    database: Database, text: str, records: list[tuple[int, str]]
) -> None:
    assert await matching(database, text) == records


async def test_a_record_that_is_killed_by_hand_or_purged_is_taken_back_from_all_who_could_have_it(
    database: Database,
) -> None:
    async with database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="me", reason=None, now=NOON)

    for text in ("ferry", "hafenmeister", "language:en", "language:de", "agency:ap", "site:paper.co.uk", "kind:new"):
        assert (1, "killed") in await matching(database, text), text
    for text in ("language:fr", "source:3", "site:other.example"):
        assert (1, "killed") not in await matching(database, text), text

    async with database.write() as connection:
        found = await purge.find(connection, [1])
        await purge.purge(connection, found, [], shared=0, now=NOON, actor="me", reason=None)
    for text in ("ferry", "language:fr", "source:1"):
        assert (1, "purged") in await matching(database, text), text
    assert (1, "purged") not in await matching(database, "source:3")


async def test_a_kill_reaches_those_who_name_a_former_address(database: Database) -> None:
    async with database.write() as connection:
        old = {"url": "https://old.example/feed", "source_id": 1, "until": NOON}
        await connection.execute(insert(tables.aliases).values(old))
        await operator_decisions.kill(connection, 1, actor="me", reason=None, now=NOON)

    assert (1, "killed") in await matching(database, "source:https://old.example/feed")
    assert (1, "killed") in await matching(database, "site:old.example")


async def test_the_story_of_a_record_and_that_of_the_event_count(database: Database) -> None:
    copy = {"record_id": 2, "story_id": 17, "revision": 1, "publisher": "a.example", "seen_at": NOON, "tokens": 9,
            "how": "alone", "agency": "dpa"}  # fmt: skip
    async with database.write() as connection:
        await connection.execute(insert(tables.copies).values(copy))

    assert await matching(database, "story:17 -source:1") == [(2, "new"), *KILLS]
    assert (2, "new") in await matching(database, 'agency:"Deutsche Presse-Agentur"')


async def test_an_event_whose_revision_is_no_longer_kept_is_seen_with_the_current_one(database: Database) -> None:
    r = tables.revisions.c
    async with database.write() as connection:
        await connection.execute(tables.revisions.delete().where(r.record_id == 1, r.revision == 1))

    (_, new), *_ = await read(database)
    assert new.headline == "Fähre fährt wieder"


async def test_damaged_content_is_unknown(database: Database) -> None:
    r = tables.revisions.c
    async with database.write() as connection:
        await connection.execute(update(tables.revisions).where(r.record_id == 2).values(content=b"\x02damaged"))

    assert (2, "new") in await matching(database, "text:anything")


async def test_records_are_seen_as_they_are_now(database: Database) -> None:
    async with database.read() as connection:
        found = await records.newest(connection, limit=10, status="all")
        seen = dict(zip([one.id for one in found], await candidates.of_records(connection, found, ALL), strict=True))

    assert (seen[1].kind, seen[1].headline) == (None, "Fähre fährt wieder")
    assert parse("kind:new hafenmeister").matches(seen[1])
    assert seen[4].headline is None


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        (frozenset(), 1),
        (frozenset({"headline", "text", "agencies", "stories"}), 1),
        (frozenset({"sources", "sites"}), 3),
        (ALL, 4),
    ],
)
async def test_a_batch_is_read_in_few_statements(database: Database, fields: frozenset[str], most: int) -> None:
    counted: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.append(statement)

    async with database.read() as connection:
        events: Sequence[Event] = (await event_log.read_after(connection, 0)).events * 20
        hooks.listen(connection.sync_connection, "before_cursor_execute", count)
        await candidates.read(connection, events, fields)
        assert await candidates.read(connection, [], fields) == []

    assert 0 < len(counted) <= most
    assert not any("content" in statement for statement in counted) or fields & {"text", "agencies", "subjects"}
