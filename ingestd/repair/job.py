"""Repair gaps: try each method on each gap that is due, add the entries found, and close the gap if it is complete."""

from datetime import UTC, datetime, timedelta

import structlog

from ingestd.errors import Held, IngestError
from ingestd.model.source import Source
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.repair.feed_archive import repair_from_archive
from ingestd.repair.method import RepairContext, RepairMethod, RepairResult
from ingestd.repair.named_feeds import repair_from_named_feeds
from ingestd.repair.siblings import repair_from_siblings
from ingestd.repair.sitemaps import repair_from_sitemaps
from ingestd.store.database import Database
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.polls import gaps, polls, sources
from ingestd.store.polls.gaps import Gap
from ingestd.store.polls.known_entries import known_entries
from ingestd.store.polls.source_rows import source_from_row
from ingestd.store.work import entries
from ingestd.urls import without_userinfo
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Delays between the attempts at one gap, in seconds; after the last attempt it stays open until the operator accepts
#: it.
RETRY_DELAYS = (300.0, 3600.0, 6 * 3600.0)

#: How long a gap is claimed; a repair that a local failure or a hold of the site prevents is tried again after this.
_CLAIM_TIME = timedelta(minutes=10)

#: In the order in which they are tried: the feed's own archive, then what needs no request, then the rest.
METHODS: tuple[RepairMethod, ...] = (
    repair_from_archive,
    repair_from_siblings,
    repair_from_sitemaps,
    repair_from_named_feeds,
)


class Repair:
    """Tries to repair gaps; each method has a limit on documents, and requests are paced as in a poll."""

    def __init__(self, *, database: Database, fetcher: Fetcher, reader: DocumentReader) -> None:
        self._database = database
        self._context = RepairContext(database=database, fetcher=fetcher, reader=reader)

    async def run(self, *, limit: int = 10) -> int:
        """Try to repair the open gaps that are due; returns how many entries were found."""
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            due = await gaps.claim_due(connection, now=now, retry_at=now + _CLAIM_TIME, limit=limit)
        return sum([await self._try(gap) for gap in due])

    async def _try(self, gap: Gap) -> int:
        async with self._database.read() as connection:
            source = source_from_row(await sources.find(connection, str(gap.source_id)))
        try:
            found, notes, complete = await self._try_methods(gap, source)
        except IngestError as error:
            # A local failure or a site on hold is not an attempt; the gap is due again after its claim.
            log.warning("gap repair postponed", gap=gap.id, error=str(error))
            return 0
        await self._save_attempt(gap, found=found, note="; ".join(notes), complete=complete)
        log.info(
            "gap repaired" if complete else "gap stays open",
            gap=gap.id, source=without_userinfo(source.url), found=found, note="; ".join(notes),
        )  # fmt: skip
        return found

    async def _try_methods(self, gap: Gap, source: Source) -> tuple[int, list[str], bool]:
        """Try the methods in order until the gap is complete; returns the number of entries found, notes, and success.

        A remote failure ends only its method.  Raises IngestError for a local failure or a site on hold.
        """
        notes, found = list[str](), 0
        for method in METHODS:
            try:
                result = await method(self._context, gap, source)
            except IngestError as error:
                if error.local or isinstance(error, Held):
                    raise
                notes.append(str(error))
                continue
            found += await self._add_found(gap, result)
            notes.append(result.note)
            if result.complete:
                return found, notes, True
        return found, notes, False

    async def _save_attempt(self, gap: Gap, *, found: int, note: str, complete: bool) -> None:
        now = datetime.now(UTC)
        delay = RETRY_DELAYS[gap.attempts] if gap.attempts < len(RETRY_DELAYS) and not complete else None
        async with self._database.write() as connection:
            await gaps.save_attempt(
                connection, gap, found=found, note=note[:1000], closed_at=now if complete else None,
                due_at=now + timedelta(seconds=delay) if delay else None,
            )  # fmt: skip

    async def _add_found(self, gap: Gap, result: RepairResult) -> int:
        """Add the entries found that the source does not have yet; returns their number."""
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            known = await known_entries(connection, gap.source_id, [item.entry.guid for item in result.found])
            new = {item.entry.guid: item for item in result.found if item.entry.guid not in known}
            versions = [item for item in result.found if item.version and item.entry.guid in known]
            await polls.add_entries(connection, gap.source_id, [*new.values(), *versions], now=now)
            ids = await entries.find_ids(connection, gap.source_id, [*new])
            reason = f"found by repair of gap {gap.id}: {result.note}"
            await decisions.add(
                connection,
                [Decision(at=now, entry_id=one, stage="repair", verdict="found", reason=reason) for one in ids],
            )
        return len(new)
