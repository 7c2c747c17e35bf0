"""An agency sends a day of items by drop folder and push to a daemon that is killed repeatedly; nothing is lost.

In CI the day is a short one; `make soak` has one of $SOAK_ITEMS items on each database.
"""

import asyncio
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestd.store.records.content import unpack
from tests.daemon.processes import PATIENCE, Daemon, Start, eventually, ingestd, rows
from tests.support.dropping import names
from tests.support.sending import DaemonAddress, Sender
from tests.support.soak import FULL, ITEMS
from tests.support.wire_agency import Day, ExpectedItem, day, digest_of

#: In 10,000 items there are 50.
KILLS = max(10, ITEMS // 200)

#: How much was pushed when the daemon was killed.
KILLED_AT = (0.2, 0.45, 0.7) if FULL else (0.3, 0.6)

#: Seconds for one document on a busy machine.
EACH = 0.2

CURRENT = (
    "SELECT r.item_guid, r.pubstatus, v.version, v.headline, v.content FROM records r "
    "JOIN revisions v ON v.record_id = r.id AND v.revision = r.revision"
)
REVISIONS = (
    "SELECT r.item_guid, v.version, v.headline, v.content, v.pubstatus FROM records r "
    "JOIN revisions v ON v.record_id = r.id"
)
EVENTS = (
    "SELECT e.seq, r.item_guid, e.kind, e.story_id FROM events e JOIN records r ON r.id = e.record_id ORDER BY e.seq"
)


@pytest.fixture
def folder(config: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "wire"
    folder.mkdir()
    config.write_text(config.read_text() + "settle = '1s'\n")
    ingestd(config, "sources", "add", str(folder))
    ingestd(config, "sources", "add", "inbox:harbour")
    return folder


async def send_while_killing(sender: Sender, address: DaemonAddress, start: Start) -> Daemon:
    """Send the whole day; return the daemon that runs in the end."""

    async def begin() -> Daemon:
        daemon = start()
        await address.set((await asyncio.to_thread(daemon.logged, "started"))["address"])
        return daemon

    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(sender.send())
        daemon = await begin()
        for share in KILLED_AT:
            await sender.progress.wait_for(share)
            await asyncio.to_thread(daemon.kill)
            daemon = await begin()
        await sending
    return daemon


def current(database_url: str) -> dict[str, Any]:
    """Return status, version, headline and text of each item; a killed item has no text to compare."""
    found = {}
    for guid, status, version, headline, content in rows(database_url, CURRENT):
        text = unpack(content)["body_text"]
        found[guid] = (status, version, None if status == "canceled" else (headline, digest_of(text)))
    return found


def revisions(database_url: str, expected: dict[str, ExpectedItem]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for guid, version, headline, content, status in rows(database_url, REVISIONS):
        text = unpack(content)["body_text"]
        is_kill = expected[guid].kills and version == expected[guid].version
        found[guid].append((version, *(() if is_kill else (headline, digest_of(text))), status))
    return {guid: tuple(sorted(some)) for guid, some in found.items()}


def differing(found: dict[str, Any], expected: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return some guids whose stored state differs from the expected one."""
    guids = sorted(guid for guid in found.keys() | expected.keys() if found.get(guid) != expected.get(guid))
    return [(guid, found.get(guid), expected.get(guid)) for guid in guids[:5]]


def has_expected_items(database_url: str, expected: dict[str, ExpectedItem]) -> None:
    assert differing(
        current(database_url), {guid: (one.pubstatus, one.version, one.current) for guid, one in expected.items()}
    ) == []  # fmt: skip
    found = revisions(database_url, expected)
    assert differing(found, {guid: one.revisions for guid, one in expected.items()}) == []


def has_each_event_once(database_url: str, sent: Day, sender: Sender) -> None:
    events = rows(database_url, EVENTS)
    assert [seq for seq, *_ in events] == list(range(1, len(events) + 1))
    kinds_of: dict[str, list[str]] = defaultdict(list)
    for _, guid, kind, story in events:
        if kind != "carried" and story is None:
            kinds_of[guid].append(kind)
    expected = sent.expected
    assert differing(
        {guid: Counter(kinds)["killed"] for guid, kinds in kinds_of.items()},
        {guid: item.kills for guid, item in expected.items()},
    ) == []  # fmt: skip
    assert [guid for guid, kinds in kinds_of.items() if kinds[0] not in ("new", "withheld", "killed")] == []
    known = {guid: one.kinds for guid, one in expected.items() if one.kinds}
    assert differing({guid: tuple(kinds_of[guid]) for guid in known}, known) == []

    embargoes = [message for message in (one.message for one in sent.sendings) if message.embargo and message.until]
    released = 0
    for message in embargoes:
        if expected[message.guid].embargoed:
            assert kinds_of[message.guid] in (["new"], ["withheld", "released"])
            if sender.acknowledged.get((message.guid, message.number), message.until) < message.until:
                assert kinds_of[message.guid] == ["withheld", "released"]
                released += 1
    assert released


async def test_repeated_kills_during_an_agencys_day_lose_nothing(
    start: Start, config: Path, folder: Path, database_url: str
) -> None:
    address, sent = DaemonAddress(), day(items=ITEMS, kills=KILLS, at=datetime.now(UTC).replace(microsecond=0))
    sender = Sender(sent, inbox="harbour", folder=folder, daemon=address)

    daemon = await send_while_killing(sender, address, start)
    patience = PATIENCE + EACH * len(sent.by("folder"))
    eventually(lambda: names(folder) == {"done", "error"}, lambda: len(names(folder)), patience)
    held = sum(one.pubstatus == "withheld" for one in sent.expected.values())
    withheld = "SELECT count(*) FROM records WHERE pubstatus = 'withheld'"
    eventually(lambda: rows(database_url, withheld) == [(held,)], lambda: rows(database_url, withheld))

    assert daemon.end() == 0
    assert sender.sent_again
    has_expected_items(database_url, sent.expected)
    has_each_event_once(database_url, sent, sender)
    for query, expected in (
        ("SELECT count(*) FROM entries WHERE state <> 'done' OR run_id IS NOT NULL", 0),
        ("SELECT count(*) FROM sources WHERE run_id IS NOT NULL OR condition <> 'ok'", 0),
        ("SELECT count(*) FROM failures", 0),
    ):
        assert rows(database_url, query) == [(expected,)], query
    assert (len(names(folder / "done")), names(folder / "error")) == (len(sent.by("folder")), set())
