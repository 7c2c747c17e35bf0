"""The status page's content: asked of the database, and kept for when it has no answer."""

import asyncio

from ingestd.daemon import dashboard
from ingestd.daemon.dashboard import Lists
from ingestd.daemon.health import Health
from ingestd.daemon.inquiry import Answer, Inquiry
from ingestd.errors import StoreError
from ingestd.store import failures, overview
from ingestd.times import iso

#: How old what is shown may be (seconds): the lists change by the second, and all is counted row by row,
#: which in a database of millions is work.
_FRESH_LISTS, _FRESH_COUNTS = 2.0, 60.0


class StatusPage:
    """Renders the page, whole or with what there is."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._database = health.service.parts.database
        self._lists = Inquiry(self._read_lists)
        self._counts = Inquiry(self._read_counts)

    async def close(self) -> None:
        """Take back what the database was asked."""
        await asyncio.gather(self._lists.close(), self._counts.close())

    async def render(self) -> str:
        """Return the page; it takes as long as the database is waited for at most."""
        report, lists, counts = await asyncio.gather(
            self._health.report(), _or_last(self._lists, _FRESH_LISTS), _or_last(self._counts, _FRESH_COUNTS)
        )
        return dashboard.render(
            report, lists[0].value if lists[0] else None, counts[0].value if counts[0] else None, note=lists[1]
        )
