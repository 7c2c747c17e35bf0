"""What a token with a filter sees: its own sources and records, and nothing that tells of others."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert, update

from ingestd.model.article import Article
from ingestd.model.token import Role
from ingestd.store import tokens
from ingestd.store.schema import tables
from tests.daemon.http.v1.api import Api
from tests.support.outcomes import NOON, claimed, claimed_again, keep, saved

OWN, OTHER = "https://own.example/feed", "https://other.example/feed"
PAGE = Article(headline="Ferry runs", body_text="The harbour master said so.", language="en")


async def add_token(api: Api, text: str, role: Role = "read", name: str = "customer") -> str:
    async with api.database.write() as connection:
        return (await tokens.add(connection, name, role=role, filter=text, now=NOON))[1]


@pytest.fixture
async def shared(api: Api) -> Api:
    """Source 1 (own) has records 1 and 2, source 2 (other) has record 3 and carries record 1.

    All are of one story whose text is that of record 3.  Each source has a gap and a failure.
    """
    first, second = await claimed(api.database, OWN, 2)
    [third, again] = await claimed(api.database, OTHER, 2)
    await keep(api.database, [saved(first, PAGE), saved(second, replace(PAGE, headline="Umbrella", language="de"))])
    await keep(api.database, [saved(third, replace(PAGE, headline="Otter", body_text="The otter swims."))])
    await keep(api.database, [saved(again, PAGE, at=NOON + timedelta(hours=1))])
    copy: dict[str, Any] = {
        "story_id": 7, "revision": 1, "publisher": "own.example", "seen_at": NOON, "tokens": 9, "how": "alone",
        "of_record": 3, "of_document": 0.9, "of_member": 0.9, "origin_record": 3, "share": 0.9,
        "changed": [["secret", "open"]],
    }  # fmt: skip
    story = {"id": 7, "created_at": NOON, "last_at": NOON, "first_record": 3, "round_up": False, "pinned": False}
    async with api.database.write() as connection:
        await connection.execute(insert(tables.stories).values(story))
        for record_id in (1, 2, 3):
            row = copy | {"record_id": record_id, "publisher": "own.example" if record_id < 3 else "other.example"}
            await connection.execute(insert(tables.copies).values(row))
        for source_id, url in ((1, OWN), (2, OTHER)):
            gap = {"source_id": source_id, "from_at": NOON, "to_at": NOON + timedelta(hours=1), "state": "open"}
            failure = {
                "at": NOON, "stage": "fetch", "error": "Refused", "message": "HTTP 500", "status": 500, "attempt": 1,
                "url": f"{url}/failed", "source_id": source_id,
            }  # fmt: skip
            await connection.execute(insert(tables.gaps).values(gap))
            await connection.execute(insert(tables.failures).values(failure))
        entries = tables.entries.c
        await connection.execute(update(tables.entries).where(entries.id == second.id).values(state="quarantined"))
        await connection.execute(update(tables.entries).where(entries.id == third.id).values(state="quarantined"))
    return api


async def test_sources_gaps_coverage_and_failures_are_those_of_the_own_sources(shared: Api) -> None:
    token = await add_token(shared, "source:1")
    lists = {
        "/v1/sources": "id", "/v1/gaps": "source_id", "/v1/coverage": "source", "/v1/failures": "source_id",
    }  # fmt: skip
    for path, name in lists.items():
        assert {one[name] for one in await shared.pages(path, token=token, **_page(path))} == {1}, path
        assert {one[name] for one in await shared.pages(path, **_page(path))} == {1, 2}, path
    quarantined = await shared.value("/v1/failures", quarantined="true", token=token)
    assert [one["source_url"] for one in quarantined] == [OWN]


def _page(path: str) -> dict[str, Any]:
    return {} if path == "/v1/coverage" else {"limit": 1}


async def test_a_source_of_others_is_answered_as_one_that_does_not_exist(shared: Api) -> None:
    token = await add_token(shared, "site:own.example language:en")
    assert (await shared.value("/v1/sources/1", token=token))["url"] == OWN
    assert [one["id"] for one in await shared.value("/v1/sources", problems="true", token=token)] in ([], [1])

    for path, query in (
        ("/v1/sources/{}", {}), ("/v1/gaps", {"source": "{}"}), ("/v1/coverage", {"source": "{}"}),
        ("/v1/records", {"source": "{}"}),
    ):  # fmt: skip
        other, missing = [await shared.get(path.format(n), token=token, **dict.fromkeys(query, n)) for n in (2, 9)]
        assert other.status == missing.status == 404, path
        assert other.value["detail"].replace("2", "9") == missing.value["detail"]


@pytest.mark.parametrize("text", ["language:en", "-source:2", "agency:dpa OR source:1"])
async def test_a_filter_that_does_not_choose_among_sources_shows_none(shared: Api, text: str) -> None:
    token = await add_token(shared, text)

    for path in ("/v1/sources", "/v1/sources/1", "/v1/gaps", "/v1/coverage", "/v1/failures", f"/v1/why?url={OWN}/0"):
        refused = await shared.get(path, token=token)
        assert (refused.status, "names no source or site" in refused.value["detail"]) == (403, True), path


async def test_why_tells_of_own_entries_of_own_records(shared: Api) -> None:
    token = await add_token(shared, "source:1 language:en")
    url = f"{OWN}/0"
    async with shared.database.write() as connection:  # so that all its carriers are found
        await connection.execute(update(tables.records).where(tables.records.c.id == 1).values(uri=url))

    whole, own = await shared.value("/v1/why", url=url), await shared.value("/v1/why", url=url, token=token)

    assert {one["source"] for one in whole["entries"]} == {1, 2}
    assert whole["entries"][0]["story"]["records"] == 3
    assert [(one["source"], one["story"]) for one in own["entries"]] == [(1, None)]
    for hidden in (f"{OWN}/1", f"{OTHER}/0"):
        assert (await shared.value("/v1/why", url=hidden, token=token))["entries"] == []


async def test_a_record_says_nothing_of_other_sources_and_records(shared: Api) -> None:
    token = await add_token(shared, "source:1")

    [first] = [one for one in await shared.value("/v1/records", token=token) if one["id"] == 1]
    whole = await shared.value("/v1/records/1")

    assert whole["origin_record"] == whole["copy_of"] == whole["first_carrier"] == 3
    assert [one["source_id"] for one in whole["carriers"]] == [1, 2]
    assert first == await shared.value("/v1/records/1", token=token)
    assert [one["source_id"] for one in first["carriers"]] == [1]
    named = ("origin_record", "copy_of", "first_carrier", "share")
    assert [first[name] for name in named] == [None] * 4
    assert first["story"] == 7
    assert await shared.value("/v1/records/1/carriers", token=token) == first["carriers"]
    thin = await shared.value("/v1/records", token=token, form="thin")
    assert {one["id"]: one["carriers"] for one in thin} == {1: 1, 2: 1}
    assert await shared.value("/v1/records/1", token=token, form="thin") in thin


async def test_records_are_not_found_by_sites_that_are_not_seen(shared: Api) -> None:
    token = await add_token(shared, "source:1")

    assert {one["id"] for one in await shared.value("/v1/records", site="other.example")} == {1, 3}
    assert await shared.value("/v1/records", site="other.example", token=token) == []
    assert {one["id"] for one in await shared.value("/v1/records", site="own.example", token=token)} == {1, 2}


async def test_stories_have_the_records_and_carriers_that_are_seen(shared: Api) -> None:
    token = await add_token(shared, "source:1")

    whole, own = await shared.value("/v1/stories/7"), await shared.value("/v1/stories/7", token=token)

    assert (whole["carriers"], whole["publishers"], len(whole["copies"])) == (4, 2, 3)
    assert (own["carriers"], own["publishers"], [one["record_id"] for one in own["copies"]]) == (2, 1, [1, 2])
    for name in ("origin_record", "first_record"):
        assert (whole[name], own[name]) == (3, None)
    for copy in own["copies"]:
        assert (copy["of_record"], copy["origin_record"], copy["share"], copy["changed"]) == (None, None, None, [])
        assert {one["publisher"] for one in copy["carriers"]} == {"own.example"}
    assert "other.example" not in str(own)
    since = "2026-01-01T00:00:00Z"
    assert [one["id"] for one in await shared.value("/v1/stories", token=token, since=since)] == [7]
    assert await shared.value("/v1/stories", token=token, since=since, min_publishers=2) == []
    assert (await shared.get("/v1/stories", token=token, q="otter")).status == 403


async def test_events_name_own_sources_and_records(shared: Api) -> None:
    async with shared.database.write() as connection:
        row: dict[str, Any] = {"record_id": 1, "revision": 1, "entry_id": 3, "at": NOON}
        await connection.execute(insert(tables.events).values({**row, "seq": 5, "kind": "revised"}))
        hint = {**row, "seq": 6, "kind": "carries_killed", "entry_id": 1, "story_id": 7, "other_id": 3}
        await connection.execute(insert(tables.events).values(hint))
        last = tables.last_numbers
        await connection.execute(update(last).where(last.c.name == "event").values(number=6))
    token = await add_token(shared, "source:1")

    whole, own = [(await shared.value("/v1/events", **one))["events"] for one in ({}, {"token": token})]

    assert [(one["kind"], one["source_id"], one["other"]) for one in whole] == [
        ("new", 1, None), ("new", 1, None), ("new", 2, None), ("carried", 2, None), ("revised", 2, None),
        ("carries_killed", 1, 3),
    ]  # fmt: skip
    assert [(one["kind"], one["source_id"], one["other"]) for one in own] == [
        ("new", 1, None), ("new", 1, None), ("revised", 1, None), ("carries_killed", 1, None),
    ]  # fmt: skip
    assert "other.example" not in str(own)


async def test_revisions_are_those_that_the_filter_lets_through(shared: Api) -> None:
    works = await claimed(shared.database, "https://third.example/feed", 1)
    await keep(shared.database, [saved(works[0], replace(PAGE, headline="Erste", body_text="Eins.", language="de"))])
    for number, language in ((1, "en"), (2, "de"), (3, "en")):
        again = await claimed_again(shared.database, works[0])
        page = replace(PAGE, headline=f"Version {number}", body_text=f"Text {number}.", language=language)
        await keep(shared.database, [saved(again, page, at=NOON + timedelta(hours=number))])
    token = await add_token(shared, "language:en")

    seen = await shared.pages("/v1/records/4/revisions", token=token, limit=1)

    assert [one["revision"] for one in seen] == [2, 4]
    difference = await shared.value("/v1/records/4/diff", token=token)
    assert (difference["from"], difference["to"]) == (2, 4)
    assert (await shared.get("/v1/records/4/diff", token=token, from_=3)).status == 404
    then = [await shared.get("/v1/records/4", token=token, as_of=f"2026-01-31T{hour}:30:00Z") for hour in (12, 13, 14)]
    assert [one.status for one in then] == [404, 200, 404]


async def test_a_filtered_token_changes_nothing(shared: Api) -> None:
    token = await add_token(shared, "source:1", "admin")

    for method, path, body in (
        ("POST", "/v1/sources/1/pause", None), ("POST", "/v1/sources/1/poll", None), ("DELETE", "/v1/sources/1", None),
        ("PATCH", "/v1/sources/1", {"title": "x"}), ("POST", "/v1/gaps/1/accept", {}),
        ("POST", "/v1/failures/retry", {"source": "1"}),
    ):  # fmt: skip
        refused = await shared.request(method, path, json=body, token=token)
        assert (refused.status, "has a filter" in refused.value["detail"]) == (403, True), path


async def test_the_stream_tells_nothing_of_others(shared: Api) -> None:
    heard = {}
    for name, token in (("own", await add_token(shared, "source:1")), ("all", None)):
        headers = {"Authorization": f"Bearer {token}"} if token else None
        parameters = {"after": "0", "form": "full"}
        async with shared.client.get("/v1/stream", params=parameters, headers=headers) as reply:
            assert reply.status == 200
            heard[name] = [await _message(reply) for _ in range(2 if token else 4)]

    assert [one["kind"] for one in heard["own"]] == ["new", "new"]
    assert "other.example" not in json.dumps(heard["own"])
    first, known = heard["own"][0]["record"], heard["all"][0]["record"]
    assert [one["url"] for one in first["carriers"]] == [known["carriers"][0]["url"]]
    assert (first["origin_record"], known["origin_record"]) == (None, 3)
    assert "other.example" in json.dumps(heard["all"])


async def _message(reply: aiohttp.ClientResponse) -> Any:
    async for line in reply.content:
        if line.startswith(b"data: "):
            return json.loads(line[6:])
    raise AssertionError("the stream ended")
