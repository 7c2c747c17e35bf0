"""The receiver of the demo: what it takes, and what it misses."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook

from ingestd.demo.receiver import Received, Receiver
from ingestd.model.event import Event, EventKind

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def event(seq: int, record: int, kind: EventKind = "new") -> Event:
    return Event(
        seq=seq, kind=kind, at=NOW, record_id=record, revision=1, guid=f"tag:{record}", uri=None, pubstatus="usable",
        headline="Ferry", versioncreated=NOW, entry_id=record, entry_url=None, source_id=1, source_url="inbox:wire",
        source_title="Wire",
    )  # fmt: skip


def body(seq: int, record: int, kind: str = "new") -> bytes:
    values = {"id": f"e-{seq}", "seq": seq, "kind": kind, "record_id": record, "headline": None, "source_title": "Wire"}
    return json.dumps({**values, "record": None}).encode()


def headers(receiver: Receiver, content: bytes, *, id_: str = "e-1", at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    signature = Webhook(receiver.secret).sign(id_, at, content.decode())
    return {"webhook-id": id_, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


@pytest.fixture
def seen() -> list[tuple[Received, bool]]:
    return []


@pytest.fixture
async def receiver(seen: list[Any]) -> AsyncIterator[Receiver]:
    async with Receiver(lambda message, known: seen.append((message, known))) as receiver:
        yield receiver


async def post(receiver: Receiver, content: bytes, sent: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as client, client.post(receiver.url, data=content, headers=sent) as reply:
        return reply.status


async def test_a_message_that_comes_twice_is_kept_once(receiver: Receiver, seen: list[tuple[Received, bool]]) -> None:
    content = body(1, 1)

    for _ in range(2):
        assert await post(receiver, content, headers(receiver, content)) == 204

    assert [known for _, known in seen] == [False, True]
    assert list(receiver.received) == ["e-1"]


@pytest.mark.parametrize("change", ["body", "id", "secret", "time", "no signature"])
async def test_what_is_not_signed_or_old_is_refused(receiver: Receiver, change: str) -> None:
    content = body(1, 1)
    sent = headers(receiver, content)
    if change == "body":
        content = body(2, 1)
    elif change == "id":
        sent["webhook-id"] = "e-2"
    elif change == "secret":
        sent["webhook-signature"] = Webhook(b"another secret, 24 bytes").sign(
            "e-1", datetime.now(UTC), content.decode()
        )
    elif change == "time":
        sent = headers(receiver, content, at=datetime.now(UTC) - timedelta(minutes=6))
    else:
        del sent["webhook-signature"]

    assert await post(receiver, content, sent) == 401
    assert (receiver.refused, receiver.received) == (1, {})


async def test_what_a_kill_has_overtaken_is_not_missing(receiver: Receiver) -> None:
    log = [event(1, 1), event(2, 2), event(3, 1, "killed"), event(4, 1, "revised"), event(5, 2, "corrected")]
    for seq, record, kind in ((2, 2, "new"), (3, 1, "killed")):
        content = body(seq, record, kind)
        await post(receiver, content, headers(receiver, content, id_=f"e-{seq}"))

    assert receiver.missing(log) == [4, 5]
