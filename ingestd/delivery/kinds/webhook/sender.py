"""Post messages to the endpoint of a webhook."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import aiohttp
from yarl import URL

from ingestd import __version__
from ingestd.delivery.kinds.kind import Opening, Receipt, Rendered
from ingestd.delivery.kinds.webhook.answers import EXCERPT, judge
from ingestd.delivery.kinds.webhook.settings import WebhookSettings
from ingestd.delivery.kinds.webhook.signature import key_of, signatures
from ingestd.errors import DeliveryError, EndpointDown, MessageRefused
from ingestd.web.connection import aiohttp_hooks
from ingestd.web.connection.dial import tls_context
from ingestd.web.connection.guard import Guard
from ingestd.web.connection.resolver import open_resolver
from ingestd.web.connection.session import open_session
from ingestd.web.fetcher import user_agent
from ingestd.web.logins import Login
from ingestd.web.target import Target

# Seconds to connect, at most; the time for the whole attempt is the setting `timeout`.
_CONNECT_TIMEOUT = 10.0
# Seconds for the part of an answer's body that is kept; its status says whether the message was taken.
_EXCERPT_TIMEOUT = 2.0

_now = partial(datetime.now, UTC)


@asynccontextmanager
async def open_sender(opening: Opening, connections: int) -> AsyncIterator["WebhookSender"]:
    """Open a session of its own to the endpoint of a consumer; connections stay open between messages."""
    settings: WebhookSettings = opening.settings
    operator = opening.operator
    resolver = open_resolver(operator.nameservers)
    try:
        async with open_session(
            Guard(operator.allow_networks),
            resolver,
            tls=tls_context(operator.ca_file) if operator.ca_file else None,
            headers={
                "User-Agent": user_agent(__version__, operator.contact),
                "Accept": "*/*",
                "Accept-Encoding": "identity",  # of the answer, an excerpt is kept as text
            },
            connect_timeout=min(_CONNECT_TIMEOUT, settings.timeout / 2),
            connections=connections,
        ) as session:
            target = Target.parse(settings.url)
            login = next((login for login in operator.logins if login.origin == target.origin), None)
            yield WebhookSender(session, settings, target, login)
    finally:
        await resolver.close()


class WebhookSender:
    """Sends messages to the endpoint of one consumer."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: WebhookSettings, target: Target, login: Login | None
    ) -> None:
        self._session, self._settings, self._target, self._login = session, settings, target, login
        # The fragment is not sent.
        self._url: URL = (login.request_url(target.url) if login else target.url).with_fragment(None)
        self._login_headers = login.headers() if login else {}
        self._keys: tuple[bytes, ...] = (key_of(settings.secret),)
        self._former_keys = (key_of(settings.previous_secret),) if settings.previous_secret else ()

    async def send(self, rendered: Rendered) -> Receipt:
        """Post a message; return when the endpoint has answered with a 2xx.

        A connection that was kept open may be lost, since the endpoint closes it at any time (RFC 9112, 9.5): then
        the message is sent over the next one, at last over a new one, and signed anew.
        """
        while True:
            attempt = aiohttp_hooks.begin_attempt(EXCERPT)
            try:
                return await self._post(rendered)
            except (TimeoutError, aiohttp.ClientError) as error:
                lost = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
                if lost and attempt.wire is not None and not attempt.opened_socket:
                    continue
                # aiohttp's messages quote the URL and the answer, and either may contain the login's secret.
                raise self._failure(error, attempt) from None if self._login else error

    async def _post(self, rendered: Rendered) -> Receipt:
        async with (
            asyncio.timeout(self._settings.timeout),
            self._session.post(
                self._url, data=rendered.body, headers=self._headers(rendered), allow_redirects=False
            ) as response,
        ):
            excerpt = await self._excerpt(response)
            return judge(response.status, response.headers, excerpt, _now)

    def _headers(self, rendered: Rendered) -> dict[str, str]:
        now = _now()
        keys = self._keys
        if self._former_keys and self._settings.previous_until and now < self._settings.previous_until:
            keys += self._former_keys
        timestamp = int(now.timestamp())
        return {
            "Content-Type": rendered.media_type,
            "webhook-id": rendered.message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(keys, rendered.message.id, timestamp, rendered.body),
            **self._login_headers,
        }

    async def _excerpt(self, response: aiohttp.ClientResponse) -> str | None:
        """Return the first kilobyte of an answer, as far as it arrives; a connection with more to come is closed."""
        if response.content.at_eof():
            return None  # most endpoints answer without a body
        received = b""
        with suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_EXCERPT_TIMEOUT):
                while len(received) <= EXCERPT and (some := await response.content.read(EXCERPT + 1 - len(received))):
                    received += some
        if not response.content.at_eof():
            response.close()
        text = received[:EXCERPT].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        login = self._login
        if login and (login.value in text or login.value.rpartition(" ")[2] in text):
            return "(not kept: it repeats the login)"
        return text or None

    def _failure(self, error: TimeoutError | aiohttp.ClientError, attempt: aiohttp_hooks.Attempt) -> DeliveryError:
        """Return EndpointDown when there was no connection, and else MessageRefused.

        An endpoint that takes too long over one message, or breaks the connection, may take others: only the engine
        sees whether it does.
        """
        failure = aiohttp_hooks.fetch_error(
            self._target.display_url, error, attempt, seconds=self._settings.timeout, may_quote=self._login is None
        )
        if attempt.wire is None:
            # The origin alone: the path of an endpoint may be its secret.
            return EndpointDown(f"{self._url.origin()}: {failure.reason}")
        return MessageRefused(failure.reason)
