"""/v1/gaps, /v1/failures and /v1/backfills: what operators look after, as by the commands."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from ingestd.store.polls import gaps
from ingestd.store.schema import tables
from ingestd.store.work import backfills
from tests.daemon.http.v1.api import Api
from tests.daemon.services import add_source
from tests.support.outcomes import NOON, claimed


async def with_gaps(api: Api) -> None:
    """Add three gaps of source 1 and one of source 2, two of which begin at one time."""
    for url in ("https://user:secret@one.example/feed", "https://two.example/feed"):
        await add_source(api.service, url)
    async with api.database.write() as connection:
        rows = [
            {"source_id": source, "from_at": NOON + timedelta(hours=hour), "to_at": NOON + timedelta(hours=hour + 1),
             "state": "open", "due_at": None}
            for source, hour in ((1, 1), (1, 2), (2, 2), (1, 3))
        ]  # fmt: skip
        await gaps.open_gaps(connection, rows)


async def test_gaps_are_listed_as_the_command_lists_them(api: Api) -> None:
    await with_gaps(api)
    listed = await api.command("gaps", "list")

    assert [gap["id"] for gap in listed] == [4, 3, 2, 1]
    assert await api.pages("/v1/gaps", limit=1) == listed
    assert [gap["id"] for gap in await api.pages("/v1/gaps", limit=2, source=1)] == [4, 2, 1]
    assert await api.value("/v1/gaps", state="accepted") == []
    assert "secret" not in str(listed)


async def test_gaps_are_accepted_and_repaired(api: Api) -> None:
    await with_gaps(api)

    accepted = await api.request("POST", "/v1/gaps/1/accept", json={"note": "a strike"})
    repaired = await api.request("POST", "/v1/gaps/2/repair")
    missing = await api.request("POST", "/v1/gaps/1/accept", json={})

    assert (accepted.value, repaired.value) == ({"gap": 1, "state": "accepted"}, {"gap": 2, "state": "open"})
    assert (missing.status, missing.value["detail"]) == (404, "no open gap 1; `GET /v1/gaps` shows all gaps")
    rows = {gap["id"]: gap for gap in await api.value("/v1/gaps")}
    assert (rows[1]["note"], rows[2]["due_at"] is not None, rows[3]["due_at"]) == ("a strike", True, None)


async def with_failures(api: Api) -> None:
    """Add four entries with a failure each, of which 2 and 3 are quarantined."""
    works = await claimed(api.database, "https://user:secret@one.example/feed", 4)
    async with api.database.write() as connection:
        rows = [
            {"at": NOON, "stage": "fetch", "error": "Refused", "status": 500, "message": f"HTTP 500, {work.id}",
             "attempt": 1, "url": work.entry.link, "source_id": 1, "entry_id": work.id}
            for work in works
        ]  # fmt: skip
        await connection.execute(insert(tables.failures), rows)
        quarantined = update(tables.entries).where(tables.entries.c.id.in_([2, 3]))
        await connection.execute(quarantined.values(state="quarantined", run_id=None))


async def states(api: Api) -> list[Any]:
    async with api.database.read() as connection:
        c = tables.entries.c
        return list((await connection.execute(select(c.state).order_by(c.id))).scalars())


async def test_failures_are_listed_as_the_command_lists_them(api: Api) -> None:
    await with_failures(api)
    listed, quarantined = [await api.command("failures", "list", *how) for how in ([], ["--quarantined"])]

    assert [one["id"] for one in listed] == [4, 3, 2, 1]
    assert [one["id"] for one in quarantined] == [2, 3]
    assert await api.pages("/v1/failures", limit=1) == listed
    assert await api.pages("/v1/failures", limit=1, quarantined="true") == quarantined
    wrong = await api.get("/v1/failures", after=1)
    assert (wrong.status, wrong.value["detail"]) == (400, "after is not for this list; use before")


@pytest.mark.parametrize(
    ("body", "due", "expected"),
    [
        ({}, 2, ["pending"] * 4),
        ({"entries": [2, 4]}, 1, ["pending", "pending", "quarantined", "pending"]),
        ({"source": "1"}, 2, ["pending"] * 4),
    ],
)
async def test_quarantined_entries_are_tried_again(api: Api, body: Any, due: int, expected: list[str]) -> None:
    await with_failures(api)

    answer = await api.request("POST", "/v1/failures/retry", json=body)

    assert answer.value == {"due": due}
    assert await states(api) == expected


async def test_an_entry_that_is_not_quarantined_is_not_tried_again(api: Api) -> None:
    await with_failures(api)

    answer = await api.request("POST", "/v1/failures/retry", json={"entries": [1]})

    assert answer.status == 404
    assert (await api.request("POST", "/v1/failures/retry", json={"source": "9"})).status == 404


async def test_backfills_are_listed_and_cancelled_as_by_the_commands(api: Api) -> None:
    source = await add_source(api.service, "https://one.example/feed")
    async with api.database.write() as connection:
        for number in range(3):
            await backfills.create(
                connection, kind="sitemap", argument=f"https://user:secret@one.example/{number}.xml", options={},
                source_id=source, cursor={}, run_id=api.service.runtime.run_id, now=NOON,
            )  # fmt: skip
    listed = await api.command("backfill", "list")

    assert [one["id"] for one in listed] == [3, 2, 1]
    assert await api.pages("/v1/backfills", limit=1) == listed
    assert "secret" not in str(listed)
    cancelled = await api.request("POST", "/v1/backfills/2/cancel")
    assert cancelled.value == {"backfill": 2, "state": "cancelled", "dropped": 0}
    assert (await api.value("/v1/backfills"))[1]["state"] == "cancelled"
    assert (await api.request("POST", "/v1/backfills/9/cancel")).status == 404
