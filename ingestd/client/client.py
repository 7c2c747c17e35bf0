"""The client."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from ingestd.client.errors import ApiUnavailable, LeaseLost
from ingestd.client.message import Batch, Message
from ingestd.client.requests import Requests, pause
from ingestd.client.server_sent_events import events_in

_log = logging.getLogger("ingestd.client")

#: Seconds without a byte after which a stream counts as broken: the daemon sends a comment each 15 s.
_SILENCE = 45.0

#: Seconds that a request for messages waits for some.
_WAIT = 25


class Client:
    """Client of the API of one daemon; an async context manager.

    `url` is the daemon's address, `token` one of its tokens (`ingestd tokens add`) or None, which works on the
    daemon's own host.  `timeout` is in seconds for a request, streams apart.  A request that finds the daemon busy or
    away is tried again, `tries` times in all; a stream is resumed for as long as it takes.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0, tries: int = 5) -> None:
        self._url = url.rstrip("/") + "/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._tries = tries

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(self._url, headers=self._headers, timeout=self._timeout)
        self._requests = Requests(self._session, tries=self._tries)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: Any) -> Any:
        """Return what the API answers to a GET, as plain values; `path` is as in "v1/coverage".

        Raises ApiError and ApiUnavailable, as all methods do.
        """
        async with self._requests.send("GET", path.lstrip("/"), query=query) as response:
            return await response.json()

    async def post(self, path: str, body: object = None) -> Any:
        """Return what the API answers to a POST; None: it has nothing to say."""
        async with self._requests.send("POST", path.lstrip("/"), body=body) as response:
            return await response.json() if response.status != 204 else None

    async def pages(self, path: str, **query: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield what a list has, page by page; the Link header of each names the next one."""
        following, given = path.lstrip("/"), query
        while following:
            async with self._requests.send("GET", following, query=given) as response:
                listed = await response.json()
                link = response.links.get("next")
            # Of the address only path and query count: a proxy may have changed the rest.
            following, given = (str(URL(link["url"]).relative()).lstrip("/"), {}) if link else ("", {})
            for one in listed:
                yield one

    def records(self, **query: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield the records that a query chooses, those saved or revised last first: see /v1/records."""
        return self.pages("v1/records", **query)

    async def record(self, number: int, **query: Any) -> dict[str, Any]:
        """Return a record: see /v1/records/{id}."""
        found: dict[str, Any] = await self.get(f"v1/records/{number}", **query)
        return found

    def sources(self, **query: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield the sources: see /v1/sources."""
        return self.pages("v1/sources", **query)

    async def events(
        self,
        *,
        after: int | str | None = None,
        filter: str = "",  # noqa: A002 - as in the API
        form: str = "full",
    ) -> AsyncGenerator[Message]:
        """Yield messages as they come, without end; a broken connection is resumed, and none is missed or repeated.

        `after` is where to start: the `id` of the last message that was dealt with, or the number of an event (0: the
        beginning of what is kept); None: from now on.

        Raises CursorRefused when what follows is no longer kept.
        """
        last_id, tries = after if isinstance(after, str) else "", 0
        query: dict[str, Any] = {"filter": filter or None, "form": form}
        if isinstance(after, int):
            query["after"] = after
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_SILENCE)
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                async with (
                    self._requests.send("GET", "v1/stream", query=query, headers=headers, timeout=timeout) as response,
                    aclosing(events_in(response.content)) as found,
                ):
                    async for event in found:
                        tries, last_id = 0, event.id or last_id
                        if event.data:
                            yield Message(id=event.id, kind=event.name, data=json.loads(event.data))
            except (aiohttp.ClientError, TimeoutError, ApiUnavailable):
                pass
            await asyncio.sleep(pause(tries))
            tries += 1

    async def pull(self, consumer: str, *, limit: int = 100, wait: float = 0) -> Batch:
        """Take messages of a pull consumer on a lease; `wait` is in seconds for the first, 30 at most."""
        path, query = f"v1/consumers/{consumer}/events", {"limit": limit, "wait": int(wait)}
        timeout = aiohttp.ClientTimeout(total=(self._timeout.total or 0) + wait)
        async with self._requests.send("GET", path, query=query, timeout=timeout) as response:
            found = await response.json()
        messages = [Message(id=one["id"], kind=one["kind"], data=one["data"]) for one in found["messages"]]
        return Batch(consumer=consumer, lease=found["lease"] and found["lease"]["token"], messages=messages)

    async def ack(self, batch: Batch, *, upto: Message | None = None) -> tuple[int, ...]:
        """Acknowledge the messages of a batch: all, or those up to one.

        Returns the numbers of events whose record was killed meanwhile: what was done with them must be undone.

        Raises LeaseLost when the lease had ended and one of its events was handed out again: all come again.
        """
        if batch.lease is None:
            return ()
        body = {"lease": batch.lease} if upto is None else {"lease": batch.lease, "upto": upto.seq}
        return tuple((await self.post(f"v1/consumers/{batch.consumer}/ack", body))["overtaken"])

    async def consume(
        self,
        consumer: str,
        *,
        limit: int = 100,
        on_overtaken: Callable[[tuple[int, ...]], None] | None = None,
        on_lost: Callable[[Batch], None] | None = None,
    ) -> AsyncGenerator[Message]:
        """Yield the messages of a pull consumer, without end; those that the loop has gone past are acknowledged.

        A batch is acknowledged when the loop asks for the message after its last one.  A loop that ends before that
        leaves its batch unacknowledged, and it is handed out again.

        `on_overtaken` is called with the numbers of events whose record was killed while the loop had them: what was
        done with them must be undone.  `on_lost` is called with a batch that took longer than its lease: its messages
        come again, to this reader or to another one.  Without them, a warning is logged.
        """
        while True:
            batch = await self.pull(consumer, limit=limit, wait=_WAIT)
            for message in batch.messages:
                yield message
            try:
                overtaken = await self.ack(batch)
            except LeaseLost as error:
                if on_lost:
                    on_lost(batch)
                else:
                    _log.warning("consumer %s: messages come again: %s", consumer, error.detail)
                continue
            if overtaken:
                (on_overtaken or _warn_of_kills)(overtaken)


def _warn_of_kills(overtaken: tuple[int, ...]) -> None:
    listed = ", ".join(map(str, overtaken))
    _log.warning("the records of events %s were killed while they were held; undo what was done with them", listed)
