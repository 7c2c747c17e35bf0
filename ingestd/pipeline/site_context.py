"""What is known of a page's site before the page is read."""

from collections import OrderedDict
from dataclasses import replace
from time import monotonic

from ingestd.model.page import NO_FURNITURE, Furniture, Page
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.policy.articles.recurrence import Habits, furniture
from ingestd.store.database import Database
from ingestd.store.operations import sites

#: What was looked up is believed for so long (seconds), and of so many sites.
_FRESH = 60.0
_MOST = 1000


class SiteContexts:
    """Looks up sites in the database, and remembers those it was asked for last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, tuple[float, Furniture]] = OrderedDict()

    async def add_to(self, page: Page, site: str) -> Page:
        """Return a page with what is known of its site; without one, as it is."""
        return replace(page, furniture=await self._furniture(site)) if site else page

    async def _furniture(self, site: str) -> Furniture:
        until, found = self._known.get(site, (0.0, NO_FURNITURE))
        if until < monotonic():
            found = furniture(await retry_while_unavailable(lambda: self._look_up(site)))
            self._known[site] = monotonic() + _FRESH, found
        self._known.move_to_end(site)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, site: str) -> Habits:
        async with self._database.read() as connection:
            return await sites.habits_of(connection, site)
