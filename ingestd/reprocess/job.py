"""Extract records again from their raw bytes after the extraction rules have changed; nothing is fetched.

A record is skipped if the current rules extracted its current revision, or extracted it again with the same result.
The page is extracted as it was fetched: with its raw bytes from the archive, its URL and Content-Type, and the time of
the fetch to judge its dates.  Only the feed's entry and the site's recurring blocks are those of today.  If the article
differs, the record gets one more revision, of kind `reprocessed`, which tells consumers that the story itself did not
change.  Earlier revisions stay unchanged.

Results are committed a few dozen records at a time; a new run skips the records that an interrupted run has committed.
A record that the daemon revises meanwhile is skipped: its new revision comes from a newer page.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from ingestd.archive.protocol import Archive
from ingestd.errors import ArchiveError, ExtractError, NoArticle, WorkerError
from ingestd.pipeline.other_rules import stored_page
from ingestd.pipeline.read import read_page
from ingestd.pipeline.retry import Retries
from ingestd.pipeline.site_context import SiteContexts
from ingestd.policy.articles.changes import changed_fields
from ingestd.store.database import Database
from ingestd.store.records import reprocessing
from ingestd.store.records.reprocessing import CurrentRevision, ReprocessedRevision, SaveResult, Selection
from ingestd.workers.extractor import Extractor
from ingestd.workers.pool import Pool

#: Number of records that are read together, and committed together.
_BATCH_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenedText:
    """A record whose text became shorter."""

    record_id: int
    uri: str | None
    #: Characters before and after.
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRecord:
    """A record that stays unchanged, with the reason."""

    record_id: int
    uri: str | None
    reason: str


@dataclass(slots=True, kw_only=True)
class ReprocessResult:
    """The results of a run so far; numbers of records."""

    looked_at: int = 0
    unchanged: int = 0
    #: Records that got a new revision; in a dry run, that would get one.
    changed: int = 0
    #: Records skipped because the daemon revised them meanwhile.
    overtaken: int = 0
    #: Field → number of records in which it differs.
    fields: Counter[str] = field(default_factory=Counter)
    shorter: list[ShortenedText] = field(default_factory=list)
    #: Records for whose page the current rules find no article.
    without_article: list[SkippedRecord] = field(default_factory=list)
    #: Records whose raw bytes are missing or cannot be read.
    failed: list[SkippedRecord] = field(default_factory=list)
    #: Record id → id of another record, of which some revision has the text that was extracted now.
    same_text: dict[int, int] = field(default_factory=dict)
    #: A random sample of the changed records.
    sample: list[ReprocessedRevision] = field(default_factory=list)


class Reprocess:
    """One run over the selected records, on all processes of a pool; a dry run saves nothing.

    `sample` is the number of changed records to keep for display.
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
        self._retries = Retries()
        self._site_contexts = SiteContexts(database, self._retries)
        self._pool = pool
        self._max_running = 2 * processes
        self._dry_run = dry_run
        self._sample = sample
        self._random = random.Random(0)  # noqa: S311 - chooses a sample, no secret
        self._to_commit: list[ReprocessedRevision] = []
        #: Number of selected records.  None: not counted yet.
        self.total: int | None = None
        self.result = ReprocessResult()

    async def current_extractor(self) -> Extractor:
        """Return the extractor of the pool's processes."""
        found: Extractor = await self._pool.run("ingestd.workers.jobs:present_extractor")
        return found

    async def run(self, selection: Selection) -> ReprocessResult:
        """Reprocess the selected records, each once; raises StoreError."""
        async with self._database.read() as connection:
            ids = await reprocessing.selected_ids(connection, selection)
        self.total = len(ids)
        running: set[asyncio.Task[ReprocessedRevision | None]] = set()
        async with asyncio.TaskGroup() as tasks:
            for batch in _batches(ids):
                for revision in await self._retries.while_unavailable(partial(self._read, batch), limit=None):
                    if len(running) >= self._max_running:
                        running = await self._collect(running)
                    running.add(tasks.create_task(self._reprocess(revision)))
            while running:
                running = await self._collect(running)
        await self._commit()
        return self.result

    async def _read(self, ids: list[int]) -> list[CurrentRevision]:
        async with self._database.read() as connection:
            return await reprocessing.current_revisions(connection, ids)

    async def _collect(
        self, running: set[asyncio.Task[ReprocessedRevision | None]]
    ) -> set[asyncio.Task[ReprocessedRevision | None]]:
        """Collect the jobs that have finished, in any order; returns those still running."""
        done, rest = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        self._to_commit += (found for task in done if (found := task.result()))
        self.result.looked_at += len(done)
        if len(self._to_commit) >= _BATCH_SIZE:
            await self._commit()
        return rest

    async def _reprocess(self, revision: CurrentRevision) -> ReprocessedRevision | None:
        """Extract a record's article again.  None: the extraction failed, and the failure was added to the result."""
        try:
            page = await stored_page(self._archive, self._site_contexts, revision)
            extracted = await read_page(self._pool, page, fetched_at=revision.bytes_at)
        except NoArticle as error:
            self.result.without_article.append(_skipped(revision, str(error)))
        except (ArchiveError, ExtractError, WorkerError) as error:
            self.result.failed.append(_skipped(revision, str(error)))
        else:
            changed = changed_fields(revision.article, extracted.article)
            if not {"headline", "body_text"} & {*changed} and extracted.content_hash != revision.content_hash:
                changed = (*changed, "content_hash")  # the same text has another hash, so the hash function has changed
            return ReprocessedRevision(
                current=revision,
                article=extracted.article,
                content_hash=extracted.content_hash,
                extractor=extracted.extractor.name,
                rules=extracted.extractor.rules,
                changed=changed,
            )
        return None

    async def _commit(self) -> None:
        reprocessed, self._to_commit = self._to_commit, []
        if reprocessed:
            self._count(reprocessed, await self._retries.while_unavailable(lambda: self._save(reprocessed), limit=None))

    async def _save(self, reprocessed: list[ReprocessedRevision]) -> SaveResult:
        if self._dry_run:
            changed = [one for one in reprocessed if one.changed]
            async with self._database.read() as connection:
                same_text = await reprocessing.records_with_same_text(connection, changed)
            return SaveResult(revised=frozenset(one.current.record_id for one in changed), same_text=same_text)
        async with self._database.write() as connection:
            return await reprocessing.save(connection, reprocessed, at=datetime.now(UTC))

    def _count(self, reprocessed: list[ReprocessedRevision], saved: SaveResult) -> None:
        result = self.result
        result.unchanged += sum(not one.changed for one in reprocessed)
        result.overtaken += len(saved.overtaken)
        result.same_text.update(saved.same_text)
        for one in reprocessed:
            if one.current.record_id not in saved.revised:
                continue
            result.changed += 1
            result.fields.update(one.changed)
            before, after = len(one.current.article.body_text), len(one.article.body_text)
            if after < before:
                record_id, uri = one.current.record_id, one.current.address
                result.shorter.append(ShortenedText(record_id=record_id, uri=uri, before=before, after=after))
            self._add_to_sample(one)

    def _add_to_sample(self, one: ReprocessedRevision) -> None:
        """Add a changed record to the sample with the same probability for each (reservoir sampling)."""
        if len(self.result.sample) < self._sample:
            self.result.sample.append(one)
        elif (index := self._random.randrange(self.result.changed)) < self._sample:
            self.result.sample[index] = one


def _skipped(revision: CurrentRevision, reason: str) -> SkippedRecord:
    return SkippedRecord(record_id=revision.record_id, uri=revision.address, reason=reason)


def _batches(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _BATCH_SIZE):
        yield ids[start : start + _BATCH_SIZE]
