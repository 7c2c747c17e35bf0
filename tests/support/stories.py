"""Invented texts of several hundred words, and what a database says of their stories."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

from sqlalchemy import delete, select, update

from ingestd.model.article import Article
from ingestd.store.database import Database
from ingestd.store.schema.tables import (
    copies,
    entries,
    events,
    last_numbers,
    shingles,
    stories,
    story_cursor,
    story_keys,
    story_samples,
)
from tests.support.outcomes import NOON, claimed, keep, saved

_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi wo zu bra cle dri flo gru".split()


def report(seed: int, *, sentences: int = 20) -> str:
    """Return an invented text, in paragraphs of three sentences; another seed gives another one."""
    random = Random(seed)

    def word() -> str:
        return "".join(random.choices(_SYLLABLES, k=random.randint(1, 3)))

    said = [" ".join(word() for _ in range(random.randint(9, 16))).capitalize() + "." for _ in range(sentences)]
    return "\n\n".join(" ".join(said[place : place + 3]) for place in range(0, sentences, 3))


def cut(text: str, paragraphs: int) -> str:
    """Return the first paragraphs of a text."""
    return "\n\n".join(text.split("\n\n")[:paragraphs])


async def publish(database: Database, source: str, *texts: str, at: datetime = NOON) -> None:
    """Save a record for each text, as pages of a source; the first words of a text are its headline."""
    works = await claimed(database, source, len(texts))
    async with database.write() as connection:
        listed = update(entries).where(entries.c.id.in_([work.id for work in works]))
        await connection.execute(listed.values(first_seen_at=at))
    articles = [Article(headline=" ".join(text.split()[:6]), body_text=text) for text in texts]
    await keep(database, [saved(work, article, at=at) for work, article in zip(works, articles, strict=True)])


async def clusters(database: Database) -> list[Sequence[int]]:
    """Return the records of each story, in order."""
    found: dict[int, list[int]] = {}
    async with database.read() as connection:
        rows = await connection.execute(select(copies.c.story_id, copies.c.record_id).order_by(copies.c.record_id))
        for story_id, record_id in rows:
            found.setdefault(story_id, []).append(record_id)
        live = set((await connection.execute(select(stories.c.id).where(stories.c.merged_into.is_(None)))).scalars())
    assert set(found) <= live
    return sorted(found.values())


async def dumped(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of stories, by table."""
    found = {}
    async with database.read() as connection:
        for table in (stories, shingles, story_keys, story_samples, copies):
            rows = await connection.execute(select(table).order_by(*table.primary_key))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def unplace(database: Database) -> None:
    """Forget all stories, their numbers and their events, so that all records are placed again."""
    async with database.write() as connection:
        for table in (copies, story_samples, story_keys, shingles, stories):
            await connection.execute(delete(table))
        await connection.execute(delete(events).where(events.c.story_id.is_not(None)))
        await connection.execute(delete(last_numbers).where(last_numbers.c.name == "story"))
        await connection.execute(update(story_cursor).values(seq=0))
