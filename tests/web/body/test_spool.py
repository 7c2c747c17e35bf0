"""Spool of bodies, in memory and in a file."""

import gzip
import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ingestd.errors import NoRoom
from ingestd.model.source import Validators
from ingestd.web.body.memory_budget import SMALL_BODY, MemoryBudget
from ingestd.web.body.spool import MAX_IN_MEMORY, Spool
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.support.newsroom import Answer, Newsroom


@pytest.mark.parametrize("size", [0, MAX_IN_MEMORY, MAX_IN_MEMORY + 1, 3 * MAX_IN_MEMORY])
async def test_load_returns_what_was_written(tmp_path: Path, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    with Spool(tmp_path) as spool, MemoryBudget(2**20).reservation() as reservation:
        for start in range(0, size, 50_000):
            await spool.write(body[start : start + 50_000])

        assert (spool.size, await spool.load(reservation)) == (size, body)
        assert os.listdir(tmp_path) == []  # noqa: PTH208 - the file has no name


async def test_an_answer_without_a_body_waits_for_no_memory_and_needs_no_file(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr("ingestd.web.body.spool.SpooledTemporaryFile", lambda **options: opened.append(options))
    url = newsroom.publish("/feed", answers=[Answer(status=304), Answer(status=304)])
    async with Fetcher(
        user_agent="test", allow_networks=[IPv4Network("127.0.0.0/8")], pacing=Pacing(delay=0), spool_folder=tmp_path
    ) as fetcher:
        with fetcher.memory_budget.reservation() as full, fetcher.memory_budget.reservation() as own:
            await full.reserve(SMALL_BODY)
            lane = fetcher.memory_budget.lane(1)
            await lane.acquire(lane.free)
            reply = await fetcher.get(url, validators=Validators(etag='"1"'), reservation=own)

    assert (reply.status, reply.body, reply.headers, opened) == (304, b"", (), [])


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
async def test_a_disk_that_cannot_be_written_is_a_local_failure(
    newsroom: Newsroom, tmp_path: Path, coded: bool
) -> None:
    body = bytes(2 * MAX_IN_MEMORY)
    headers = {"Content_Encoding": "gzip"} if coded else {}
    url = newsroom.publish("/feed", body=gzip.compress(body) if coded else body, **headers)
    async with Fetcher(
        user_agent="test",
        allow_networks=[IPv4Network("127.0.0.0/8")],
        pacing=Pacing(delay=0),
        spool_folder=tmp_path / "missing",
    ) as fetcher:
        with pytest.raises(
            NoRoom, match="cannot spool the body to the local disk: No such file or directory"
        ) as caught:
            await fetcher.get(url)

        assert caught.value.local
        assert not fetcher.breakers.offline
