"""Find the page of an entry among those that other entries of its address have fetched."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ingestd.model.feed import Entry
from ingestd.model.timing import Timing
from ingestd.pipeline.attempts import hold_if_removed
from ingestd.pipeline.retry import Retries
from ingestd.policy.articles import shared_page
from ingestd.policy.polling.novelty import fingerprint
from ingestd.store.database import Database
from ingestd.store.records.outcomes import Carried
from ingestd.store.unreadable import UNREADABLE
from ingestd.store.work import shared_pages
from ingestd.store.work.entries import ClaimedEntry, entry_from_json
from ingestd.store.work.shared_pages import SharedPage


async def find_carried(database: Database, retries: Retries, timing: Timing, work: ClaimedEntry) -> Carried | None:
    """Return the outcome of an entry whose page another entry has fetched; None: the page has to be fetched."""
    url, at = work.entry.link, datetime.now(UTC)
    if url is None or work.entry.body_html is not None or work.known:
        return None

    async def find() -> tuple[int | None, SharedPage | None]:
        async with database.read() as connection:
            await hold_if_removed(connection, work)
            purged = await shared_pages.find_purged(connection, url)
            return purged, await shared_pages.find(connection, url, entry_id=work.id)

    purged, page = await retries.while_unavailable(find)
    if purged is not None:
        return Carried(work=work, at=at, record_id=purged, entry_id=work.id, visited_at=at)
    if page is None or not shared_page.is_current(
        at,
        visited_at=page.visited_at,
        same_announcement=page.fingerprint == work.fingerprint or _announces(page.announced, work.entry),
        is_known=work.record_id is not None,
        updated=work.entry.updated,
        revisit_until=timing.revisit_until,
    ):
        return None
    return Carried(work=work, at=at, record_id=page.record_id, entry_id=page.entry_id, visited_at=page.visited_at)


def _announces(announced: Any, entry: Entry) -> bool:
    """Return whether a stored entry says the same as another one, however each spells its link."""
    try:
        other = entry_from_json(announced)
    except UNREADABLE:
        return False
    return fingerprint(replace(other, link=None)) == fingerprint(replace(entry, link=None))
