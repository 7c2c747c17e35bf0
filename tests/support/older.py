"""Save records as older extraction rules would have: polled and fetched as usual, with an article the test alters."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import update

from ingestd.daemon.service import Service
from ingestd.errors import NoArticle
from ingestd.likeness.content_hash import content_hash
from ingestd.model.article import Article
from ingestd.pipeline.read import fetch_page, read_page
from ingestd.pipeline.runtime import Runtime
from ingestd.store.records.outcomes import Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema import tables
from ingestd.store.work import entries
from ingestd.store.work.entries import ClaimedEntry
from ingestd.store.work.own_claims import claim_of

#: Name and digest of the older rules, as revisions store them.
OLDER = {"extractor": "ingestd 0.0.9, trafilatura 1.9.0", "rules": "0123456789ab"}

#: Boilerplate that older rules took for text.
PROMPT = "Sign up for our newsletter and never miss a ferry again."


def with_prompt(article: Article) -> Article:
    """Return the article as extracted by rules that keep the prompt."""
    return change(article, body_text=f"{article.body_text}\n\n{PROMPT}")


def change(article: Article, **fields: object) -> Article:
    values = {name: getattr(article, name) for name in Article.__slots__} | fields
    return Article(**values)


async def make_by_older_rules(
    runtime: Runtime,
    alter: Callable[[Article], Article] = with_prompt,
    *,
    no_article: Article | None = None,
    hashed: Callable[..., str] = content_hash,
) -> None:
    """Poll every source and save a record for each new entry, with the article that `alter` returns for today's.

    `no_article` is the older article of a page on which today's rules find none, `hashed` the older hash of texts.
    """
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))
    await Service(runtime, max_polls=4, max_pages=4, per_site=4).engine.run_until_idle(["polls"])
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        claimed = await entries.claim_due(connection, runtime.run_id, now=now, limit=1000)
        # Or the heartbeat would give them back, since no worker has them.
        runtime.claims.add(map(claim_of, claimed))
    found = [await saved(runtime, work, alter, no_article, hashed) for work in claimed]
    async with runtime.database.write() as connection:
        await save_outcomes(connection, found)


async def saved(
    runtime: Runtime,
    work: ClaimedEntry,
    alter: Callable[[Article], Article],
    no_article: Article | None,
    hashed: Callable[..., str],
) -> Saved:
    fetched = await fetch_page(runtime.fetcher, work.entry)
    assert fetched
    try:
        article = alter((await read_page(runtime.pool, fetched.page)).article)
    except NoArticle:
        assert no_article
        article = no_article
    digest = hashed(article.body_text, headline=article.headline)
    return Saved(
        work=work,
        at=datetime.now(UTC),
        article=article,
        content_hash=digest,
        whole_hash=digest,
        site="",
        block_hashes=(),
        url=fetched.url,
        fragment=fetched.page.fragment,
        page_url=fetched.page.url,
        content_type=fetched.page.content_type,
        raw=await runtime.archive.put(fetched.page.body),
        **OLDER,
    )
