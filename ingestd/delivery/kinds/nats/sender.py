"""Sender for NATS JetStream."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.errors import Error, MaxPayloadError, NoServersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import Header, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError

from ingestd.delivery.brokers.connection import Connection, system_words
from ingestd.delivery.brokers.subjects import subject_for, wildcard_for
from ingestd.delivery.kinds.kind import Receipt, Rendered
from ingestd.delivery.kinds.nats.settings import NatsSettings
from ingestd.errors import EndpointDown, MessageRefused
from ingestd.web.connection.dial import tls_context

#: Error codes of JetStream (server/errors.json of nats-server): the message is larger than the stream allows.
_MESSAGE_TOO_LARGE = 10054

#: Seconds for closing a client that did not connect.
_ABANDON_TIMEOUT = 1.0


class _Link:
    """A connected client."""

    def __init__(self) -> None:
        self.client = Client()
        self.stream = self.client.jetstream()
        #: Set when the connection ends.
        self.lost = asyncio.Event()
        #: What the client reported last; a refusal of the server to publish arrives only here.
        self.error: Exception | None = None

    async def report(self, error: Exception) -> None:
        self.error = error

    async def closed(self) -> None:
        self.lost.set()

    def why(self) -> str:
        return f": {_words(self.error)}" if self.error else ""


class NatsSender:
    """Publishes messages to JetStream and waits until the stream has stored each."""

    def __init__(self, settings: NatsSettings, ca_file: Path | None) -> None:
        self._settings = settings
        # Reading the authorities of the system takes 20 ms.
        self._tls = tls_context(ca_file) if any(url.startswith("tls:") for url in settings.servers) else None
        #: The caller that opens the sender closes it.
        self.connection = Connection(self._connect, self._close, settings.timeout)
        self._where = ", ".join(settings.servers)

    async def send(self, rendered: Rendered) -> Receipt:
        """Publish a message; return when the stream has stored it, or says that it had it already."""
        link = await self.connection.get()
        publishing = asyncio.ensure_future(self._publish(link.stream, rendered))
        lost = asyncio.ensure_future(link.lost.wait())
        try:
            # The client leaves requests waiting whose connection is lost.
            await asyncio.wait((publishing, lost), return_when=asyncio.FIRST_COMPLETED)
            if publishing.done():
                return await publishing
        except NoStreamResponseError as error:
            raise EndpointDown(f"{self._where}: {self._no_stream(rendered)}") from error
        except MaxPayloadError as error:
            limit = link.client.max_payload
            raise MessageRefused(f"{len(rendered.body)} bytes; the server takes {limit}, its max_payload") from error
        except APIError as error:
            raise self._refusal(error, rendered) from error
        except NatsTimeout as error:
            await self.connection.drop(link)
            raise EndpointDown(
                f"{self._where}: no acknowledgement within {self._settings.timeout:g} s{link.why()}"
            ) from error
        except (Error, OSError) as error:
            await self.connection.drop(link)
            raise EndpointDown(f"{self._where}: {_words(error)}") from error
        finally:
            for task in (publishing, lost):
                task.cancel()
        await self.connection.drop(link)
        raise EndpointDown(f"{self._where}: the connection was lost{link.why()}")

    async def _publish(self, stream: JetStreamContext, rendered: Rendered) -> Receipt:
        message = rendered.message
        ack = await stream.publish(
            subject_for(self._settings.subject, message.event),
            rendered.body,
            timeout=self._settings.timeout,
            stream=self._settings.stream,
            headers={Header.MSG_ID: message.id, "Content-Type": rendered.media_type},
        )
        return Receipt(excerpt=f"{ack.stream} {ack.seq}{' duplicate' if ack.duplicate else ''}")

    def _no_stream(self, rendered: Rendered) -> str:
        subject = subject_for(self._settings.subject, rendered.message.event)
        return f"no stream takes the subject {subject} at present; create one, or set `create_stream`"

    def _refusal(self, error: APIError, rendered: Rendered) -> EndpointDown | MessageRefused:
        words = error.description or str(error)
        if error.err_code == _MESSAGE_TOO_LARGE:
            return MessageRefused(f"{len(rendered.body)} bytes: {words}")
        # A stream that is full, has no leader, or is another one than `stream`: all can be mended at the server.
        return EndpointDown(f"{self._where}: {words}")

    async def _connect(self) -> _Link:
        settings, link = self._settings, _Link()
        client = link.client
        try:
            await client.connect(
                servers=list(settings.servers),
                name="ingestd",
                error_cb=link.report,
                closed_cb=link.closed,
                allow_reconnect=False,
                connect_timeout=max(1, int(settings.timeout)),
                # Without it, servers that refuse the connection are tried for minutes.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                pending_size=-1,
                **self._login(client),
            )
            self._check_tls(client)
            if settings.create_stream:
                await self._create_stream(link.stream)
        except (Error, OSError) as error:
            await _abandon(client)
            cause = link.error if isinstance(error, NoServersError) and link.error else error
            raise EndpointDown(f"cannot connect to {self._where}: {_words(cause)}") from error
        except BaseException:
            await _abandon(client)
            raise
        return link

    def _login(self, client: Client) -> dict[str, Any]:
        """Return arguments for `connect`; the secret is taken only once TLS is known, if the URL asks for it."""
        settings = self._settings

        def secret(value: str) -> str:
            self._check_tls(client)
            return value

        login: dict[str, Any] = {"tls": self._tls} if self._tls else {}
        if settings.token is not None:
            token = settings.token
            return {**login, "token": lambda: secret(token)}
        if settings.user is not None:
            password = settings.password or ""
            return {**login, "user": settings.user, "password": lambda: secret(password)}
        return login

    def _check_tls(self, client: Client) -> None:
        # What the server said of itself has no public name.
        if self._tls and not client._server_info.get("tls_required"):
            raise Error("the server offers no TLS, which tls:// asks for")

    async def _create_stream(self, stream: JetStreamContext) -> None:
        settings = self._settings
        assert settings.stream is not None
        try:
            await stream.stream_info(settings.stream)
        except NotFoundError:
            await stream.add_stream(
                StreamConfig(
                    name=settings.stream,
                    subjects=[wildcard_for(settings.subject)],
                    duplicate_window=settings.duplicate_window,
                )
            )

    async def _close(self, link: _Link) -> None:
        await link.client.close()


async def _abandon(client: Client) -> None:
    # The client closes the socket and then waits for its end, in vain where TLS failed.
    with suppress(Exception):
        async with asyncio.timeout(_ABANDON_TIMEOUT):
            await client.close()


def _words(error: Exception | None) -> str:
    text = system_words(error).removeprefix("nats: ").strip("'") if error else ""
    if isinstance(error, APIError):
        text = error.description or text
    if "authorization" in text.lower():
        return "the server refuses the login; see the settings user, password and token"
    return text or type(error).__name__
