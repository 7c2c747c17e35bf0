"""A system that takes messages: an endpoint of a webhook, which verifies each and keeps what it was sent."""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from ingestd.model.event import Event

#: Seconds by which the time of an attempt may differ from this clock: an older message may have been recorded and sent
#: again by somebody else.
_TOLERANCE = 300.0
#: Events after which earlier ones of the same record are not sent any more.
_OVERTAKING = frozenset(("killed", "withheld", "purged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message with a valid signature, in the form `full`."""

    id: str
    seq: int
    kind: str
    record_id: int
    headline: str | None
    source_title: str | None
    #: Whether it came with the text of its record.
    has_text: bool


class Receiver:
    """A server on a free port of 127.0.0.1; an async context manager.

    `on_message` is called with each message, and with whether it came before.
    """

    def __init__(self, on_message: Callable[[Received, bool], None]) -> None:
        self._key = secrets.token_bytes(32)
        self._on_message = on_message
        #: The secret of its consumer.
        self.secret = f"whsec_{base64.b64encode(self._key).decode()}"
        #: The URL of the endpoint; empty until it is open.
        self.url = ""
        #: Each message once, by its identifier, in the order in which they came.
        self.received: dict[str, Received] = {}
        #: Requests whose signature or time was not valid.
        self.refused = 0
        application = web.Application()
        application.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_valid(request.headers, body):
            self.refused += 1
            return web.Response(status=401, text="the signature is not valid")
        message = _message(json.loads(body))
        known = message.id in self.received
        self.received.setdefault(message.id, message)
        self._on_message(message, known)
        return web.Response(status=204)

    def _is_valid(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether a request is signed with the secret, by Standard Webhooks 1.0, and is not an old one."""
        timestamp = headers.get("webhook-timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp[:12])) > _TOLERANCE:
            return False
        signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()
        return any(hmac.compare_digest(expected, one) for one in headers.get("webhook-signature", "").split(" "))

    def missing(self, events: Iterable[Event]) -> list[int]:
        """Return the numbers of events that did not arrive.

        What a kill or a withdrawal has overtaken need not arrive: an older event of a record whose later one did.
        """
        arrived = {one.seq for one in self.received.values()}
        overtaken: dict[int, int] = {}
        for one in self.received.values():
            if one.kind in _OVERTAKING:
                overtaken[one.record_id] = max(one.seq, overtaken.get(one.record_id, 0))
        return [
            event.seq for event in events if event.seq not in arrived and event.seq > overtaken.get(event.record_id, 0)
        ]


def _message(values: Mapping[str, Any]) -> Received:
    return Received(
        id=values["id"],
        seq=values["seq"],
        kind=values["kind"],
        record_id=values["record_id"],
        headline=values["headline"],
        source_title=values["source_title"],
        has_text=values["record"] is not None,
    )
