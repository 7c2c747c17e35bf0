"""Those who make records: pending entries claimed, made, and put off where it is not their turn."""

import random
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

import structlog

from ingestd.dispatch import Dispatcher
from ingestd.errors import Held, IngestError, StoreError
from ingestd.ingest import Fetch, Ingest
from ingestd.store import entries
from ingestd.store.entries import Work
from ingestd.store.saves import Outcome
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: What met a bug of ours comes back after this long: not at once, and not never.
_AFTER_A_BUG = timedelta(hours=1)


async def one_job(
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
            await put_off(datetime.now(UTC) + _AFTER_A_BUG)
        except IngestError:
            log.warning("claim stays until the next start", site=place)


class Makers:
    """Makes records of the entries of one backfill, or of all that belong to none.

    `made` is told what each entry came to.
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        limit: int,
        per_site: int,
        made: Callable[[Outcome], None],
        backfill_id: int | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self._ingest = ingest
        self._made = made
        self._backfill_id = backfill_id
        self._fetch = fetch
        self.dispatcher: Dispatcher[Work] = Dispatcher(
            claim=self._claim, work=self._make, site=_place, limit=limit, per_site=per_site
        )

    async def _claim(self, wanted: int, without_sites: Collection[str]) -> list[Work]:
        try:
            async with self._ingest.database.write() as connection:
                found = await entries.claim_due(
                    connection,
                    self._ingest.run_id,
                    now=datetime.now(UTC),
                    limit=wanted,
                    without_sites=without_sites,
                    backfill_id=self._backfill_id,
                )
        except StoreError as error:
            # Whoever ticks asks again.
            log.warning("claim failed", error=str(error))
            return []
        return found

    async def _make(self, work: Work) -> None:
        async def make() -> None:
            self._made(await self._ingest.make(work, fetch=self._fetch))

        async def put_off(until: datetime) -> None:
            async with self._ingest.database.write() as connection:
                await entries.put_off(connection, work, until=until)

        await one_job(self._ingest.fetcher, _place(work), make, put_off)


def _place(work: Work) -> str:
    """Return whose turn an entry needs: its page's site, or, when it needs no page, nobody's but its own."""
    return work.site if work.entry.body_html is None and work.site else f"entry {work.id}"
