"""Records made again from the raw bytes they were made of, when the rules have changed; nothing is fetched.

The current revision of each record is looked at, unless the present rules made it, or have made it again and it came
out the same.  Its bytes come from the archive, its page is read as it was then: with the address and the header it
came with, dates believed as of that day; only what the feed said of it, and what its site's articles have in common,
is taken as it is known by now.  Where the article differs, the record has a revision more, of kind `reprocessed`,
which is no news.  Earlier revisions stay what they were.

What was looked at is committed a few dozen records at a time, so a run that was killed has only those to look at
again.  A record that the daemon revised meanwhile is left alone: its new revision counts.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveError, ExtractError, NoArticle, WorkerError
from ingestd.model.page import Page
from ingestd.pipeline.read import NOWHERE, read_page
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.pipeline.site_context import SiteContexts
from ingestd.policy.articles.changes import changed_fields
from ingestd.store.database import Database
from ingestd.store.records import reprocessing
from ingestd.store.records.reprocessing import CurrentRevision, ReprocessedRevision, SaveResult, Selection
from ingestd.urls import site
from ingestd.workers.extractor import Extractor
from ingestd.workers.pool import Pool

#: Records that are read, and committed, together.
_TOGETHER = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenedText:
    """A record whose text is shorter than it was, in characters."""

    record_id: int
    uri: str | None
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRecord:
    """A record that is left as it is, and why."""

    record_id: int
    uri: str | None
    reason: str


@dataclass(slots=True, kw_only=True)
class ReprocessResult:
    """What a run came to so far."""

    looked_at: int = 0
    #: Records that came out as they were, that differ (or would), and that somebody else had revised meanwhile.
    unchanged: int = 0
    changed: int = 0
    overtaken: int = 0
    #: How many differ in each field.
    fields: Counter[str] = field(default_factory=Counter)
    shorter: list[ShortenedText] = field(default_factory=list)
    #: Pages on which the present rules find no article, and bytes that are not there or cannot be read.
    empty: list[SkippedRecord] = field(default_factory=list)
    failed: list[SkippedRecord] = field(default_factory=list)
    #: Record → another that has or had its new text.
    twins: dict[int, int] = field(default_factory=dict)
    #: A few of those that differ, drawn by lot.
    sample: list[ReprocessedRevision] = field(default_factory=list)


class Reprocess:
    """Makes records again, on all the processes of a pool; a dry run only says what would come of it.

    `sample` is how many of the records that differ are kept to be shown.
    """

    def __init__(
        self,
        *,
        database: Database,
        archive: Archive,
        pool: Pool,
        processes: int,
        dry_run: bool,
        sample: int = 5,
    ) -> None:
        self._database = database
        self._archive = archive
        self._site_contexts = SiteContexts(database)
        self._pool = pool
        self._most = 2 * processes
        self._dry_run = dry_run
        self._sample = sample
        self._lot = random.Random(0)  # noqa: S311 - what is shown, guards nothing
        self._to_commit: list[ReprocessedRevision] = []
        #: How many records there are to look at, None until that is known.
        self.total: int | None = None
        self.result = ReprocessResult()

    async def current_extractor(self) -> Extractor:
        """Return the extractor that the pool has."""
        found: Extractor = await self._pool.run("ingestd.workers.jobs:present_extractor")
        return found

    async def run(self, wanted: Selection) -> ReprocessResult:
        """Look at the records that are wanted, each once; raises StoreError."""
        async with self._database.read() as connection:
            ids = await reprocessing.selected_ids(connection, wanted)
        self.total = len(ids)
        at_work: set[asyncio.Task[ReprocessedRevision | None]] = set()
        async with asyncio.TaskGroup() as tasks:
            for some in _pieces(ids):
                for made in await retry_while_unavailable(lambda some=some: self._read(some)):  # type: ignore[misc]
                    if len(at_work) >= self._most:
                        at_work = await self._take(at_work)
                    at_work.add(tasks.create_task(self._remake(made)))
            while at_work:
                at_work = await self._take(at_work)
        await self._commit()
        return self.result

    async def _read(self, ids: list[int]) -> list[CurrentRevision]:
        async with self._database.read() as connection:
            return await reprocessing.current_revisions(connection, ids)

    async def _take(self, at_work: set[asyncio.Task[ReprocessedRevision | None]]) -> set[asyncio.Task[ReprocessedRevision | None]]:
        """Take what is ready, whichever came first: a page that takes its time holds nobody up."""
        done, rest = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
        self._to_commit += (found for task in done if (found := task.result()))
        self.result.looked_at += len(done)
        if len(self._to_commit) >= _TOGETHER:
            await self._commit()
        return rest

    async def _remake(self, made: CurrentRevision) -> ReprocessedRevision | None:
        """Make a record again; None where nothing comes of it, which is noted."""
        try:
            cleaned = await read_page(self._pool, await self._page(made), fetched_at=made.bytes_at)
        except NoArticle as error:
            self.result.empty.append(_left(made, str(error)))
        except (ArchiveError, ExtractError, WorkerError) as error:
            self.result.failed.append(_left(made, str(error)))
        else:
            changed = changed_fields(made.article, cleaned.article)
            if not {"headline", "body_text"} & {*changed} and cleaned.content_hash != made.content_hash:
                changed = (*changed, "content_hash")  # the scheme of hashing is another
            return ReprocessedRevision(
                current=made,
                article=cleaned.article,
                content_hash=cleaned.content_hash,
                extractor=cleaned.extractor.name,
                rules=cleaned.extractor.rules,
                changed=changed,
            )
        return None

    async def _page(self, made: CurrentRevision) -> Page:
        """Return the page as it was read then; raises ArchiveError."""
        extraction = made.extraction
        if extraction.raw is None:
            raise ArchiveError("its bytes were not kept")
        body = await self._archive.get(extraction.raw)
        # What was saved before addresses were kept knows the page's own, or else the one that its feed gave.
        where = extraction.page_url or (None if extraction.fragment else made.uri) or made.entry.link or NOWHERE
        page = Page(url=where, body=body, content_type=extraction.content_type, entry=made.entry, fragment=extraction.fragment)
        # What has no address belongs to no site.
        return await self._site_contexts.add_to(page, "" if where == NOWHERE else site(where))

    async def _commit(self) -> None:
        remade, self._to_commit = self._to_commit, []
        if remade:
            self._count(remade, await retry_while_unavailable(lambda: self._save(remade)))

    async def _save(self, remade: list[ReprocessedRevision]) -> SaveResult:
        if self._dry_run:
            differing = [one for one in remade if one.changed]
            async with self._database.read() as connection:
                twins = await reprocessing.records_with_same_text(connection, differing)
            return SaveResult(revised=frozenset(one.current.record_id for one in differing), same_text=twins)
        async with self._database.write() as connection:
            return await reprocessing.save(connection, remade, at=datetime.now(UTC))

    def _count(self, remade: list[ReprocessedRevision], written: SaveResult) -> None:
        tally = self.result
        tally.unchanged += sum(not one.changed for one in remade)
        tally.overtaken += len(written.overtaken)
        tally.twins.update(written.same_text)
        for one in remade:
            if one.current.record_id not in written.revised:
                continue
            tally.changed += 1
            tally.fields.update(one.changed)
            before, after = len(one.current.article.body_text), len(one.article.body_text)
            if after < before:
                address = one.current.address
                tally.shorter.append(ShortenedText(record_id=one.current.record_id, uri=address, before=before, after=after))
            self._draw(one)

    def _draw(self, one: ReprocessedRevision) -> None:
        """Keep it for the sample by lot, so that each has the same chance (reservoir sampling)."""
        if len(self.result.sample) < self._sample:
            self.result.sample.append(one)
        elif (place := self._lot.randrange(self.result.changed)) < self._sample:
            self.result.sample[place] = one


def _left(made: CurrentRevision, reason: str) -> SkippedRecord:
    return SkippedRecord(record_id=made.record_id, uri=made.address, reason=reason)


def _pieces(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _TOGETHER):
        yield ids[start : start + _TOGETHER]
