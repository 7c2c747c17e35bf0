"""Which articles correct what their record says: those with a note of correction that the record has not."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.policy.articles.correction_notes import correction_notes
from ingestd.store.schema.tables import records, revisions
from ingestd.store.statements import chunks


async def find_corrections(connection: AsyncConnection, articles: Mapping[int, tuple[int | None, Article]]) -> set[int]:
    """Return the keys of those articles that correct a record, each given with the record of its entry.

    What is read is only the records of articles that have a note at all.
    """
    notes = {key: _note(article) for key, (record_id, article) in articles.items() if record_id is not None}
    noted = {key: note for key, note in notes.items() if note}
    before = await _notes_of(connection, {record_id for key in noted if (record_id := articles[key][0]) is not None})
    return {key for key, note in noted.items() if note != before.get(articles[key][0] or 0)}


async def _notes_of(connection: AsyncConnection, record_ids: Iterable[int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    current = (revisions.c.record_id == records.c.id) & (revisions.c.revision == records.c.revision)
    query = select(records.c.id, revisions.c.headline, revisions.c.description_text, revisions.c.body_text)
    for some in chunks(sorted(record_ids)):
        for row in await connection.execute(query.join(revisions, current).where(records.c.id.in_(some))):
            found[row.id] = correction_notes(row.body_text, row.description_text, row.headline)
    return found


def _note(article: Article) -> str | None:
    return correction_notes(article.body_text, article.description_text, article.headline)
