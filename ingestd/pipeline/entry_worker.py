"""Those who make records: pending entries claimed, made, and put off where it is not their turn."""

import random
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

import structlog

from ingestd.errors import Held, IngestError, StoreError
from ingestd.pipeline.dispatcher import Dispatcher
from ingestd.pipeline.ingest import Fetch, Ingest
from ingestd.store.records.outcomes import EntryOutcome
from ingestd.store.work import entries, revisits
from ingestd.store.work.entries import ClaimedEntry
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: What met a bug of ours comes back after this long: not at once, and not never.
_AFTER_BUG = timedelta(hours=1)

#: A visit that gave way to new work is due again after this long.
_YIELD_DELAY = timedelta(seconds=10)


async def run_or_put_off(
    fetcher: Fetcher, place: str, work: Callable[[], Awaitable[None]], put_off: Callable[[datetime], Awaitable[None]]
) -> None:
    """Do one job at a site; a site that is to be left alone, and a bug of ours, put it off."""
    try:
        seconds = fetcher.held_for(place)
        if not seconds:
            try:
                await work()
            except Held as held:
                seconds = held.seconds
        if seconds:
            # Those who wait for the same thing do not come back together.
            await put_off(datetime.now(UTC) + timedelta(seconds=seconds * random.uniform(1.0, 1.5)))  # noqa: S311
    except Exception:
        log.exception("bug", site=place)
        try:
            await put_off(datetime.now(UTC) + _AFTER_BUG)
        except IngestError:
            log.warning("claim stays until the next start", site=place)


class EntryWorker:
    """Makes records of the entries of one backfill, or of all that belong to none.

    With `after` it visits pages again instead, wherever those who are at new work leave room: never while all their
    places are taken, and at no site that they are at.

    `made` is told what each entry came to.
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
            claim=self._claim, work=self._process, site=_place, limit=limit, per_site=per_site
        )

    async def _claim(self, wanted: int, without_sites: Collection[str]) -> list[ClaimedEntry]:
        try:
            found = await (self._claim_new if self._yields_to is None else self._claim_revisits)(wanted, without_sites)
        except StoreError as error:
            # Whoever ticks asks again.
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
        """Whether a visit that was claimed would be in the way of new work that came since."""
        return self._yields_to is not None and (self._yields_to.is_full or _place(work) in self._yields_to.busy_sites)

    async def _process(self, work: ClaimedEntry) -> None:
        async def process() -> None:
            self._on_outcome(await self._ingest.process_entry(work, fetch=self._fetch))

        async def put_off(until: datetime) -> None:
            put_off = entries.postpone if work.known is None else revisits.postpone
            async with self._ingest.database.write() as connection:
                await put_off(connection, work, until=until)

        if self._has_to_yield(work):
            await put_off(datetime.now(UTC) + _YIELD_DELAY)
            return

        await run_or_put_off(self._ingest.fetcher, _place(work), process, put_off)


def _place(work: ClaimedEntry) -> str:
    """Return whose turn an entry needs: its page's site, or, when it needs no page, nobody's but its own."""
    return work.site if work.entry.body_html is None and work.site else f"entry {work.id}"
