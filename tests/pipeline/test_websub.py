"""WebSub: a hub on the loopback is asked, verified, believed, and doubted."""

import asyncio
import hashlib
import hmac
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs
from yarl import URL

from ingestd.daemon.health import Health
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.pipeline.websub import LEASE, is_signed, may_receive_secret
from ingestd.policy.polling.cadence import MAX_WAIT
from ingestd.settings import Listen
from ingestd.store.polls import gaps
from ingestd.store.polls.subscriptions import set_hub
from ingestd.store.schema.tables import sources, subscriptions
from tests.support.desk import STORY, add, feed, page, poll_all, source_row
from tests.support.newsroom import Newsroom

CHALLENGE = "say this"


@dataclass
class WireVersions:
    """A daemon's service with a source whose feed names a hub, and a client for what the hub does."""

    service: Service
    runtime: Runtime
    newsroom: Newsroom
    client: aiohttp.ClientSession
    source: int
    topic: str

    async def subscription(self) -> Any:
        async with self.runtime.database.read() as connection:
            return (await connection.execute(select(subscriptions))).one_or_none()

    async def path(self) -> str:
        return f"/websub/{(await self.subscription()).token}"

    async def verify(self, **changes: str) -> tuple[int, str]:
        query = {"mode": "subscribe", "topic": self.topic, "challenge": CHALLENGE, "lease_seconds": "86400"} | changes
        wire = {f"hub.{name}": value for name, value in query.items()}
        async with self.client.get(await self.path(), params=wire) as reply:
            return reply.status, await reply.text()

    async def push(self, body: bytes, *, signature: str | None = None) -> int:
        secret = (await self.subscription()).secret.encode()
        good = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature": good if signature is None else signature, "Content-Type": "application/atom+xml"}
        async with self.client.post(await self.path(), data=body, headers=headers) as reply:
            return reply.status


@pytest.fixture
async def desk(newsroom: Newsroom, runtime: Runtime) -> AsyncIterator[WireVersions]:
    newsroom.publish("/hub", status=202)
    for number in (1, 2, 3):
        newsroom.publish(f"/{number}", body=page(f"Story {number}", f"{number} {STORY}"), content_type="text/html")
    topic = newsroom.url("/feed")
    link = f'<{newsroom.url("/hub")}>; rel="hub", <{topic}>; rel="self"'
    source = await add(runtime, newsroom.publish("/feed", body=feed(newsroom.url("/1")), Link=link))
    await poll_all(runtime)
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1, callback="https://news.example/in/websub")
    address = serve(Health(service), Listen(host="127.0.0.1", port=0))
    async with address as base, aiohttp.ClientSession(base) as client:
        yield WireVersions(service, runtime, newsroom, client, source, topic)


async def ask(desk: WireVersions) -> dict[str, str]:
    assert desk.service.subscriber
    assert await desk.service.subscriber.subscribe_due() == 1
    request = desk.newsroom.requests[-1]
    assert (request.method, request.path) == ("POST", "/hub")
    return {name: value for name, [value] in parse_qs(request.body.decode()).items()}


async def test_a_hub_is_asked_with_a_callback_and_a_secret_of_its_own(desk: WireVersions) -> None:
    form = await ask(desk)
    kept = await desk.subscription()

    assert form == {
        "hub.mode": "subscribe",
        "hub.topic": desk.topic,
        "hub.callback": f"https://news.example/in/websub/{kept.token}",
        "hub.lease_seconds": f"{LEASE.total_seconds():.0f}",
        "hub.secret": kept.secret,
    }
    assert len(kept.token) > 40
    assert kept.token != kept.secret
    assert await desk.service.subscriber.subscribe_due() == 0  # type: ignore[union-attr]


async def test_only_what_we_asked_for_is_verified(desk: WireVersions) -> None:
    assert await desk.verify(topic="https://other.example/feed") == (404, "404: Not Found")
    assert (await desk.verify(mode="unsubscribe"))[0] == 404
    assert (await source_row(desk.runtime, desk.source)).pushed_until is None
    async with desk.client.get("/websub/guessed", params={"hub.mode": "subscribe"}) as reply:
        assert reply.status == 404

    assert await desk.verify() == (200, CHALLENGE)
    kept, row = await desk.subscription(), await source_row(desk.runtime, desk.source)
    day = timedelta(days=1)
    assert kept.state == "active"
    assert row.pushed_until == kept.lease_until
    assert abs(kept.lease_until - datetime.now(UTC) - day) < timedelta(minutes=1)
    assert kept.due_at < kept.lease_until - timedelta(hours=4)


async def test_with_a_hub_a_source_is_polled_once_a_day_and_without_as_before(desk: WireVersions) -> None:
    before = await source_row(desk.runtime, desk.source)
    await desk.verify()
    await poll_all(desk.runtime)
    row = await source_row(desk.runtime, desk.source)

    assert before.due_at - before.last_polled_at < timedelta(hours=12)
    assert row.due_at - row.last_polled_at > timedelta(seconds=MAX_WAIT * 0.8)


async def test_what_is_pushed_becomes_records(desk: WireVersions) -> None:
    await desk.verify()
    before = await source_row(desk.runtime, desk.source)

    assert await desk.push(feed(desk.newsroom.url("/2"))) == 202
    assert await desk.push(feed(desk.newsroom.url("/2"))) == 202
    await desk.service.pages.run_dry()

    row = await source_row(desk.runtime, desk.source)
    assert (row.run_id, row.due_at) == (None, before.due_at)
    assert (await poll_all(desk.runtime))["records"] == 2
    assert ((await desk.subscription()).pushes, desk.service.service_state.pushes) == (2, {"taken": 2})


async def test_what_polls_have_learned_of_a_source_outlasts_a_push_but_for_its_pace(desk: WireVersions) -> None:
    await desk.verify()
    desk.newsroom.publish("/feed", status=503)
    await poll_all(desk.runtime)
    before = (await source_row(desk.runtime, desk.source))._asdict()

    assert await desk.push(feed(desk.newsroom.url("/2"))) == 202

    after = (await source_row(desk.runtime, desk.source))._asdict()
    assert (before["condition"], before["failures"]) == ("failing", 1)
    assert {name for name in before if before[name] != after[name]} == {
        "arrivals",
        "observed",
        "squares",
        "last_new_at",
    }


@pytest.mark.parametrize("signature", ["", "sha256=00", "md5=" + "0" * 32, "nonsense", "sha256=é"])
async def test_a_push_with_a_bad_signature_is_dropped_and_counted(desk: WireVersions, signature: str) -> None:
    await desk.verify()

    assert await desk.push(feed(desk.newsroom.url("/2")), signature=signature) == 202

    assert (await poll_all(desk.runtime))["entries"] == 1
    assert ((await desk.subscription()).rejected, desk.service.service_state.pushes) == (1, {"dropped": 1})


async def test_a_push_that_cannot_be_read_costs_the_source_nothing(desk: WireVersions) -> None:
    await desk.verify()

    assert await desk.push(b"\0 no feed") == 202

    row, kept = await source_row(desk.runtime, desk.source), await desk.subscription()
    assert (row.run_id, row.condition, row.failures, kept.rejected) == (None, "ok", 0, 1)


async def test_a_hub_whose_source_is_at_work_may_try_again(desk: WireVersions) -> None:
    await desk.verify()
    async with desk.runtime.database.write() as connection:
        await connection.execute(update(sources).values(run_id="other"))

    assert await desk.push(feed(desk.newsroom.url("/2"))) == 503


async def test_a_push_for_what_is_polled_no_more_ends_the_subscription(desk: WireVersions) -> None:
    path = await desk.path()
    async with desk.runtime.database.write() as connection:
        await connection.execute(update(sources).values(state="paused"))

    async with desk.client.post(path, data=b"x") as reply:
        assert reply.status == 410


async def test_a_push_is_no_larger_than_a_body_may_be(desk: WireVersions) -> None:
    await desk.verify()

    size = desk.runtime.max_body + 1
    async with desk.client.post(await desk.path(), data=io.BytesIO(bytes(size))) as reply:
        assert reply.status == 413


async def test_a_hub_that_does_not_push_is_not_believed_until_it_does(desk: WireVersions) -> None:
    await desk.verify()
    desk.newsroom.publish("/feed", body=feed(desk.newsroom.url("/2"), desk.newsroom.url("/1")),
                          Link=f'<{desk.newsroom.url("/hub")}>; rel="hub", <{desk.topic}>; rel="self"')  # fmt: skip

    await poll_all(desk.runtime)
    row, kept = await source_row(desk.runtime, desk.source), await desk.subscription()
    assert (row.pushed_until, kept.state) == (None, "silent")
    assert row.due_at - row.last_polled_at < timedelta(hours=12)

    await desk.push(feed(desk.newsroom.url("/3")))
    row, kept = await source_row(desk.runtime, desk.source), await desk.subscription()
    assert (row.pushed_until, kept.state) == (kept.lease_until, "active")


async def test_from_the_end_of_a_lease_on_a_source_is_polled_as_before(desk: WireVersions) -> None:
    await desk.verify()
    ending = datetime.now(UTC) + timedelta(hours=10)
    async with desk.runtime.database.write() as connection:
        await connection.execute(update(sources).values(pushed_until=ending))

    await poll_all(desk.runtime)

    row = await source_row(desk.runtime, desk.source)
    assert abs(row.due_at - ending) < timedelta(hours=1, minutes=5)


async def test_one_push_does_not_hide_that_the_window_rolled_over(desk: WireVersions) -> None:
    await desk.verify()
    await desk.push(feed(desk.newsroom.url("/2")))
    links = [desk.newsroom.url(f"/{number}") for number in (3, 2)]
    hub = f'<{desk.newsroom.url("/hub")}>; rel="hub", <{desk.topic}>; rel="self"'
    desk.newsroom.publish("/feed", body=feed(*links), Link=hub)

    await poll_all(desk.runtime)

    async with desk.runtime.database.read() as connection:
        assert len(await gaps.list_all(connection)) == 1


async def test_what_was_pushed_whole_is_no_gap(desk: WireVersions) -> None:
    await desk.verify()
    links = [desk.newsroom.url(f"/{number}") for number in (3, 2)]
    await desk.push(feed(*links))
    hub = f'<{desk.newsroom.url("/hub")}>; rel="hub", <{desk.topic}>; rel="self"'
    desk.newsroom.publish("/feed", body=feed(*links), Link=hub)

    await poll_all(desk.runtime)

    async with desk.runtime.database.read() as connection:
        assert await gaps.list_all(connection) == []


async def test_a_denial_is_kept_and_polls_go_on_as_before(desk: WireVersions) -> None:
    await desk.verify()

    assert (await desk.verify(mode="denied", reason="not you"))[0] == 200

    row, kept = await source_row(desk.runtime, desk.source), await desk.subscription()
    assert (row.pushed_until, kept.state, kept.last_error) == (None, "denied", "the hub denied it: not you")
    assert row.due_at - row.last_polled_at < timedelta(hours=2)


async def test_a_hub_that_fails_is_asked_again_later_and_ever_later(desk: WireVersions) -> None:
    desk.newsroom.publish("/hub", status=500)
    waits = []
    for _ in range(3):
        await ask(desk)
        kept = await desk.subscription()
        waits.append((kept.due_at - datetime.now(UTC)).total_seconds())
        async with desk.runtime.database.write() as connection:
            await connection.execute(update(subscriptions).values(due_at=datetime.now(UTC)))

    assert waits == sorted(waits)
    assert "500" in kept.last_error


async def test_a_feed_that_names_no_hub_any_more_is_polled_as_before(desk: WireVersions) -> None:
    await desk.verify()
    desk.newsroom.publish("/feed", body=feed(desk.newsroom.url("/2")))

    await poll_all(desk.runtime)

    row = await source_row(desk.runtime, desk.source)
    assert (await desk.subscription(), row.pushed_until) == (None, None)
    assert row.due_at - row.last_polled_at < timedelta(hours=12)


def test_signatures() -> None:
    for name in ("sha1", "sha256", "sha384", "sha512"):
        good = hmac.new(b"key", b"body", name).hexdigest()
        assert is_signed(b"body", f"{name}={good}", "key")
        assert is_signed(b"body", f"{name}={good.upper()}", "key")
        assert not is_signed(b"body!", f"{name}={good}", "key")
    assert not is_signed(b"body", None, "key")
    assert not is_signed(b"body", "sha256=" + b"\xff".decode(errors="surrogateescape"), "key")


async def test_what_is_no_text_costs_nobody_anything(desk: WireVersions) -> None:
    for answering in (
        desk.client.get(URL("/websub/%00", encoded=True)),
        desk.client.post(URL("/websub/%00", encoded=True)),
    ):
        async with answering as reply:
            assert reply.status == 404

    assert await desk.verify(mode="denied", reason="no\0") == (200, "")
    assert (await desk.subscription()).last_error == "the hub denied it: no"


async def test_the_token_is_not_logged(desk: WireVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await desk.path()
    monkeypatch.setattr(desk.service.subscriber, "_database", None)

    with capture_logs() as logged:
        async with desk.client.get(path) as reply:
            assert reply.status == 500

    assert [event["path"] for event in logged] == ["/websub/{token}"]


@pytest.mark.parametrize(
    ("hub", "may"),
    [
        ("https://hub.example/", True), ("http://hub.example/", False), ("http://127.0.0.1:80/", True),
        ("http://[::1]/", True), ("http://localhost/", True), ("http://10.0.0.1/", False), ("ftp://hub/", False),
    ],
)  # fmt: skip
def test_a_secret_does_not_go_in_the_clear(hub: str, may: bool) -> None:
    assert may_receive_secret(hub) is may


async def test_a_hub_without_https_is_not_asked(desk: WireVersions) -> None:
    async with desk.runtime.database.write() as connection:
        await connection.execute(subscriptions.update().values(hub="http://hub.example/"))

    assert desk.service.subscriber
    await desk.service.subscriber.subscribe_due()

    assert "no https" in (await desk.subscription()).last_error


async def test_a_hub_that_stalls_holds_up_no_other(desk: WireVersions) -> None:
    let_go, answered = asyncio.Event(), asyncio.Event()
    desk.newsroom.publish("/hub", status=202, when=let_go)
    desk.newsroom.publish("/other", status=202)
    other = await add(desk.runtime, "https://paper.example/feed")
    hub = desk.newsroom.url("/other", host="localhost")
    async with desk.runtime.database.write() as connection:
        await set_hub(connection, other, hub, "https://paper.example/feed", now=datetime.now(UTC))

    async def both() -> None:
        while not {"/hub", "/other"} <= {request.path for request in desk.newsroom.requests}:
            desk.newsroom.asked.clear()
            await desk.newsroom.asked.wait()
        answered.set()

    assert desk.service.subscriber
    asking, watching = asyncio.create_task(desk.service.subscriber.subscribe_due()), asyncio.create_task(both())
    await asyncio.wait_for(answered.wait(), 10)

    assert not asking.done()
    let_go.set()
    assert await asking == 2
    await watching
