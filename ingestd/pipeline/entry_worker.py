"""Worker that claims pending entries and turns each into a record, respecting per-site limits."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from ingestd.errors import Held, IngestError, StoreError
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.ingest import Fetch, Ingest
from ingestd.pipeline.node import Node
from ingestd.pipeline.poll_schedule import AFTER_LOCAL_FAILURE
from ingestd.pipeline.retry import Retries
from ingestd.store.outages import log_failure
from ingestd.store.records.outcomes import EntryOutcome
from ingestd.store.work import entries, revisits
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import OwnClaims, claim_of
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Delay before a job that raised an unexpected exception is retried; without one it would run in a tight loop.
_AFTER_BUG = timedelta(hours=1)

#: Delay of a revisit that yields to new entries, in seconds.
_YIELD_DELAY = 10.0


async def run_or_postpone(
    fetcher: Fetcher,
    site: str,
    work: Callable[[], Awaitable[None]],
    postpone: Callable[[datetime], Awaitable[None]],
    *,
    claims: OwnClaims,
    retries: Retries,
    on_end: Callable[[], None],
    wait: float = 0.0,
) -> None:
    """Run a claimed job, or postpone it if its site is on hold, by `wait` seconds, or if it cannot be committed.

    A job that raises an unexpected exception is logged as a bug and postponed.  `on_end` is called once
    the claim is given back, by the job or because it was postponed.
    """
    given_back: asyncio.Task[None] | None = None
    try:
        delay = wait or await _run(fetcher, site, work)
        if delay:
            given_back = await _give_back(postpone, datetime.now(UTC) + timedelta(seconds=delay), site, claims, retries)
    finally:
        if given_back:
            given_back.add_done_callback(lambda _: on_end())
        else:
            on_end()


async def _run(fetcher: Fetcher, site: str, work: Callable[[], Awaitable[None]]) -> float:
    """Run a job; returns the seconds by which it has to be postponed, 0 if it is done."""
    try:
        seconds = fetcher.held_for(site)
        if not seconds:
            try:
                await work()
            except Held as held:
                seconds = held.seconds
    except IngestError as error:
        log_failure(log, "gave a job up, due again", error, site=site)
        return AFTER_LOCAL_FAILURE
    except Exception:
        log.exception("bug", site=site)
        return _AFTER_BUG.total_seconds()
    # Jobs that wait for the same site must not all come back at the same time.
    return seconds * random.uniform(1.0, 1.5)  # noqa: S311


async def _give_back(
    postpone: Callable[[datetime], Awaitable[None]], until: datetime, site: str, claims: OwnClaims, retries: Retries
) -> asyncio.Task[None] | None:
    """Give a claim back; while the database is unavailable, in the background, so that the slot comes free.

    Returns the task in the background.
    """
    try:
        await postpone(until)
    except StoreError as error:
        log_failure(log, "claim not given back yet", error, site=site)
        if error.local:
            return claims.give_back_later(
                retries.while_unavailable(lambda: postpone(until), event="waiting to give a claim back", limit=None)
            )
    return None


class EntryProcessor:
    """Processes claimed entries; `on_outcome` is called with the outcome of each."""

    def __init__(
        self, *, ingest: Ingest, on_outcome: Callable[[EntryOutcome], None], fetch: Fetch | None = None
    ) -> None:
        self._ingest = ingest
        self._on_outcome = on_outcome
        self._fetch = fetch

    async def process(
        self, work: ClaimedEntry, *, withdraw: Callable[[str], list[ClaimedEntry]], wait: float = 0.0
    ) -> None:
        """Process a claimed entry or revisit it; postpone it by `wait` seconds, or while its site is on hold.

        `withdraw` returns the claimed entries of a site that wait, which are postponed with it.
        """
        fetcher, site, works = self._ingest.fetcher, _pacing_key(work), [work]

        async def process() -> None:
            self._on_outcome(await self._ingest.process_entry(work, fetch=self._fetch))

        async def postpone(until: datetime) -> None:
            if fetcher.held_for(site):
                # All that wait, in one statement; those that are not claimed yet are left out of claims.
                works.extend(withdraw(site))
            postpone = entries.postpone if work.known is None else revisits.postpone
            async with self._ingest.database.write() as connection:
                await postpone(connection, *works, until=until)

        def end() -> None:
            self._ingest.claims.remove(map(claim_of, works))

        claims = self._ingest.claims
        await run_or_postpone(
            fetcher, site, process, postpone, claims=claims, retries=self._ingest.retries, on_end=end, wait=wait
        )


class EntryWorker:
    """Worker for the pending entries of one backfill, or for all that belong to none.

    With `yields_to`, the dispatcher of new entries, it revisits pages instead: only while that dispatcher is not full,
    and only at sites where that dispatcher has no job.  With `node`, sites whose logins it lacks are left to others.

    `on_outcome` is called with the outcome of each entry.
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        limit: int,
        per_site: int,
        on_outcome: Callable[[EntryOutcome], None],
        backfill_id: int | None = None,
        fetch: Fetch | None = None,
        yields_to: Dispatcher[ClaimedEntry] | None = None,
        node: Node | None = None,
    ) -> None:
        self._ingest = ingest
        self._node = node
        self._processor = EntryProcessor(ingest=ingest, on_outcome=on_outcome, fetch=fetch)
        self._backfill_id = backfill_id
        self._fetch = fetch
        self._yields_to = yields_to
        self.dispatcher: Dispatcher[ClaimedEntry] = Dispatcher(
            claim=self._claim, work=self._process, site=_pacing_key, limit=limit, per_site=per_site
        )

    async def _claim(self, wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        if self._ingest.fetcher.held_for(""):
            return []  # no site answers
        now = datetime.now(UTC)
        held = {site: now + _after_hold(self._ingest.fetcher, site) for site in self._ingest.fetcher.held_sites()}
        try:
            claim = self._claim_new if self._yields_to is None else self._claim_revisits
            return await claim(now, wanted, without_sites, held)
        except StoreError as error:
            # The next tick claims again.
            log_failure(log, "claim failed", error)
            return []

    async def _claim_new(
        self, now: datetime, wanted: int, without_sites: Collection[str], held: Mapping[str, datetime]
    ) -> list[ClaimedEntry]:
        shares_pages = self._fetch is None
        # Found in a transaction of its own, so that no writer waits for the search.
        async with self._ingest.database.read() as connection:
            ids, left_out = await entries.find_due(
                connection, now=now, limit=wanted, without_sites={*without_sites, *held, *self._foreign_sites()},
                backfill_id=self._backfill_id, shares_pages=shares_pages,
            )  # fmt: skip
        on_hold = held.keys() & left_out.keys()
        if not ids and not on_hold:
            return []
        with self._ingest.claims.claiming() as register:
            async with self._ingest.database.write() as connection:
                for site in sorted(on_hold):
                    await entries.put_off(connection, left_out[site], until=held[site])
                found = await entries.claim(
                    connection, self._ingest.run_id, ids, now=now, limit=wanted, shares_pages=shares_pages
                )
                register(map(claim_of, found))
        return found

    async def _claim_revisits(
        self, now: datetime, wanted: int, without_sites: Collection[str], held: Mapping[str, datetime]
    ) -> list[ClaimedEntry]:
        timing = self._ingest.timing
        if self._yields_to is None or self._yields_to.is_full or not timing.revisit_first:
            return []
        with self._ingest.claims.claiming() as register:
            async with self._ingest.database.write() as connection:
                found = await revisits.claim_due(
                    connection,
                    self._ingest.run_id,
                    now=now,
                    limit=wanted,
                    timing=timing,
                    without_sites={*without_sites, *self._yields_to.busy_sites, *self._foreign_sites()},
                    held=held,
                )
                register(map(claim_of, found))
        return found

    def _foreign_sites(self) -> Collection[str]:
        return self._node.foreign_sites if self._node else ()

    def _has_to_yield(self, work: ClaimedEntry) -> bool:
        """Return whether a claimed revisit would delay new entries, which may have become due since the claim."""
        return self._yields_to is not None and (
            self._yields_to.is_full or _pacing_key(work) in self._yields_to.busy_sites
        )

    async def _process(self, work: ClaimedEntry) -> None:
        wait = _YIELD_DELAY if self._has_to_yield(work) else 0.0
        await self._processor.process(work, withdraw=self.dispatcher.withdraw, wait=wait)


def _after_hold(fetcher: Fetcher, site: str) -> timedelta:
    """Return in how much time the entries of a site on hold are due again."""
    # Sites that are held together, as after an outage, must not all come back at the same time.
    return timedelta(seconds=fetcher.held_for(site) * random.uniform(1.0, 1.5))  # noqa: S311


def _pacing_key(work: ClaimedEntry) -> str:
    """Return the site of an entry's page; if no page is fetched, a key of the entry's own."""
    return work.site if work.entry.body_html is None and work.site else f"entry {work.id}"
