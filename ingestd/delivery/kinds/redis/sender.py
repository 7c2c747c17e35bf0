"""Sender for Redis Streams."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeout

from ingestd.delivery.brokers.connection import CLOSE_TIMEOUT, system_words
from ingestd.delivery.kinds.kind import Receipt, Rendered
from ingestd.delivery.kinds.redis.settings import RedisSettings
from ingestd.errors import EndpointDown, EndpointGone, MessageRefused
from ingestd.model.message import Message

_PORT = 6379


class RedisSender:
    """Appends messages to a stream; the identifier of an entry is the number of its event, as in `5012-0`."""

    def __init__(self, settings: RedisSettings, ca_file: Path | None) -> None:
        self._settings = settings
        url = urlsplit(settings.url)
        # The client connects when a command needs it, and anew after a connection was lost.
        self._redis: Redis = Redis(
            host=url.hostname or "",
            port=url.port or _PORT,
            db=int(url.path.strip("/") or 0),
            username=settings.user,
            password=settings.password,
            socket_timeout=settings.timeout,
            socket_connect_timeout=settings.timeout,
            # The engine sends a message again after EndpointDown.
            retry=Retry(NoBackoff(), 0),
            client_name="ingestd",
            ssl=url.scheme == "rediss",
            ssl_ca_certs=str(ca_file) if ca_file else None,
        )

    async def close(self) -> None:
        """Close the connection."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._redis.aclose()
        except (TimeoutError, RedisError, OSError):
            pass  # the server has gone, and the connection with it

    async def send(self, rendered: Rendered) -> Receipt:
        """Append a message; return when the server has it, or has had it before."""
        message = rendered.message
        try:
            return await self._append(rendered)
        except AuthenticationError as error:
            raise self._down(f"the server refuses the login ({error}); see the settings user and password") from error
        except NoPermissionError as error:
            raise self._down(f"the user may not write to the stream: {error}") from error
        except RedisTimeout as error:
            raise self._down(f"no connection or no answer within {self._settings.timeout:g} s") from error
        except (RedisConnectionError, OSError) as error:
            # The client's error repeats the address and the number of the system's.
            words = system_words(error.__context__) if isinstance(error.__context__, OSError) else str(error)
            raise self._down(f"cannot connect, or the connection was lost: {words}") from error
        except ResponseError as error:
            words = str(error)
            if words.startswith("WRONGTYPE"):
                stream = self._settings.stream
                raise EndpointGone(f"{self._settings.url}: the key {stream!r} is not a stream; name another") from error
            if "bulk length" in words:
                raise MessageRefused(f"{len(rendered.body)} bytes; the server: {words}") from error
            if "equal or smaller" in words:
                return await self._look_for(message)
            # It has no memory left, is a replica, cannot save, or loads its data: all passes, or is mended there.
            raise self._down(words) from error
        except RedisError as error:
            raise self._down(str(error)) from error

    async def _append(self, rendered: Rendered) -> Receipt:
        message = rendered.message
        if rendered.is_example:
            # A test has no number that an entry could have.  This asks for the right to write and drops nothing.
            await self._redis.xtrim(self._settings.stream, maxlen=2**62, approximate=True)
            return Receipt(done="the stream can be written to; a test adds no entry")
        fields: dict[Any, Any] = {
            "id": message.id, "kind": message.event.kind, "record": message.event.record_id,
            "type": rendered.media_type, "body": rendered.body,
        }  # fmt: skip
        entry = _entry_id(message)
        await self._redis.xadd(
            self._settings.stream, fields, id=entry, maxlen=self._settings.max_length, approximate=True
        )
        return Receipt(excerpt=entry)

    async def _look_for(self, message: Message) -> Receipt:
        """Return a receipt if the stream has the message; raises what says why it cannot get it any more."""
        settings, entry = self._settings, _entry_id(message)
        try:
            same = await self._redis.xrange(settings.stream, entry, entry)
            last = await self._redis.xrevrange(settings.stream, count=1)
        except (RedisError, OSError) as error:
            raise self._down(str(error)) from error
        if same and _message_id(same[0]) == message.id:
            return Receipt(excerpt=f"{entry} duplicate")
        where = f"{settings.url}: the stream {settings.stream!r}"
        if last and not _message_id(last[0]).startswith(f"{message.epoch}-"):
            raise EndpointGone(
                f"{where} has entries of another epoch of the event log, or of another program, whose identifiers are "
                f"not below {entry}; name another stream, or delete this one"
            )
        raise MessageRefused(
            f"{where} has later entries and not this one, which was trimmed or did not match the filter; a stream of "
            "Redis takes entries in the order of their numbers only: name another stream to have it all again"
        )

    def _down(self, reason: str) -> EndpointDown:
        return EndpointDown(f"{self._settings.url}: {reason}")


def _entry_id(message: Message) -> str:
    return f"{message.event.seq}-0"


def _message_id(entry: Any) -> str:
    """Return the message's identifier from an entry as the client returns it; empty, if ingestd did not write it."""
    _, fields = entry
    return bytes((fields or {}).get(b"id", b"")).decode("utf-8", "replace")
