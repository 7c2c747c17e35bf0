"""W3C WebSub: hubs are asked to push what sources publish, and what they push is taken (sections 5 and 7).

A push is only ever more, never instead: sources with a hub are still polled, once a day.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from ingestd.errors import Busy, IngestError
from ingestd.model.reply import Reply
from ingestd.pipeline.poll import Poller
from ingestd.store.database import Database
from ingestd.store.polls import sources, subscriptions
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.subscriptions import Subscription
from ingestd.text import collapse
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: The lease we ask for; a hub may give another.
LEASE = timedelta(days=10)

#: What a lease is taken for that is shorter or longer than makes sense.
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(days=365)

#: When a hub is asked again that said no.
_DENIED = timedelta(days=7)

#: Digests of X-Hub-Signature (section 8); sha1 is what most hubs send, and is not broken in an HMAC.
_DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})


class Subscriber:
    """Asks hubs, answers them, and takes what they push; `callback` is the public URL that tokens are put behind."""

    def __init__(self, *, run_id: str, database: Database, fetcher: Fetcher, poller: Poller, callback: str) -> None:
        self._run_id = run_id
        self._database = database
        self._fetcher = fetcher
        self._poller = poller
        self._callback = callback

    async def subscribe_due(self, *, limit: int = 20) -> int:
        """Ask the hubs of subscriptions that are due; returns how many were asked."""
        async with self._database.write() as connection:
            due = await subscriptions.claim_due(connection, now=datetime.now(UTC), limit=limit)
        # Together: one that stalls takes a minute.
        async with asyncio.TaskGroup() as tasks:
            for subscription in due:
                tasks.create_task(self._subscribe(subscription))
        return len(due)

    async def _subscribe(self, subscription: Subscription) -> None:
        if not may_receive_secret(subscription.hub):
            reason = "the hub has no https, and what is secret would go in the clear"
            await self._refused(subscription, reason, until=datetime.now(UTC) + _DENIED)
            return
        form = {
            "hub.mode": "subscribe",
            "hub.topic": subscription.topic,
            "hub.callback": f"{self._callback}/{subscription.token}",
            "hub.lease_seconds": f"{LEASE.total_seconds():.0f}",
            "hub.secret": subscription.secret,
        }
        try:
            await self._fetcher.post(subscription.hub, form)
        except IngestError as error:
            log.warning("hub does not answer", source=subscription.source_id, error=str(error))
            await self._refused(subscription, str(error))

    async def _refused(self, subscription: Subscription, reason: str, *, until: datetime | None = None) -> None:
        try:
            async with self._database.write() as connection:
                await subscriptions.save_refusal(
                    connection, subscription.source_id, reason, now=datetime.now(UTC), until=until
                )
        except IngestError as error:  # it is asked again all the same
            log.warning("subscription stays as it was", source=subscription.source_id, error=str(error))

    async def verify(self, token: str, query: Mapping[str, str]) -> str | None:
        """Answer a hub that verifies our intent (5.3) or denies it (5.2); returns the challenge, None for a 404.

        Nobody is confirmed that wants to unsubscribe us: what we want no more, we answer with 410 when it comes.
        """
        now, mode = datetime.now(UTC), query.get("hub.mode")
        async with self._database.write() as connection:
            one = await subscriptions.find(connection, token)
            if one is None or query.get("hub.topic") != one.topic:
                return None
            if mode == "denied":
                reason = f"the hub denied it: {collapse(query.get('hub.reason')) or 'no reason given'}"
                await subscriptions.save_refusal(
                    connection, one.source_id, reason, now=now, until=now + _DENIED, denied=True
                )
                return ""
            if mode != "subscribe" or not query.get("hub.challenge"):
                return None
            lease = _lease(query.get("hub.lease_seconds"))
            await subscriptions.activate(connection, one.source_id, lease=lease, now=now)
        log.info("subscribed", source=one.source_id, hub=without_userinfo(one.hub), lease_seconds=lease.total_seconds())
        return query["hub.challenge"]

    async def find(self, token: str) -> Subscription | None:
        """Return the subscription of a callback, None when there is none."""
        async with self._database.read() as connection:
            return await subscriptions.find(connection, token)

    async def receive(
        self, one: Subscription, *, body: bytes, signature: str | None, content_type: str | None
    ) -> PollResult | None:
        """Take a push; None when it was dropped, because its signature is wrong or it cannot be read.

        Raises Busy when the source is being polled, StoreError; either way the hub may try again.
        """
        if not is_signed(body, signature, one.secret):
            await self._drop(one, "a push had no valid signature")
            return None
        async with self._database.write() as connection:
            claimed = await sources.claim(connection, self._run_id, [one.source_id])
        if not claimed:
            raise Busy("the source is being polled")
        [source] = claimed
        reply = Reply(url=source.url, final_url=one.topic, status=200, body=body, content_type=content_type)
        try:
            poll = await self._poller.push(source, reply)
        except BaseException as error:
            async with self._database.write() as connection:
                due = source.due_at or datetime.now(UTC)
                await sources.postpone(connection, source.id, self._run_id, until=due)
            if not isinstance(error, IngestError):
                raise
            await self._drop(one, f"a push could not be read: {error}")
            return None
        async with self._database.write() as connection:
            await subscriptions.count_push(connection, one.source_id)
        return poll

    async def _drop(self, one: Subscription, reason: str) -> None:
        log.warning("push dropped", source=one.source_id, reason=reason)
        async with self._database.write() as connection:
            await subscriptions.count_rejected(connection, one.source_id, reason)


def may_receive_secret(hub: str) -> bool:
    """Say whether a hub may be told a secret (5.1): over https, or on this host; others are not asked at all.

    Without a secret anybody could push to us, if only he saw our request.
    """
    parts = urlsplit(hub)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Say whether a push is signed with the secret, as in "sha256=5b3f..." (section 8)."""
    method, _, given = (signature or "").partition("=")
    if method.strip().lower() not in _DIGESTS:
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method.strip().lower())).hexdigest()
    # A header that is no UTF-8 comes with its bytes as lone surrogates.
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode(errors="surrogateescape"))


def _lease(text: str | None) -> timedelta:
    if not text or not text.isascii() or not text.isdigit():
        return LEASE
    return min(max(timedelta(seconds=int(text[:9])), _SHORTEST), _LONGEST)
