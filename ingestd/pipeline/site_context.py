"""Add the recurring blocks of a site to its pages, so that extraction can leave them out."""

from collections import OrderedDict
from dataclasses import replace
from time import monotonic

from ingestd.model.page import NO_RECURRING_BLOCKS, Page, RecurringBlocks
from ingestd.pipeline.retry import Retries
from ingestd.policy.articles.recurrence import Habits, recurring_blocks
from ingestd.store.database import Database
from ingestd.store.operations import sites

#: Seconds for which a cached site is used, and the number of sites that are cached.
_TTL = 60.0
_MAX_CACHED = 1000


class SiteContexts:
    """Cache of the recurring blocks of sites, read from the database."""

    def __init__(self, database: Database, retries: Retries) -> None:
        self._database = database
        self._retries = retries
        self._cache: OrderedDict[str, tuple[float, RecurringBlocks]] = OrderedDict()

    async def add_to(self, page: Page, site: str) -> Page:
        """Return a page with the recurring blocks of its site; if `site` is "", the page unchanged."""
        return replace(page, recurring_blocks=await self._recurring_blocks(site)) if site else page

    async def _recurring_blocks(self, site: str) -> RecurringBlocks:
        valid_until, found = self._cache.get(site, (0.0, NO_RECURRING_BLOCKS))
        if valid_until < monotonic():
            found = recurring_blocks(await self._retries.while_unavailable(lambda: self._look_up(site)))
            self._cache[site] = monotonic() + _TTL, found
        self._cache.move_to_end(site)
        if len(self._cache) > _MAX_CACHED:
            self._cache.popitem(last=False)
        return found

    async def _look_up(self, site: str) -> Habits:
        async with self._database.read() as connection:
            return await sites.habits_of(connection, site)
