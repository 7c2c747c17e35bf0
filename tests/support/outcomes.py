"""Outcomes of entries, made by hand: they give a test records without a network, a page or a worker."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import update

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.policy.articles.revisits import NO_VISITS, Visits
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.records.outcomes import EntryOutcome, Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema.tables import entries as table
from ingestd.store.work import entries
from ingestd.store.work.entries import ClaimedEntry

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


async def claimed(database: Database, source: str, count: int, *, run_id: str = "test") -> list[ClaimedEntry]:
    """Add a source with `count` entries, and claim them."""
    found = [ListedEntry(entry=Entry(guid=str(n), link=f"{source}/{n}"), fingerprint="f") for n in range(count)]
    async with database.write() as connection:
        source_id, _ = await sources.add(connection, source, now=NOON, title=f"The {source.rpartition('/')[2]}")
        await polls.add_entries(connection, source_id, found, now=NOON)
        return await entries.claim_due(connection, run_id, now=NOON, limit=count)


async def claimed_again(database: Database, work: ClaimedEntry) -> ClaimedEntry:
    """Claim an entry that is done, as for a change or a revisit."""
    c = table.c
    async with database.write() as connection:
        again = update(table).where(c.id == work.id).values(state="pending", run_id=work.run_id, claims=c.claims + 1)
        row = (await connection.execute(again.returning(c.claims, c.record_id))).one()
    return replace(work, claim=row.claims, record_id=row.record_id)


def saved(work: ClaimedEntry, content: Article | str, *, at: datetime = NOON, visits: Visits = NO_VISITS) -> Saved:
    """Return the outcome of an entry whose page has an article, or a text that is also the headline."""
    article = Article(headline=content, body_text=content) if isinstance(content, str) else content
    digest = sha256(f"{article.headline} {article.body_text}".encode()).hexdigest()
    return Saved(
        work=work, at=at, article=article, content_hash=digest, whole_hash=digest,
        url=work.entry.link, fragment=False, page_url=work.entry.link or "", content_type="text/html",
        extractor="by hand", rules="0", site="", block_hashes=(), visits=visits,
    )  # fmt: skip


async def keep(database: Database, outcomes: Sequence[EntryOutcome]) -> None:
    """Commit outcomes in one transaction."""
    async with database.write() as connection:
        await save_outcomes(connection, outcomes)


async def keep_texts(database: Database, source: str, *texts: str, at: datetime = NOON) -> None:
    """Add a source whose pages have these texts, and save a record for each."""
    works = await claimed(database, source, len(texts))
    await keep(database, [saved(work, text, at=at) for work, text in zip(works, texts, strict=True)])
