"""Gaps closed: what came and went unseen is looked for where it may still be."""

from datetime import UTC, datetime, timedelta

import structlog

from ingestd.errors import Held, IngestError
from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.repair.feed_archive import repair_from_archive
from ingestd.repair.method import Method, RepairContext, RepairResult
from ingestd.repair.named_feeds import repair_from_named_feeds
from ingestd.repair.siblings import repair_from_siblings
from ingestd.repair.sitemaps import repair_from_sitemaps
from ingestd.store.database import Database
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.polls import gaps, polls, sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.work import entries
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Waits between the tries for one gap (seconds); after the last one it stays open until somebody accepts it.
TRIES = (300.0, 3600.0, 6 * 3600.0)

#: A gap that is looked at is nobody else's for so long; what is ours, or a site that is held, puts it off as long.
_AT_WORK = timedelta(minutes=10)

#: The ways to look, in this order: the feed's own word first, then what costs the site nothing, then the rest.
METHODS: tuple[Method, ...] = (repair_from_archive, repair_from_siblings, repair_from_sitemaps, repair_from_named_feeds)


class Repair:
    """Looks for what gaps may have lost; each way within its bounds, each request in its site's turn."""

    def __init__(self, *, database: Database, fetcher: Fetcher, documents: DocumentReader) -> None:
        self._database = database
        self._tools = RepairContext(database=database, fetcher=fetcher, documents=documents)

    async def run(self, *, limit: int = 10) -> int:
        """Try each open gap that is due; returns how many entries were found."""
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            due = await gaps.claim_due(connection, now=now, retry_at=now + _AT_WORK, limit=limit)
        return sum([await self._try(gap) for gap in due])

    async def _try(self, gap: Gap) -> int:
        async with self._database.read() as connection:
            source = sources.source_from_row(await sources.find(connection, str(gap.source_id)))
        try:
            found, notes, whole = await self._look(gap, source)
        except IngestError as error:
            # Due again by itself: what is ours, and what a site asks us to wait for, is no try.
            log.warning("gap waits", gap=gap.id, error=str(error))
            return 0
        await self._note(gap, found=found, note="; ".join(notes), whole=whole)
        log.info(
            "gap repaired" if whole else "gap stays open",
            gap=gap.id, source=without_userinfo(source.url), found=found, note="; ".join(notes),
        )  # fmt: skip
        return found

    async def _look(self, gap: Gap, source: Source) -> tuple[int, list[str], bool]:
        """Go one way after the other until the gap is whole; one that ends in an error is followed by the next.

        Raises IngestError for a failure of ours, or where a site is to be left alone.
        """
        notes, found = list[str](), 0
        for way in METHODS:
            try:
                mended = await way(self._tools, gap, source)
            except IngestError as error:
                if error.local or isinstance(error, Held):
                    raise
                notes.append(str(error))
                continue
            found += await self._keep(gap, mended)
            notes.append(mended.note)
            if mended.whole:
                return found, notes, True
        return found, notes, False

    async def _note(self, gap: Gap, *, found: int, note: str, whole: bool) -> None:
        now = datetime.now(UTC)
        again = TRIES[gap.attempts] if gap.attempts < len(TRIES) and not whole else None
        async with self._database.write() as connection:
            await gaps.save_attempt(
                connection, gap, found=found, note=note[:1000], closed_at=now if whole else None,
                due_at=now + timedelta(seconds=again) if again else None,
            )  # fmt: skip

    async def _keep(self, gap: Gap, mended: RepairResult) -> int:
        """Add what was found and is not this source's yet; returns how many those were."""
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            known = await polls.known_entries(connection, gap.source_id, [item.entry.guid for item in mended.found])
            new = {item.entry.guid: item for item in mended.found if item.entry.guid not in known}
            versions = [item for item in mended.found if item.version and item.entry.guid in known]
            await polls.add_entries(connection, gap.source_id, [*new.values(), *versions], now=now)
            ids = await entries.find_ids(connection, gap.source_id, [*new])
            reason = f"found by repair of gap {gap.id}: {mended.note}"
            await decisions.add(
                connection,
                [Decision(at=now, entry_id=one, stage="repair", verdict="found", reason=reason) for one in ids],
            )
        return len(new)
