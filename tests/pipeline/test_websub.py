"""WebSub with a hub on the loopback interface: subscriptions, verification, pushes, and hubs that fail."""

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
from ingestd.errors import WorkerStalled
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
class HubSetup:
    """The daemon's service with a source whose feed names a hub, and a client that acts as the hub."""

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


async def test_a_push_that_a_worker_could_not_parse_for_lack_of_time_may_be_sent_again(
    setup: HubSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stall(*_: object) -> None:
        raise WorkerStalled("parsing made no progress within 20s")

    await setup.verify()
    monkeypatch.setattr(setup.runtime.pool, "run", stall)

    assert await setup.push(feed(setup.newsroom.url("/2"))) == 503
    assert (await source_row(setup.runtime, setup.source)).run_id is None
    monkeypatch.undo()
    assert await setup.push(feed(setup.newsroom.url("/2"))) == 202


@pytest.fixture
async def setup(newsroom: Newsroom, runtime: Runtime) -> AsyncIterator[HubSetup]:
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
        yield HubSetup(service, runtime, newsroom, client, source, topic)


async def request_of(setup: HubSetup) -> dict[str, str]:
    assert setup.service.subscriber
    assert await setup.service.subscriber.subscribe_due() == 1
    request = setup.newsroom.requests[-1]
    assert (request.method, request.path) == ("POST", "/hub")
    return {name: value for name, [value] in parse_qs(request.body.decode()).items()}


async def test_a_subscription_is_requested_with_its_own_callback_and_secret(setup: HubSetup) -> None:
    form = await request_of(setup)
    kept = await setup.subscription()

    assert form == {
        "hub.mode": "subscribe",
        "hub.topic": setup.topic,
        "hub.callback": f"https://news.example/in/websub/{kept.token}",
        "hub.lease_seconds": f"{LEASE.total_seconds():.0f}",
        "hub.secret": kept.secret,
    }
    assert len(kept.token) > 40
    assert kept.token != kept.secret
    assert await setup.service.subscriber.subscribe_due() == 0  # type: ignore[union-attr]


async def test_only_requested_subscriptions_are_verified(setup: HubSetup) -> None:
    assert await setup.verify(topic="https://other.example/feed") == (404, "404: Not Found")
    assert (await setup.verify(mode="unsubscribe"))[0] == 404
    assert (await source_row(setup.runtime, setup.source)).pushed_until is None
    async with setup.client.get("/websub/guessed", params={"hub.mode": "subscribe"}) as reply:
        assert reply.status == 404

    assert await setup.verify() == (200, CHALLENGE)
    kept, row = await setup.subscription(), await source_row(setup.runtime, setup.source)
    day = timedelta(days=1)
    assert kept.state == "active"
    assert row.pushed_until == kept.lease_until
    assert abs(kept.lease_until - datetime.now(UTC) - day) < timedelta(minutes=1)
    assert kept.due_at < kept.lease_until - timedelta(hours=4)


async def test_a_source_with_a_hub_is_polled_once_a_day(setup: HubSetup) -> None:
    before = await source_row(setup.runtime, setup.source)
    await setup.verify()
    await poll_all(setup.runtime)
    row = await source_row(setup.runtime, setup.source)

    assert before.due_at - before.last_polled_at < timedelta(hours=12)
    assert row.due_at - row.last_polled_at > timedelta(seconds=MAX_WAIT * 0.8)


async def test_pushed_entries_become_records(setup: HubSetup) -> None:
    await setup.verify()
    before = await source_row(setup.runtime, setup.source)

    assert await setup.push(feed(setup.newsroom.url("/2"))) == 202
    assert await setup.push(feed(setup.newsroom.url("/2"))) == 202
    await setup.service.engine.run_until_idle(["pages"])

    row = await source_row(setup.runtime, setup.source)
    assert (row.run_id, row.due_at) == (None, before.due_at)
    assert (await poll_all(setup.runtime))["records"] == 2
    assert ((await setup.subscription()).pushes, setup.service.service_state.pushes) == (2, {"taken": 2})


async def test_a_push_changes_only_the_pace_of_its_source(setup: HubSetup) -> None:
    await setup.verify()
    setup.newsroom.publish("/feed", status=503)
    await poll_all(setup.runtime)
    before = (await source_row(setup.runtime, setup.source))._asdict()

    assert await setup.push(feed(setup.newsroom.url("/2"))) == 202

    after = (await source_row(setup.runtime, setup.source))._asdict()
    assert (before["condition"], before["failures"]) == ("failing", 1)
    assert {name for name in before if before[name] != after[name]} == {
        "arrivals",
        "observed",
        "squares",
        "last_new_at",
        "claims",
        "last_result",
    }


@pytest.mark.parametrize("signature", ["", "sha256=00", "md5=" + "0" * 32, "nonsense", "sha256=é"])
async def test_a_push_with_a_bad_signature_is_dropped_and_counted(setup: HubSetup, signature: str) -> None:
    await setup.verify()

    assert await setup.push(feed(setup.newsroom.url("/2")), signature=signature) == 202

    assert (await poll_all(setup.runtime))["entries"] == 1
    assert ((await setup.subscription()).rejected, setup.service.service_state.pushes) == (1, {"dropped": 1})


async def test_an_unreadable_push_is_no_failure_of_the_source(setup: HubSetup) -> None:
    await setup.verify()

    assert await setup.push(b"\0 no feed") == 202

    row, kept = await source_row(setup.runtime, setup.source), await setup.subscription()
    assert (row.run_id, row.condition, row.failures, kept.rejected) == (None, "ok", 0, 1)


async def test_a_push_during_a_poll_is_refused_and_may_be_retried(setup: HubSetup) -> None:
    await setup.verify()
    async with setup.runtime.database.write() as connection:
        await connection.execute(update(sources).values(run_id="other"))

    assert await setup.push(feed(setup.newsroom.url("/2"))) == 503


async def test_a_push_for_a_removed_source_ends_the_subscription(setup: HubSetup) -> None:
    path = await setup.path()
    async with setup.runtime.database.write() as connection:
        await connection.execute(update(sources).values(state="paused"))

    async with setup.client.post(path, data=b"x") as reply:
        assert reply.status == 410


async def test_a_push_larger_than_max_body_is_refused(setup: HubSetup) -> None:
    await setup.verify()

    size = setup.runtime.max_body + 1
    async with setup.client.post(await setup.path(), data=io.BytesIO(bytes(size))) as reply:
        assert reply.status == 413


async def test_a_source_whose_hub_does_not_push_is_polled_as_before(setup: HubSetup) -> None:
    await setup.verify()
    setup.newsroom.publish("/feed", body=feed(setup.newsroom.url("/2"), setup.newsroom.url("/1")),
                          Link=f'<{setup.newsroom.url("/hub")}>; rel="hub", <{setup.topic}>; rel="self"')  # fmt: skip

    await poll_all(setup.runtime)
    row, kept = await source_row(setup.runtime, setup.source), await setup.subscription()
    assert (row.pushed_until, kept.state) == (None, "silent")
    assert row.due_at - row.last_polled_at < timedelta(hours=12)

    await setup.push(feed(setup.newsroom.url("/3")))
    row, kept = await source_row(setup.runtime, setup.source), await setup.subscription()
    assert (row.pushed_until, kept.state) == (kept.lease_until, "active")


async def test_after_its_lease_a_source_is_polled_as_before(setup: HubSetup) -> None:
    await setup.verify()
    ending = datetime.now(UTC) + timedelta(hours=10)
    async with setup.runtime.database.write() as connection:
        await connection.execute(update(sources).values(pushed_until=ending))

    await poll_all(setup.runtime)

    row = await source_row(setup.runtime, setup.source)
    assert abs(row.due_at - ending) < timedelta(hours=1, minutes=5)


async def test_a_push_does_not_hide_a_gap(setup: HubSetup) -> None:
    await setup.verify()
    await setup.push(feed(setup.newsroom.url("/2")))
    links = [setup.newsroom.url(f"/{number}") for number in (3, 2)]
    hub = f'<{setup.newsroom.url("/hub")}>; rel="hub", <{setup.topic}>; rel="self"'
    setup.newsroom.publish("/feed", body=feed(*links), Link=hub)

    await poll_all(setup.runtime)

    async with setup.runtime.database.read() as connection:
        assert len(await gaps.list_all(connection)) == 1


async def test_a_window_of_pushed_entries_is_no_gap(setup: HubSetup) -> None:
    await setup.verify()
    links = [setup.newsroom.url(f"/{number}") for number in (3, 2)]
    await setup.push(feed(*links))
    hub = f'<{setup.newsroom.url("/hub")}>; rel="hub", <{setup.topic}>; rel="self"'
    setup.newsroom.publish("/feed", body=feed(*links), Link=hub)

    await poll_all(setup.runtime)

    async with setup.runtime.database.read() as connection:
        assert await gaps.list_all(connection) == []


async def test_a_denial_is_stored_and_polls_continue_as_before(setup: HubSetup) -> None:
    await setup.verify()

    assert (await setup.verify(mode="denied", reason="not you"))[0] == 200

    row, kept = await source_row(setup.runtime, setup.source), await setup.subscription()
    assert (row.pushed_until, kept.state, kept.last_error) == (None, "denied", "the hub denied it: not you")
    assert row.due_at - row.last_polled_at < timedelta(hours=2)


async def test_a_failed_subscription_is_retried_with_growing_delays(setup: HubSetup) -> None:
    setup.newsroom.publish("/hub", status=500)
    waits = []
    for _ in range(3):
        await request_of(setup)
        kept = await setup.subscription()
        waits.append((kept.due_at - datetime.now(UTC)).total_seconds())
        async with setup.runtime.database.write() as connection:
            await connection.execute(update(subscriptions).values(due_at=datetime.now(UTC)))

    assert waits == sorted(waits)
    assert "500" in kept.last_error


async def test_a_feed_without_its_hub_is_polled_as_before(setup: HubSetup) -> None:
    await setup.verify()
    setup.newsroom.publish("/feed", body=feed(setup.newsroom.url("/2")))

    await poll_all(setup.runtime)

    row = await source_row(setup.runtime, setup.source)
    assert (await setup.subscription(), row.pushed_until) == (None, None)
    assert row.due_at - row.last_polled_at < timedelta(hours=12)


def test_signatures() -> None:
    for name in ("sha1", "sha256", "sha384", "sha512"):
        good = hmac.new(b"key", b"body", name).hexdigest()
        assert is_signed(b"body", f"{name}={good}", "key")
        assert is_signed(b"body", f"{name}={good.upper()}", "key")
        assert not is_signed(b"body!", f"{name}={good}", "key")
    assert not is_signed(b"body", None, "key")
    assert not is_signed(b"body", "sha256=" + b"\xff".decode(errors="surrogateescape"), "key")


async def test_invalid_utf_8_in_requests_of_a_hub_does_no_harm(setup: HubSetup) -> None:
    for answering in (
        setup.client.get(URL("/websub/%00", encoded=True)),
        setup.client.post(URL("/websub/%00", encoded=True)),
    ):
        async with answering as reply:
            assert reply.status == 404

    assert await setup.verify(mode="denied", reason="no\0") == (200, "")
    assert (await setup.subscription()).last_error == "the hub denied it: no"


async def test_the_token_is_not_logged(setup: HubSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await setup.path()
    monkeypatch.setattr(setup.service.subscriber, "_database", None)

    with capture_logs() as logged:
        async with setup.client.get(path) as reply:
            assert reply.status == 500

    assert [event["path"] for event in logged] == ["/websub/{token}"]


@pytest.mark.parametrize(
    ("hub", "may"),
    [
        ("https://hub.example/", True), ("http://hub.example/", False), ("http://127.0.0.1:80/", True),
        ("http://[::1]/", True), ("http://localhost/", True), ("http://10.0.0.1/", False), ("ftp://hub/", False),
    ],
)  # fmt: skip
def test_a_secret_is_not_sent_unencrypted(hub: str, may: bool) -> None:
    assert may_receive_secret(hub) is may


async def test_no_subscription_is_requested_from_a_hub_without_https(setup: HubSetup) -> None:
    async with setup.runtime.database.write() as connection:
        await connection.execute(subscriptions.update().values(hub="http://hub.example/"))

    assert setup.service.subscriber
    await setup.service.subscriber.subscribe_due()

    assert "no https" in (await setup.subscription()).last_error


async def test_a_stalled_hub_does_not_delay_the_others(setup: HubSetup) -> None:
    let_go, answered = asyncio.Event(), asyncio.Event()
    setup.newsroom.publish("/hub", status=202, when=let_go)
    setup.newsroom.publish("/other", status=202)
    other = await add(setup.runtime, "https://paper.example/feed")
    hub = setup.newsroom.url("/other", host="localhost")
    async with setup.runtime.database.write() as connection:
        await set_hub(connection, other, hub, "https://paper.example/feed", now=datetime.now(UTC))

    async def both() -> None:
        while not {"/hub", "/other"} <= {request.path for request in setup.newsroom.requests}:
            setup.newsroom.asked.clear()
            await setup.newsroom.asked.wait()
        answered.set()

    assert setup.service.subscriber
    asking, watching = asyncio.create_task(setup.service.subscriber.subscribe_due()), asyncio.create_task(both())
    await asyncio.wait_for(answered.wait(), 60)

    assert not asking.done()
    let_go.set()
    assert await asking == 2
    await watching
