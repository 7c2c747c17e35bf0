"""What every kind that sends messages promises, whatever is killed and when.

A kind joins with a class in its own test module: `class TestNats(KindContract)`, with the fixture `endpoint`.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import pytest

from ingestd.delivery.kinds.kind import Kind, Opening, Rendered, Sender
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.model.consumer import Consumer
from ingestd.model.event import Event
from ingestd.model.message import Message
from ingestd.renderers.forms import thin
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher

EPOCH = "7f8c1c0e-6f0a-4c39-9d0e-3f6f4f3a2b11"
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Received:
    """A message as the endpoint has it."""

    id: str
    seq: int
    record_id: int

    @classmethod
    def of(cls, body: bytes, name: str) -> Self:
        """Read a message of the form `thin`; `name` is what the protocol has as its identifier."""
        values = json.loads(body)
        assert values["id"] == name
        return cls(name, values["seq"], values["record_id"])


class Endpoint(Protocol):
    """A real server that a kind sends to, on the loopback."""

    kind: Kind
    #: Bytes of a body that the server refuses; None: it takes any.
    oversized: int | None
    #: Whether a message that is sent twice is there twice.
    keeps_doubles: bool

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a consumer, as an operator gives them."""
        ...

    @property
    def wrong_login(self) -> dict[str, Any] | None:
        """Settings whose login the server refuses; None: it has no logins."""
        ...

    async def start(self) -> None:
        """Start the server, with what it has stored; return when it is ready."""
        ...

    async def kill(self) -> None:
        """End the server at once, as a power failure would."""
        ...

    def mute(self) -> None:
        """Keep from the sender that the server has stored what it sends from now on."""
        ...

    def cut(self) -> None:
        """End the sender's connections; those that follow are as they should be."""
        ...

    async def received(self) -> list[Received]:
        """Return all messages that the server has, in the order in which a reader gets them."""
        ...


def make_message(seq: int, *, record: int, epoch: str = EPOCH) -> Message:
    """Return a message about event `seq`."""
    event = Event(
        seq=seq, kind="revised", at=NOW, record_id=record, revision=seq, guid=f"tag:example.org,2026:{record}",
        uri=f"https://example.org/{record}", pubstatus="usable", headline=f"Headline {record}", versioncreated=NOW,
        entry_id=record, entry_url=None, source_id=3, source_url="https://example.org/feed", source_title=None,
    )  # fmt: skip
    return Message(epoch=epoch, event=event)


def render(message: Message, *, size: int = 0) -> Rendered:
    """Return a message in the form `thin`, with at least `size` bytes."""
    body = thin.render(message)
    return Rendered(message=message, body=body + b" " * (size - len(body)), media_type="application/json")


def make_messages(count: int, records: int) -> list[Message]:
    """Return messages with the numbers 1 to `count` about so many records, in turns."""
    return [make_message(seq, record=seq % records + 1) for seq in range(1, count + 1)]


@asynccontextmanager
async def opened(
    kind: Kind, settings: dict[str, Any], fetcher: Fetcher, operator: Settings | None = None
) -> AsyncIterator[Sender]:
    """Open a sender as the deliverer does."""
    assert kind.open
    consumer = Consumer(id=1, name="desk", kind=kind.name, epoch=EPOCH, settings=settings, created_at=NOW)
    valid = kind.settings.model_validate(settings)
    async with kind.open(
        Opening(consumer=consumer, settings=valid, operator=operator or Settings(), fetcher=fetcher)
    ) as sender:
        yield sender


@dataclass
class Delivery:
    """Sends messages as the deliverer does: in order per record, each again until it is acknowledged."""

    sender: Sender
    kind: Kind
    acknowledged: list[int] = field(default_factory=list)
    #: Set while the server runs: what failed waits for it.
    up: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set when so many are acknowledged as `halt_at` says.
    halfway: asyncio.Event = field(default_factory=asyncio.Event)
    halt_at: int = -1

    async def deliver(self, messages: Sequence[Message]) -> None:
        lanes: dict[int, list[Message]] = defaultdict(list)
        for message in messages:
            lanes[0 if self.kind.ordered else message.event.record_id].append(message)
        turn = asyncio.Semaphore(self.kind.concurrency)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._deliver_in_order(lane, turn))

    async def _deliver_in_order(self, lane: Iterable[Message], turn: asyncio.Semaphore) -> None:
        for message in lane:
            async with turn:
                await self._send(message)

    async def _send(self, message: Message) -> None:
        while True:
            try:
                await self.sender.send(render(message))
            except EndpointDown:
                await self.up.wait()
            else:
                self.acknowledged.append(message.event.seq)
                if len(self.acknowledged) == self.halt_at:
                    self.halfway.set()
                return


def first_copies(received: Sequence[Received]) -> list[Received]:
    """Return messages without those whose identifier came before."""
    return list({message.id: message for message in reversed(received)}.values())[::-1]


class KindContract:
    """Tests of one kind on its real server; a subclass has the fixture `endpoint`, whose server runs."""

    async def test_messages_arrive_in_order_per_record(self, endpoint: Endpoint, fetcher: Fetcher) -> None:
        messages = make_messages(500, records=50)

        async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
            await Delivery(sender, endpoint.kind).deliver(messages)

        received = await endpoint.received()
        assert Counter(message.id for message in received) == Counter(message.id for message in messages)
        assert_in_order(received)

    async def test_a_killed_server_loses_nothing(self, endpoint: Endpoint, fetcher: Fetcher) -> None:
        messages = make_messages(500, records=50)

        async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
            delivery = Delivery(sender, endpoint.kind, halt_at=200)
            async with asyncio.TaskGroup() as group:
                group.create_task(delivery.deliver(messages))
                await delivery.halfway.wait()
                await endpoint.kill()
                acknowledged = set(delivery.acknowledged)
                await endpoint.start()
                # Whatever was acknowledged before is there: nothing is acknowledged that was not stored.
                assert acknowledged <= {message.seq for message in await endpoint.received()}
                delivery.up.set()

        received = await endpoint.received()
        assert {message.id for message in received} == {message.id for message in messages}
        assert endpoint.keeps_doubles or len(received) == len(messages)
        assert_in_order(first_copies(received))

    async def test_a_lost_acknowledgement_makes_a_double_with_the_same_id_at_most(
        self, endpoint: Endpoint, fetcher: Fetcher
    ) -> None:
        first, second = make_messages(2, records=1)

        async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
            await sender.send(render(first))
            endpoint.mute()
            sending = asyncio.create_task(sender.send(render(second)))
            async with asyncio.timeout(60):
                while len(await endpoint.received()) < 2:
                    assert not sending.done()
            endpoint.cut()
            # Some clients send again by themselves.
            try:
                await sending
            except EndpointDown:
                await sender.send(render(second))

        ids = [message.id for message in await endpoint.received()]
        assert ids == [first.id, second.id] + [second.id] * endpoint.keeps_doubles

    async def test_a_server_that_is_absent_is_awaited(self, endpoint: Endpoint, fetcher: Fetcher) -> None:
        await endpoint.kill()
        message = make_message(1, record=1)

        async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="connect"):
                await sender.send(render(message))
            await endpoint.start()
            await sender.send(render(message))

        assert [received.id for received in await endpoint.received()] == [message.id]

    async def test_a_refused_login_says_so_and_shows_no_password(self, endpoint: Endpoint, fetcher: Fetcher) -> None:
        settings = endpoint.wrong_login
        if settings is None:
            pytest.skip("the server has no logins")

        async with opened(endpoint.kind, settings, fetcher) as sender:
            with pytest.raises(EndpointDown, match="login") as caught:
                await sender.send(render(make_message(1, record=1)))

        assert settings["password"] not in str(caught.value)
        assert settings["password"] not in repr(endpoint.kind.settings.model_validate(settings))

    async def test_an_oversized_message_costs_only_itself(self, endpoint: Endpoint, fetcher: Fetcher) -> None:
        if endpoint.oversized is None:
            pytest.skip("the server takes messages of any size")
        large, small = make_messages(2, records=2)

        async with opened(endpoint.kind, endpoint.settings, fetcher) as sender:
            with pytest.raises(MessageRefused, match=str(endpoint.oversized)):
                await sender.send(render(large, size=endpoint.oversized))
            await sender.send(render(small))

        assert [received.id for received in await endpoint.received()] == [small.id]


def assert_in_order(received: Iterable[Received]) -> None:
    """Check that the messages of each record have rising numbers."""
    lanes: dict[int, list[int]] = defaultdict(list)
    for message in received:
        lanes[message.record_id].append(message.seq)
    assert {record: seqs for record, seqs in lanes.items() if seqs != sorted(set(seqs))} == {}
