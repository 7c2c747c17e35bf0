"""The wire agency of the demo: its messages, read by the real parser and compared with the expected content."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession
from lxml import etree

from ingestd.demo import holdings
from ingestd.demo.dispatches import Dispatch, last_change, load
from ingestd.demo.expected import expected_wire
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.rendering import message
from ingestd.formats import parse
from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.runtime import Runtime
from ingestd.policy.wire.embargo import embargo_of
from ingestd.policy.wire.versions import corrects
from ingestd.store.polls.sources import add
from tests.demo.clock import Clock
from tests.support.agency import let_embargoes_end, send

DISPATCHES = load()
OPENED = datetime(2026, 3, 1, 12, tzinfo=UTC)
G2 = "{http://iptc.org/std/nar/2006-10-01/}"


def at(seconds: float) -> datetime:
    return OPENED + timedelta(seconds=seconds)


def test_a_message_has_the_structure_of_newsml_g2() -> None:
    root = etree.fromstring(message(DISPATCHES, at=at).encode())

    assert [child.tag for child in root] == [f"{G2}header", f"{G2}itemSet"]
    items = root.findall(f"{G2}itemSet/{G2}newsItem")
    assert len(items) == len(DISPATCHES)
    for item, dispatch in zip(items, DISPATCHES, strict=True):
        runtime = ["catalogRef", "rightsInfo", "itemMeta", "contentMeta", "contentSet"]
        assert [child.tag.removeprefix(G2) for child in item] == runtime[: 5 if dispatch.paragraphs else 4]


def test_the_parser_reads_every_dispatch() -> None:
    items = [entry.item for entry in parse(message(DISPATCHES, at=at).encode(), url="http://wire.example/").entries]

    assert [(item.guid, item.version, item.headline, item.pubstatus) for item in items] == [
        (dispatch.guid, str(dispatch.version), dispatch.headline, dispatch.status) for dispatch in DISPATCHES
    ]
    assert [corrects(item) for item in items] == [bool(dispatch.signal) for dispatch in DISPATCHES]
    assert [hold.until if (hold := embargo_of(item)) else None for item in items] == [
        None if dispatch.embargoed is None else at(dispatch.embargoed) for dispatch in DISPATCHES
    ]


def test_markup_characters_in_text_are_escaped() -> None:
    odd = replace(DISPATCHES[0], headline="Soundings & <b>Silences</b>", paragraphs=("5 < 6 & “so on”",), note="a < b")

    [entry] = parse(message([odd], at=at).encode(), url="http://wire.example/").entries

    assert entry.item.headline == "Soundings & <b>Silences</b>"
    assert [note.text for note in entry.item.ednotes] == ["a < b"]
    assert "5 &lt; 6 &amp; “so on”" in message([odd], at=at)


def test_there_is_time_to_see_an_embargo_and_a_story_before_its_kill() -> None:
    for dispatch in DISPATCHES:
        assert dispatch.embargoed is None or dispatch.embargoed - dispatch.after >= 15
        assert dispatch.status != "canceled" or all(
            dispatch.after - other.after >= 10
            for other in DISPATCHES
            if other.slug == dispatch.slug and other.after < dispatch.after
        )
    assert last_change(DISPATCHES) == 20


def dispatch(version: int, **said: object) -> Dispatch:
    return replace(DISPATCHES[0], version=version, **said)


@pytest.mark.parametrize(
    ("sent", "events", "status"),
    [
        pytest.param([dispatch(1), dispatch(2)], {"new": 1, "revised": 1}, "usable", id="revised"),
        pytest.param(
            [dispatch(1), dispatch(2, signal="sig:correction")], {"new": 1, "corrected": 1}, "usable", id="corrected"
        ),
        pytest.param([dispatch(1, embargoed=9.0)], {"withheld": 1, "released": 1}, "usable", id="embargoed"),
        pytest.param(
            [dispatch(2), dispatch(3, status="canceled"), dispatch(1)], {"new": 1, "killed": 1}, "canceled", id="killed"
        ),
    ],
)
def test_expected_events_follow_from_the_dispatches(sent: list[Dispatch], events: dict[str, int], status: str) -> None:
    expected = expected_wire(sent)

    assert expected.events == events
    [item] = expected.items.values()
    assert (item.pubstatus, item.revisions) == (status, len(sent))
    assert item.body == "\n\n".join(DISPATCHES[0].paragraphs)


def test_the_agency_sends_every_kind_of_version() -> None:
    expected = expected_wire(DISPATCHES)

    assert expected.events == {"new": 3, "revised": 1, "corrected": 1, "withheld": 1, "released": 1, "killed": 1}
    assert sorted(item.pubstatus for item in expected.items.values()) == ["canceled", "usable", "usable", "usable"]


async def test_the_message_grows_with_each_dispatch(newsroom: Newsroom, clock: Clock) -> None:
    counts = []
    async with ClientSession() as web:
        for seconds in (0, 1, 6, 30):
            clock.seconds = seconds
            async with web.get(newsroom.agency.url, raise_for_status=True) as reply:
                counts.append(len(etree.fromstring(await reply.read()).findall(f".//{G2}newsItem")))
                known = {"If-None-Match": reply.headers["ETag"]}
            async with web.get(newsroom.agency.url, headers=known) as reply:
                assert reply.status == 304

    assert counts == [0, 1, 4, 8]


async def test_stored_holdings_are_complete_only_after_the_embargo(runtime: Runtime, newsroom: Newsroom) -> None:
    complete = holdings.expected_holdings(newsroom.expected, newsroom.expected_wire)
    async with runtime.database.write() as connection:
        source = (await add(connection, newsroom.agency.url, now=datetime.now(UTC)))[0]
    await send(runtime, source, message(DISPATCHES, at=newsroom.agency.time_at).encode())

    async with runtime.database.read() as connection:
        before = await holdings.stored_holdings(runtime.database, newsroom)
    await let_embargoes_end(runtime, timedelta(minutes=1))
    await release_due(runtime.database)
    async with runtime.database.read() as connection:
        after = await holdings.stored_holdings(runtime.database, newsroom)

    assert before.listed == before.exported != complete.listed
    assert replace(after, counts=complete.counts, texts=complete.texts) == complete
    assert complete.listed == complete.found == complete.exported
    assert not any("MAYOR" in guid for guid in after.listed)
