"""Find the page of an entry among those that other entries of its address have fetched."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.feed import Entry
from ingestd.model.timing import Timing
from ingestd.pipeline.attempts import source_removed
from ingestd.pipeline.retry import Retries
from ingestd.policy.articles import shared_page
from ingestd.policy.polling.novelty import fingerprint
from ingestd.store.database import Database
from ingestd.store.lookups import Lookups
from ingestd.store.polls import source_states
from ingestd.store.records.outcomes import Carried
from ingestd.store.unreadable import UNREADABLE
from ingestd.store.work import shared_pages
from ingestd.store.work.entries import ClaimedEntry, entry_from_json
from ingestd.store.work.shared_pages import SharedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the database has of the address of an entry."""

    #: Whether the source of the entry was removed since it was claimed.
    source_is_removed: bool
    #: The purged record that the address belongs to.
    purged: int | None = None
    page: SharedPage | None = None


class CarriedPages:
    """Looks for the pages of entries, those of many entries in one transaction."""

    def __init__(self, database: Database, retries: Retries) -> None:
        self._lookups = Lookups(database, _look_up)
        self._retries = retries

    async def find(self, work: ClaimedEntry, timing: Timing) -> Carried | None:
        """Return the outcome of an entry whose page another entry has fetched; None: the page has to be fetched.

        Raises Held if the source of the entry was removed since the entry was claimed.
        """
        url, at = work.entry.link, datetime.now(UTC)
        if url is None or work.entry.body_html is not None or work.known:
            return None
        found = await self._retries.while_unavailable(lambda: self._lookups.ask((work, url)))
        if found.source_is_removed:
            raise source_removed(work)
        if found.purged is not None:
            return Carried(work=work, at=at, record_id=found.purged, entry_id=work.id, visited_at=at)
        page = found.page
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


async def _look_up(connection: AsyncConnection, some: Sequence[tuple[ClaimedEntry, str]]) -> list[_Found]:
    removed = await source_states.removed(connection, {work.source_id for work, _ in some})
    # Few addresses have a record already, so only theirs are looked at one by one.
    taken = await shared_pages.with_record(connection, {url for _, url in some})
    return [
        _Found(
            source_is_removed=work.source_id in removed,
            purged=await shared_pages.find_purged(connection, url) if url in taken else None,
            page=await shared_pages.find(connection, url, entry_id=work.id) if url in taken else None,
        )
        for work, url in some
    ]


def _announces(announced: Any, entry: Entry) -> bool:
    """Return whether a stored entry says the same as another one, however each spells its link."""
    try:
        other = entry_from_json(announced)
    except UNREADABLE:
        return False
    return fingerprint(replace(other, link=None)) == fingerprint(replace(entry, link=None))
