"""Whom a kill reaches, on both databases: those who could have got the record, and nobody else."""

import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from ingestd.filters import Filter, parse
from ingestd.model.article import Agency, Article
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import candidates
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.polls import sources
from ingestd.store.records import operator_decisions, purge
from ingestd.store.schema import tables
from tests.support.agency import keep_versions, ninjs
from tests.support.outcomes import NOON, claimed, claimed_again, keep, saved

CINEMA, SPORT = {"code": "medtop:20000005", "name": "cinema"}, {"code": "medtop:15000000", "name": "sport"}

DPA = Agency(code="dpa", name="Deutsche Presse-Agentur", role="origin", evidence=())
AP = Agency(code="AP", name="Associated Press", role="origin", evidence=())
PAGE = Article(headline="Ferry runs", body_text="From Leeds to Hull.", language="en-GB", agencies=(DPA,))
REVISED = replace(PAGE, headline="Fähre fährt", body_text="Von Leeds nach Hull.", language="de", agencies=(AP,))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


async def receivers(database: Database, texts: Iterable[str], record_id: int = 1, *, kind: str = "killed") -> set[str]:
    """Return those of some filters that let the last event of a kind through."""
    async with database.read() as connection:
        found = (await event_log.read_after(connection, 0)).events
        event = [one for one in found if (one.record_id, one.kind) == (record_id, kind)][-1]
        fields = frozenset[str]().union(*(parse(text).fields for text in texts))
        [seen] = await candidates.read(connection, [event], fields, by_revisions=True)
    return {text for text in texts if parse(text).matches(seen)}


async def kill(database: Database, record_id: int = 1) -> None:
    async with database.write() as connection:
        await operator_decisions.kill(connection, record_id, actor="me", reason=None, now=NOON)


async def page_with_two_revisions(database: Database) -> None:
    [work] = await claimed(database, "https://news.example/feed", 1)
    await keep(database, [saved(work, PAGE)])
    again = await claimed_again(database, work)
    await keep(database, [saved(again, REVISED, at=NOON + timedelta(hours=1))])


REACHED = {
    "", "kind:new", "kind:killed", "status:usable", "agency:dpa", "agency:ap", "ferry", "fähre", "language:en",
    "language:de", "agency:dpa ferry", "agency:ap language:de", "-agency:ap", "-agency:dpa", "source:1",
    "site:news.example", "story:17", 'source:"any title"', "-agency:reuters",
}  # fmt: skip
NOT_REACHED = {
    "agency:reuters", "umbrella", "language:fr", "subject:sport", "source:2", "site:other.example", "-source:1",
    "-site:news.example", "agency:dpa language:de", "agency:ap ferry", "-agency:dpa -agency:ap", "-leeds",
}  # fmt: skip


async def test_a_kill_reaches_those_who_could_have_got_one_of_the_revisions(database: Database) -> None:
    await page_with_two_revisions(database)
    await kill(database)

    assert await receivers(database, REACHED | NOT_REACHED) == REACHED


async def test_of_a_revision_that_is_no_longer_stored_only_the_carriers_are_known(database: Database) -> None:
    await page_with_two_revisions(database)
    r = tables.revisions.c
    async with database.write() as connection:
        await connection.execute(delete(tables.revisions).where(r.record_id == 1, r.revision == 1))
    await kill(database)

    reached = await receivers(database, REACHED | NOT_REACHED)
    assert (REACHED | NOT_REACHED) - reached == {"source:2", "site:other.example", "-source:1", "-site:news.example"}


async def test_a_purge_reaches_all_whom_source_and_site_do_not_rule_out(database: Database) -> None:
    await page_with_two_revisions(database)
    async with database.write() as connection:
        found = await purge.find(connection, [1])
        await purge.purge(connection, found, [], shared=0, now=NOON, actor="me", reason=None)

    reached = await receivers(database, REACHED | NOT_REACHED, kind="purged")
    assert (REACHED | NOT_REACHED) - reached == {"source:2", "site:other.example", "-source:1", "-site:news.example"}


async def test_a_later_carrier_may_have_been_missing_and_a_moved_source_had_another_address(database: Database) -> None:
    [one] = await claimed(database, "https://news.example/feed", 1)
    [other] = await claimed(database, "https://paper.example/feed", 1)
    await keep(database, [saved(one, PAGE)])
    await keep(database, [saved(other, PAGE)])
    async with database.write() as connection:
        old = {"url": "https://old.example/feed", "source_id": 2, "until": NOON}
        await connection.execute(insert(tables.aliases).values(old))
    await kill(database)
    reached = {
        "source:1", "source:2", "-source:2", "-site:paper.example", "source:https://old.example/feed",
        "site:old.example", "-site:old.example", "site:paper.example",
    }  # fmt: skip

    assert await receivers(database, reached | {"-source:1", "source:3", "-site:news.example"}) == reached


async def test_an_agency_that_the_story_was_traced_to_may_have_been_another_then(database: Database) -> None:
    await page_with_two_revisions(database)
    copy: dict[str, Any] = {"story_id": 17, "revision": 1, "publisher": "a.example", "seen_at": NOON, "tokens": 9,
                            "how": "alone"}  # fmt: skip
    [other] = await claimed(database, "https://paper.example/feed", 1)
    await keep(database, [saved(other, "Umbrella")])
    async with database.write() as connection:
        for record_id, agency in ((1, None), (2, "AFP")):
            row = {**copy, "record_id": record_id, "agency": agency, "credits": ["ANSA"]}
            await connection.execute(insert(tables.copies).values(row))
    await kill(database)

    reached = {"agency:afp", "agency:ansa", 'agency:"Agence France-Presse"', "-agency:afp"}
    assert await receivers(database, reached | {"agency:reuters"}) == reached


async def wire(database: Database, *versions: dict[str, Any]) -> None:
    async with database.write() as connection:
        number, _ = await sources.add(connection, "inbox:wire", now=NOON, title="Wire Example")
    await keep_versions(database, number, NOON, *versions)


async def test_what_was_never_shown_is_taken_back_from_nobody_who_asks_for_its_content(database: Database) -> None:
    secret = ninjs("urn:newsml:a:1", headline="Quokka escapes", pubstatus="withheld", subject=[CINEMA])
    await wire(database, secret, {**secret, "version": "2", "pubstatus": "canceled", "headline": "KILL"})
    reached = {"", "source:1", "kind:killed", "source:1 kind:killed"}
    others = {"quokka", "kill", "subject:cinema", "-subject:sport", "kind:new", "source:2", "-language:fr"}

    assert await receivers(database, reached | others) == reached


async def test_the_words_of_a_kill_are_not_those_that_were_sent(database: Database) -> None:
    first = ninjs("urn:newsml:a:1", headline="Cinema opens", subject=[CINEMA])
    await wire(database, first, {**first, "version": "2", "pubstatus": "canceled", "headline": "Zanzibar"})

    assert await receivers(database, {"cinema", "zanzibar", "subject:cinema", "subject:sport"}) == {
        "cinema", "subject:cinema",
    }  # fmt: skip


async def test_a_reader_cannot_find_out_words_of_what_is_killed(database: Database) -> None:
    await page_with_two_revisions(database)
    await kill(database)
    async with database.read() as connection:
        events = (await event_log.read_after(connection, 0)).events
        seen = await candidates.read(connection, events, parse("umbrella agency:reuters").fields)

    assert all(parse(text).matches(one) for one in seen for text in ("umbrella", "ferry", "-ferry", "agency:reuters"))


PARTS = (
    "source:1", "source:2", "site:wire.example", "language:en", "language:de", "subject:sport", "subject:cinema",
    "leeds", "hull", "headline:ferry", "agency:dpa", "agency:ap",
)  # fmt: skip


def random_filter(chance: random.Random, depth: int = 3) -> str:
    if depth == 0 or chance.random() < 0.25:
        return chance.choice(("", "-")) + chance.choice(PARTS)
    parts = [random_filter(chance, depth - 1) for _ in range(chance.randint(2, 3))]
    return chance.choice(("", "-")) + "(" + chance.choice((" ", " OR ")).join(parts) + ")"


@pytest.mark.parametrize("seed", range(4))
async def test_the_receivers_of_a_kill_are_those_who_could_have_got_a_revision(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    wanted = {text: parse(text) for text in (random_filter(chance) for _ in range(200))}
    async with database.write() as connection:
        for name in ("wire", "other"):
            await sources.add(connection, f"inbox:{name}", now=NOON)
    for number in range(6):
        versions = [_version(chance, number, version) for version in range(1, chance.randint(2, 5))]
        await keep_versions(database, 1, NOON, *versions)
    got = await _matched(database, wanted)
    for number in range(6):
        await keep_versions(database, 1, NOON, _version(chance, number, 9, pubstatus="canceled"))

    for record_id in range(1, 7):
        assert await receivers(database, wanted, record_id) == got[record_id], record_id
    assert 0 < len(got[1]) < len(wanted)


def _version(chance: random.Random, number: int, version: int, **fields: Any) -> dict[str, Any]:
    words = {"headline": chance.choice(("Ferry", "Train")), "body_text": f"{chance.choice(('Leeds', 'Hull'))} {number}"}
    more = {"language": chance.choice(("en", "de")), "subject": chance.sample([CINEMA, SPORT], chance.randint(0, 2))}
    infosource = [{"name": chance.choice(("dpa", "AP"))}]
    return ninjs(f"urn:newsml:a:{number}", version, **{**words, **more, "infosources": infosource, **fields})


async def _matched(database: Database, wanted: dict[str, Filter]) -> dict[int, set[str]]:
    """Return by record the filters that let one of its events through while it was usable."""
    fields = frozenset[str]().union(*(one.fields for one in wanted.values()))
    found: dict[int, set[str]] = {}
    async with database.read() as connection:
        events = (await event_log.read_after(connection, 0)).events
        for event, seen in zip(events, await candidates.read(connection, events, fields), strict=True):
            matching = {text for text, one in wanted.items() if one.matches(seen)}
            found[event.record_id] = found.get(event.record_id, set()) | matching
    return found
