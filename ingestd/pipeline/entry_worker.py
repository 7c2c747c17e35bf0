"""Worker that claims pending entries and turns each into a record, respecting per-site limits."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

import structlog

from ingestd.errors import Held, IngestError, StoreError
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.ingest import Fetch, Ingest
from ingestd.pipeline.poll_schedule import AFTER_LOCAL_FAILURE
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.store.records.outcomes import EntryOutcome
from ingestd.store.work import entries, revisits
from ingestd.store.work.entries import ClaimedEntry
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Delay before a job that raised an unexpected exception is retried; without one it would run in a tight loop.
_AFTER_BUG = timedelta(hours=1)

#: Delay of a revisit that yields to new entries, in seconds.
_YIELD_DELAY = 10.0


#: Claims that could not be given back yet.
_returns: set[asyncio.Task[None]] = set()


async def run_or_postpone(
    fetcher: Fetcher,
    site: str,
    work: Callable[[], Awaitable[None]],
    postpone: Callable[[datetime], Awaitable[None]],
    *,
    wait: float = 0.0,
) -> None:
    """Run a claimed job, or postpone it if its site is on hold, by `wait` seconds, or if it cannot be committed.

    A job that raises an unexpected exception is logged as a bug and postponed.
    """
    delay = wait
    if not delay:
        try:
            seconds = fetcher.held_for(site)
            if not seconds:
                try:
                    await work()
                except Held as held:
                    seconds = held.seconds
            # Jobs that wait for the same site must not all come back at the same time.
            delay = seconds * random.uniform(1.0, 1.5)  # noqa: S311
        except IngestError as error:
            log.warning("gave a job up, due again", site=site, error=str(error))
            delay = AFTER_LOCAL_FAILURE
        except Exception:
            log.exception("bug", site=site)
            delay = _AFTER_BUG.total_seconds()
    if delay:
        await _give_back(postpone, datetime.now(UTC) + timedelta(seconds=delay), site)


async def _give_back(postpone: Callable[[datetime], Awaitable[None]], until: datetime, site: str) -> None:
    """Give a claim back; while the database is unavailable, in the background, so that the slot comes free."""
    try:
        await postpone(until)
    except StoreError as error:
        log.warning("claim not given back yet", site=site, error=str(error))
        if error.local:
            task = asyncio.create_task(
                retry_while_unavailable(lambda: postpone(until), event="waiting to give a claim back", limit=None)
            )
            _returns.add(task)
            task.add_done_callback(_returns.discard)


class EntryWorker:
    """Worker for the pending entries of one backfill, or for all that belong to none.

    With `yields_to`, the dispatcher of new entries, it revisits pages instead: only while that dispatcher is not full,
    and only at sites where that dispatcher has no job.

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
    ) -> None:
        self._ingest = ingest
        self._on_outcome = on_outcome
        self._backfill_id = backfill_id
        self._fetch = fetch
        self._yields_to = yields_to
        self.dispatcher: Dispatcher[ClaimedEntry] = Dispatcher(
            claim=self._claim, work=self._process, site=_pacing_key, limit=limit, per_site=per_site
        )

    async def _claim(self, wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        try:
            found = await (self._claim_new if self._yields_to is None else self._claim_revisits)(wanted, without_sites)
        except StoreError as error:
            # The next tick claims again.
            log.warning("claim failed", error=str(error))
            return []
        return found

    async def _claim_new(self, wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        async with self._ingest.database.write() as connection:
            return await entries.claim_due(
                connection,
                self._ingest.run_id,
                now=datetime.now(UTC),
                limit=wanted,
                without_sites=without_sites,
                backfill_id=self._backfill_id,
                shares_pages=self._fetch is None,
            )

    async def _claim_revisits(self, wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        timing = self._ingest.timing
        if self._yields_to is None or self._yields_to.is_full or not timing.revisit_first:
            return []
        async with self._ingest.database.write() as connection:
            return await revisits.claim_due(
                connection,
                self._ingest.run_id,
                now=datetime.now(UTC),
                limit=wanted,
                timing=timing,
                without_sites={*without_sites, *self._yields_to.busy_sites},
            )

    def _has_to_yield(self, work: ClaimedEntry) -> bool:
        """Return whether a claimed revisit would delay new entries, which may have become due since the claim."""
        return self._yields_to is not None and (
            self._yields_to.is_full or _pacing_key(work) in self._yields_to.busy_sites
        )

    async def _process(self, work: ClaimedEntry) -> None:
        async def process() -> None:
            self._on_outcome(await self._ingest.process_entry(work, fetch=self._fetch))

        async def postpone(until: datetime) -> None:
            postpone = entries.postpone if work.known is None else revisits.postpone
            async with self._ingest.database.write() as connection:
                await postpone(connection, work, until=until)

        wait = _YIELD_DELAY if self._has_to_yield(work) else 0.0
        await run_or_postpone(self._ingest.fetcher, _pacing_key(work), process, postpone, wait=wait)


def _pacing_key(work: ClaimedEntry) -> str:
    """Return the site of an entry's page; if no page is fetched, a key of the entry's own."""
    return work.site if work.entry.body_html is None and work.site else f"entry {work.id}"
