"""Subscribe to the hubs of sources and receive their pushes (W3C WebSub, 5 and 7).

Pushes do not replace polls: a source with a hub is still polled, once a day.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog

from ingestd.errors import Busy, IngestError, StoreError
from ingestd.model.reply import Reply
from ingestd.pipeline.node import Node
from ingestd.pipeline.poll import Poller
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.polls import sources, subscriptions
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.subscriptions import Subscription
from ingestd.store.work.own_claims import OwnClaims, claim_of
from ingestd.text import collapse
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: The lease to request; a hub may grant another one.
LEASE = timedelta(days=10)

#: Bounds of the lease that a hub grants; a shorter or longer one is clamped.
_MIN_LEASE, _MAX_LEASE = timedelta(minutes=10), timedelta(days=365)

#: Wait before a subscription that the hub denied is requested again.
_DENIAL_WAIT = timedelta(days=7)

#: Digests of X-Hub-Signature (section 8).  Most hubs send sha1, which is not broken as an HMAC.
_DIGESTS = frozenset({"sha1", "sha256", "sha384", "sha512"})


class Subscriber:
    """WebSub subscriber; the callback URL of a subscription is `callback`, "/" and the subscription's token."""

    def __init__(
        self,
        *,
        run_id: str,
        claims: OwnClaims,
        database: Database,
        fetcher: Fetcher,
        poller: Poller,
        callback: str,
        node: Node,
    ) -> None:
        self._run_id = run_id
        self._claims = claims
        self._database = database
        self._fetcher = fetcher
        self._poller = poller
        self._callback = callback
        self._node = node

    async def subscribe_due(self, *, limit: int = 20) -> int:
        """Request the subscriptions that are due from their hubs; returns how many were requested.

        Takes over those of nodes that have been away for a while, since hubs push to their addresses.
        """
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            if left := await subscriptions.leave_lost_nodes(connection, now=now):
                log.info("took subscriptions over from nodes that are away", subscriptions=left)
            due = await subscriptions.claim_due(connection, now=now, limit=limit, node=self._node.announced_name)
        # Concurrently, since a hub that does not respond takes until the timeout.
        async with asyncio.TaskGroup() as tasks:
            for subscription in due:
                tasks.create_task(self._subscribe(subscription))
        return len(due)

    async def _subscribe(self, subscription: Subscription) -> None:
        if not may_receive_secret(subscription.hub):
            reason = "the hub has no https, so the secret would be sent unencrypted"
            await self._save_refusal(subscription, reason, until=datetime.now(UTC) + _DENIAL_WAIT)
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
            log.warning("subscription request failed", source=subscription.source_id, error=str(error))
            await self._save_refusal(subscription, str(error))

    async def _save_refusal(self, subscription: Subscription, reason: str, *, until: datetime | None = None) -> None:
        try:
            async with self._database.write() as connection:
                await subscriptions.save_refusal(
                    connection, subscription.source_id, reason, now=datetime.now(UTC), until=until
                )
        except IngestError as error:  # the subscription stays due and is requested again
            log_failure(log, "subscription not updated", error, source=subscription.source_id)

    async def verify(self, token: str, query: Mapping[str, str]) -> str | None:
        """Answer a hub that verifies (5.3) or denies (5.2) a subscription; returns the challenge.  None: answer 404.

        An unsubscription is never confirmed, since none is ever requested: pushes for a removed source get a 410.
        """
        now, mode = datetime.now(UTC), query.get("hub.mode")
        async with self._database.write() as connection:
            subscription = await subscriptions.find(connection, token)
            if subscription is None or query.get("hub.topic") != subscription.topic:
                return None
            if mode == "denied":
                reason = f"the hub denied it: {collapse(query.get('hub.reason')) or 'no reason given'}"
                await subscriptions.save_refusal(
                    connection, subscription.source_id, reason, now=now, until=now + _DENIAL_WAIT, denied=True
                )
                return ""
            if mode != "subscribe" or not query.get("hub.challenge"):
                return None
            lease = _lease(query.get("hub.lease_seconds"))
            await subscriptions.activate(connection, subscription.source_id, lease=lease, now=now)
        log.info(
            "subscribed", source=subscription.source_id, hub=without_userinfo(subscription.hub),
            lease_seconds=lease.total_seconds(),
        )  # fmt: skip
        return query["hub.challenge"]

    async def find(self, token: str) -> Subscription | None:
        """Return the subscription with a token.  None: there is none."""
        async with self._database.read() as connection:
            return await subscriptions.find(connection, token)

    async def receive(
        self, subscription: Subscription, *, body: bytes, signature: str | None, content_type: str | None
    ) -> PollResult | None:
        """Commit a push.  None: it was dropped, because its signature is invalid or it cannot be read.

        Raises Busy if the source is being polled, StoreError, and local failures; the hub may then try again.
        """
        if not is_signed(body, signature, subscription.secret):
            await self._drop(subscription, "a push had no valid signature")
            return None
        with self._claims.claiming() as register:
            async with self._database.write() as connection:
                claimed = await sources.claim(connection, self._run_id, [subscription.source_id])
                register(map(claim_of, claimed))
        if not claimed:
            raise Busy("the source is being polled")
        [source] = claimed
        reply = Reply(url=source.url, final_url=subscription.topic, status=200, body=body, content_type=content_type)
        try:
            poll = await self._poller.push(source, reply)
        except BaseException as error:
            async with self._database.write() as connection:
                due = source.due_at or datetime.now(UTC)
                await sources.postpone(connection, source, self._run_id, until=due)
            if not isinstance(error, IngestError) or isinstance(error, StoreError | Busy) or error.local:
                raise
            await self._drop(subscription, f"a push could not be read: {error}")
            return None
        finally:
            # If postponing has failed, the next heartbeat gives the claim back.
            self._claims.remove([claim_of(source)])
        async with self._database.write() as connection:
            await subscriptions.count_push(connection, subscription.source_id)
        return poll

    async def _drop(self, subscription: Subscription, reason: str) -> None:
        log.warning("push dropped", source=subscription.source_id, reason=reason)
        async with self._database.write() as connection:
            await subscriptions.count_rejected(connection, subscription.source_id, reason)


def may_receive_secret(hub: str) -> bool:
    """Return whether a secret may be sent to a hub (5.1): over https, or on this host.

    Other hubs are not used at all: without a secret, anyone who sees the subscription request could push entries.
    """
    parts = urlsplit(hub)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    """Return whether a signature such as "sha256=5b3f..." matches a body and a secret (section 8)."""
    method, _, given = (signature or "").partition("=")
    if method.strip().lower() not in _DIGESTS:
        return False
    expected = hmac.new(secret.encode(), body, getattr(hashlib, method.strip().lower())).hexdigest()
    # aiohttp decodes header bytes that are not UTF-8 as lone surrogates.
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode(errors="surrogateescape"))


def _lease(text: str | None) -> timedelta:
    if not text or not text.isascii() or not text.isdigit():
        return LEASE
    return min(max(timedelta(seconds=int(text[:9])), _MIN_LEASE), _MAX_LEASE)
