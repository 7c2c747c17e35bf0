"""Corrections: articles with a correction note that the current revision of their record lacks."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.policy.articles.correction_notes import correction_notes
from ingestd.store.records.records import article_or_headline
from ingestd.store.schema.tables import records, revisions
from ingestd.store.statements import chunks


async def find_corrections(connection: AsyncConnection, articles: Mapping[int, tuple[int | None, Article]]) -> set[int]:
    """Return the keys of the articles that correct their record.

    `articles` maps a key to the id of the entry's record (None: no record yet) and the article.  Only records of
    articles with a correction note are read.
    """
    notes = {key: _note(article) for key, (record_id, article) in articles.items() if record_id is not None}
    with_note = {key: note for key, note in notes.items() if note}
    known_notes = await _record_notes(
        connection, {record_id for key in with_note if (record_id := articles[key][0]) is not None}
    )
    return {key for key, note in with_note.items() if note != known_notes.get(articles[key][0] or 0)}


async def _record_notes(connection: AsyncConnection, record_ids: Iterable[int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    current = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)
    query = select(revisions)
    for some in chunks(sorted(record_ids)):
        for row in await connection.execute(query.join(records, current).where(records.c.id.in_(some))):
            found[row.record_id] = _note(article_or_headline(row, None))
    return found


def _note(article: Article) -> str | None:
    return correction_notes(article.body_text, article.description_text, article.headline)
