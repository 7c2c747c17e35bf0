"""Webhooks to a real endpoint, which verifies every attempt with the library of the standard."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ingestd import __version__
from ingestd.delivery.kinds import webhook
from ingestd.delivery.kinds.kind import Opening, Rendered, Sender
from ingestd.delivery.kinds.webhook import sender as sender_module
from ingestd.delivery.kinds.webhook.signature import make_secret
from ingestd.errors import EndpointDown, EndpointGone, MessageRefused
from ingestd.model.consumer import Consumer
from ingestd.model.event import Event
from ingestd.model.message import Message
from ingestd.renderers.forms import thin
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from tests.support.drop_folders import make_certificate
from tests.support.webhook_receiver import WebhookReceiver

EPOCH = "7f8c1c0e-6f0a-4c39-9d0e-3f6f4f3a2b11"
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
LOOPBACK = ["127.0.0.0/8"]


def message(seq: int = 7) -> Rendered:
    event = Event(
        seq=seq, kind="new", at=NOW, record_id=seq, revision=1, guid=f"tag:example.org,2026:{seq}",
        uri=f"https://example.org/{seq}", pubstatus="usable", headline="Ferry runs — again", versioncreated=NOW,
        entry_id=seq, entry_url=None, source_id=3, source_url="https://example.org/feed", source_title=None,
    )  # fmt: skip
    one = Message(epoch=EPOCH, event=event)
    return Rendered(message=one, body=thin.render(one), media_type="application/json")


@asynccontextmanager
async def opened(fetcher: Fetcher, settings: dict[str, Any], operator: Settings | None = None) -> AsyncIterator[Sender]:
    valid = webhook.KIND.settings.model_validate({**webhook.KIND.defaults(settings), **settings})
    consumer = Consumer(id=1, name="desk", kind="webhook", epoch=EPOCH, settings=settings, created_at=NOW)
    operator = operator or Settings(allow_networks=LOOPBACK)
    opening = Opening(consumer=consumer, settings=valid, operator=operator, fetcher=fetcher)
    assert webhook.KIND.open
    async with webhook.KIND.open(opening) as sender:
        yield sender


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver([make_secret()]) as receiver:
        yield receiver


@pytest.fixture
async def sender(receiver: WebhookReceiver, fetcher: Fetcher) -> AsyncIterator[Sender]:
    async with opened(fetcher, {"url": receiver.url, "secret": receiver.secrets[0], "timeout": 1}) as sender:
        yield sender


async def test_a_message_arrives_whole_and_signed(receiver: WebhookReceiver, sender: Sender) -> None:
    receiver.answers.append(web.Response(status=201, text="thanks"))

    receipt = await sender.send(message())

    [attempt] = receiver.attempts
    assert (receipt.status, receipt.excerpt) == (201, "thanks")
    assert attempt.id == f"{EPOCH}-7"
    assert attempt.body["headline"] == "Ferry runs — again"
    assert attempt.headers["content-type"] == "application/json"
    assert attempt.headers["user-agent"] == f"ingestd/{__version__}"


async def test_each_attempt_is_signed_anew_with_the_same_id(
    receiver: WebhookReceiver, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answers.append(web.Response(status=500))
    with pytest.raises(MessageRefused):
        await sender.send(message())
    later = datetime.now(UTC) + timedelta(seconds=90)  # the library accepts five minutes
    monkeypatch.setattr(sender_module, "_now", lambda: later)

    await sender.send(message())

    first, second = receiver.attempts
    assert first.id == second.id
    assert second.timestamp == int(later.timestamp()) > first.timestamp
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_both_secrets_sign_until_the_previous_one_ends(fetcher: Fetcher) -> None:
    old, new = make_secret(), make_secret()
    async with WebhookReceiver([new, old]) as receiver:
        rotating = {"url": receiver.url, "secret": new, "previous_secret": old}
        until = datetime.now(UTC) + timedelta(hours=1)
        async with opened(fetcher, {**rotating, "previous_until": until.isoformat()}) as sender:
            await sender.send(message())
        receiver.secrets = [new]
        async with opened(fetcher, {**rotating, "previous_until": (until - timedelta(days=1)).isoformat()}) as sender:
            await sender.send(message())

    signatures = [attempt.headers["webhook-signature"].split() for attempt in receiver.attempts]
    assert [len(each) for each in signatures] == [2, 1]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 500, 502, 504])
async def test_other_answers_refuse_the_message(receiver: WebhookReceiver, sender: Sender, status: int) -> None:
    receiver.answers.append(web.Response(status=status, text="no\0 " + "x" * 5000))

    with pytest.raises(MessageRefused, match=f"HTTP {status}") as caught:
        await sender.send(message())

    assert caught.value.status == status
    assert caught.value.excerpt == "no\N{REPLACEMENT CHARACTER} " + "x" * 1020  # the first kilobyte


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [(429, "120", 120.0), (503, None, None), (503, "soon", None), (502, "9", 9.0), (504, "9", 9.0),
     (503, "9" * 1000, 86_400.0)],
)  # fmt: skip
async def test_a_busy_endpoint_says_when_to_come_back(
    receiver: WebhookReceiver, sender: Sender, status: int, retry_after: str | None, seconds: float | None
) -> None:
    headers = {"Retry-After": retry_after} if retry_after else {}
    receiver.answers.append(web.Response(status=status, headers=headers))

    with pytest.raises(EndpointDown) as caught:
        await sender.send(message())

    assert (caught.value.status, caught.value.retry_after) == (status, seconds)


async def test_retry_after_may_be_a_date(
    receiver: WebhookReceiver, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    monkeypatch.setattr(sender_module, "_now", lambda: now)
    at = (now + timedelta(minutes=3)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    receiver.answers.append(web.Response(status=503, headers={"Retry-After": at}))

    with pytest.raises(EndpointDown) as caught:
        await sender.send(message())

    assert caught.value.retry_after == 180


async def test_an_endpoint_that_is_gone_ends_the_deliveries(receiver: WebhookReceiver, sender: Sender) -> None:
    receiver.answers.append(web.Response(status=410))

    with pytest.raises(EndpointGone, match="410"):
        await sender.send(message())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver: WebhookReceiver, sender: Sender, status: int) -> None:
    receiver.answers.append(web.Response(status=status, headers={"Location": "/elsewhere"}))

    with pytest.raises(MessageRefused, match=f"HTTP {status}: a redirect to /elsewhere, which is not followed"):
        await sender.send(message())

    assert len(receiver.attempts) == 1


async def test_an_endpoint_that_does_not_answer_refuses_the_message(receiver: WebhookReceiver, sender: Sender) -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    receiver.answers.append(hang)

    with pytest.raises(MessageRefused, match="no complete response within 1 s"):
        await sender.send(message())
    assert (await sender.send(message())).status == 204


async def test_an_endpoint_that_breaks_the_connection_refuses_the_message(
    receiver: WebhookReceiver, sender: Sender
) -> None:
    async def break_off(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    receiver.answers.append(break_off)

    with pytest.raises(MessageRefused, match="connection"):
        await sender.send(message())
    assert len(receiver.attempts) == 1


async def test_a_connection_that_was_closed_while_unused_is_replaced(receiver: WebhookReceiver, sender: Sender) -> None:
    async def answer_and_break_off_the_next(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    await sender.send(message())
    receiver.answers.append(answer_and_break_off_the_next)

    receipt = await sender.send(message())

    assert receipt.status == 204
    assert len(receiver.attempts) == 3


async def test_an_endless_answer_costs_a_kilobyte_and_its_connection(receiver: WebhookReceiver, sender: Sender) -> None:
    async def never_end(request: web.Request) -> web.Response:
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1000)

    receiver.answers.append(never_end)

    with pytest.raises(MessageRefused) as caught:
        await sender.send(message())

    assert caught.value.excerpt == "x" * 1024


async def test_a_message_was_taken_although_the_body_of_the_answer_is_late(
    receiver: WebhookReceiver, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stay_incomplete(request: web.Request) -> web.Response:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        await response.write(b"half")
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(sender_module, "_EXCERPT_TIMEOUT", 0.2)
    receiver.answers.append(stay_incomplete)

    receipt = await sender.send(message())

    assert (receipt.status, receipt.excerpt) == (200, "half")


async def test_an_absent_endpoint_is_down(fetcher: Fetcher) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with opened(fetcher, {"url": f"http://127.0.0.1:{port}/hook"}) as sender:
            with pytest.raises(EndpointDown, match="refused"):
                await sender.send(message())


async def test_without_tls_on_the_other_side_the_endpoint_is_down(receiver: WebhookReceiver, fetcher: Fetcher) -> None:
    async with opened(fetcher, {"url": receiver.url.replace("http:", "https:")}) as sender:
        with pytest.raises(EndpointDown, match="TLS"):
            await sender.send(message())


async def test_a_certificate_must_be_of_a_known_authority(tmp_path: Path, fetcher: Fetcher) -> None:
    certificate = make_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with WebhookReceiver([make_secret()], tls=tls) as receiver:
        settings = {"url": receiver.url, "secret": receiver.secrets[0]}
        async with opened(fetcher, settings) as sender:
            with pytest.raises(EndpointDown, match="certificate verify failed"):
                await sender.send(message())
        async with opened(fetcher, settings, Settings(allow_networks=LOOPBACK, ca_file=certificate)) as sender:
            await sender.send(message())

    assert len(receiver.attempts) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "169.254.169.254", "10.1.2.3"])
async def test_private_addresses_are_refused(receiver: WebhookReceiver, fetcher: Fetcher, host: str) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    async with opened(fetcher, {"url": url}, Settings()) as sender:
        with pytest.raises(EndpointDown, match="private address; set allow_networks"):
            await sender.send(message())

    assert receiver.attempts == []


async def test_a_login_goes_to_its_own_origin_only_and_is_never_quoted(
    receiver: WebhookReceiver, fetcher: Fetcher
) -> None:
    origin = receiver.url.removesuffix("/hook")
    settings = {"url": receiver.url, "secret": receiver.secrets[0]}
    for line, sent in ((f"{origin} bearer hush-hush", True), ("https://other.example bearer hush-hush", False)):
        operator = Settings(allow_networks=LOOPBACK, logins=line)
        receiver.answers.append(web.Response(status=400, text="you sent Bearer hush-hush"))
        async with opened(fetcher, settings, operator) as sender:
            with pytest.raises(MessageRefused) as caught:
                await sender.send(message())

        assert receiver.attempts[-1].headers.get("authorization") == ("Bearer hush-hush" if sent else None)
        assert ("hush" in (caught.value.excerpt or "")) is not sent


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"url": "ftp://example.org/"}, "http"),
        ({"url": "https://"}, "http"),
        ({"url": "https://user:pass@example.org/"}, "logins"),
        ({"url": "https://example.org/", "secret": "swordfish"}, "whsec_"),
        ({"url": "https://example.org/", "secret": "whsec_c2hvcnQ="}, "24 to 64"),
        ({"url": "https://example.org/", "secret": f"whsec_{'A' * 400}"}, "24 to 64"),
        ({"url": "https://example.org/", "timeout": 0}, "timeout"),
        ({"url": "https://example.org/", "previous_secret": make_secret()}, "previous_until"),
        ({"url": "https://example.org/", "colour": "red"}, "colour"),
        ({}, "url"),
    ],
)
def test_wrong_settings_are_named_and_secrets_are_not_quoted(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        webhook.KIND.settings.model_validate({**webhook.KIND.defaults(given), **given})

    assert "swordfish" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_a_new_consumer_gets_a_secret_of_its_own() -> None:
    given = {"url": "https://example.org/"}

    assert webhook.KIND.defaults(given)["secret"] != webhook.KIND.defaults(given)["secret"]
    assert webhook.KIND.defaults({"secret": "whsec_mine"}) == {}
