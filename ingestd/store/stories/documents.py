"""The texts of records as their placement reads them."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnreadableContent
from ingestd.model.article import Article
from ingestd.store.records.content import content_of
from ingestd.store.records.records import UNPACKED, article_of
from ingestd.store.schema.tables import copies, entries, events, records, revisions, sources
from ingestd.store.statements import among

#: Events after which a revision is placed.
_PLACED = frozenset({"new", "withheld", "released", "revised", "corrected", "reprocessed", "killed"})

#: One that only shows that the text is still published.
_CARRIED = "carried"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A revision of a record, with what its placement needs."""

    record_id: int
    revision: int
    #: The event that tells of it, and its time; of a rebuild the time when the revision was seen.
    kind: str
    at: datetime
    #: When it was published, of a backfill, as far as it says so; else the same as `at`.
    time: datetime
    publisher: str
    #: The entry that created the record, and when it was first seen.
    entry_id: int
    first_seen_at: datetime
    #: Whether it came as a wire item.
    is_wire: bool
    #: Who issued the wire item.
    provider: str | None
    #: None: the revision is gone, or cannot be read.
    article: Article | None


#: The registrable domain of an entry's page, or else of its source.
PUBLISHER = func.coalesce(func.nullif(entries.c.site, ""), func.nullif(sources.c.site, ""), sources.c.url).label(
    "publisher"
)

#: What `article_of` needs next to the packed values.
_ARTICLE = (
    "content", "headline", "byline", "authors", "firstcreated", "versioncreated", "date_precision", "language",
    "dateline", "source", "usageterms", "paywall", "truncated",
)  # fmt: skip

_COLUMNS = (
    events.c.kind,
    events.c.at,
    events.c.record_id,
    events.c.revision,
    records.c.origin_entry_id,
    records.c.item_key,
    records.c.merged_into,
    records.c.purged_at,
    entries.c.first_seen_at,
    entries.c.backfill_id,
    revisions.c.id.label("revision_id"),
    PUBLISHER,
    revisions.c.item,
    *(revisions.c[name] for name in _ARTICLE),
    *UNPACKED,
)

_REVISION_COLUMNS = (
    literal("new").label("kind"),
    revisions.c.seen_at.label("at"),
    revisions.c.record_id,
    revisions.c.revision,
    *_COLUMNS[4:],
)

_REVISIONS = (
    select(*_REVISION_COLUMNS)
    .join_from(revisions, records, records.c.id == revisions.c.record_id)
    .join(entries, entries.c.id == records.c.origin_entry_id)
    .join(sources, sources.c.id == entries.c.source_id)
    .outerjoin(copies, copies.c.record_id == revisions.c.record_id)
    .where(copies.c.record_id.is_(None) | (copies.c.revision < revisions.c.revision))
    .order_by(revisions.c.id)
)

_TEXTS = (
    select(*_COLUMNS)
    .join(records, records.c.id == events.c.record_id)
    .outerjoin(revisions, (revisions.c.record_id == events.c.record_id) & (revisions.c.revision == events.c.revision))
    .join(entries, entries.c.id == records.c.origin_entry_id)
    .join(sources, sources.c.id == entries.c.source_id)
    .order_by(events.c.seq)
)


async def after(connection: AsyncConnection, seq: int, *, limit: int) -> tuple[list[StoredText], int]:
    """Return what the next events after a number tell, in order (`_in_time_order`), and the number of the last of them.

    At most `limit` events are read; the number is `seq` if there are none.
    """
    query = select(events.c.seq).where(events.c.seq > seq).order_by(events.c.seq).limit(limit)
    numbers = (await connection.execute(query)).scalars().all()
    if not numbers:
        return [], seq
    query = _TEXTS.where(
        events.c.seq > seq, events.c.seq <= numbers[-1], events.c.kind.in_((*sorted(_PLACED), _CARRIED))
    )
    rows = (await connection.execute(query)).all()
    return await asyncio.to_thread(_in_time_order, rows), numbers[-1]


def _text(row: Row[Any]) -> StoredText:
    article = None
    if row.kind in _PLACED and row.revision_id is not None and row.purged_at is None and row.merged_into is None:
        article = _article(row)
    return StoredText(
        record_id=row.record_id,
        revision=row.revision,
        kind=row.kind,
        at=row.at,
        time=_time(row, article),
        publisher=row.publisher,
        entry_id=row.origin_entry_id,
        first_seen_at=row.first_seen_at,
        is_wire=row.item_key is not None,
        provider=_provider(row),
        article=article,
    )


def _time(row: Row[Any], article: Article | None) -> datetime:
    """Return the time of a text: what a backfill brings now was published among the stories of its own time."""
    if row.backfill_id is None or article is None or row.revision > 1:
        return row.at  # type: ignore[no-any-return]
    stated = article.firstcreated or article.versioncreated
    return stated if stated and stated < row.at else row.at


def _in_time_order(rows: Iterable[Row[Any]]) -> list[StoredText]:
    """Return texts in their order, but those of backfills, which list the newest first, by their time and before all.

    No text is before an older revision of its record: only a first one has a time of its own.
    """
    found = [_text(row) for row in rows]
    old = sorted((one for one in found if one.time != one.at), key=lambda one: one.time)
    return [*old, *(one for one in found if one.time == one.at)]


def _provider(row: Row[Any]) -> str | None:
    provider = row.item.get("provider") if row.item_key is not None and isinstance(row.item, dict) else None
    found = (provider.get("name") or provider.get("code")) if isinstance(provider, dict) else None
    return found if isinstance(found, str) else None


def _article(row: Row[Any]) -> Article | None:
    try:
        return article_of(row, None)
    except UnreadableContent:
        return None


async def revisions_after(connection: AsyncConnection, number: int, *, limit: int) -> tuple[list[StoredText], int, int]:
    """Return the next revisions after a number that are not placed, in order, and the number of the last looked at.

    At most `limit` are looked at; that number is `number` if there are none.  The third value is the last there is.
    """
    c = revisions.c
    query = select(c.id).where(c.id > number).order_by(c.id).limit(limit)
    numbers = (await connection.execute(query)).scalars().all()
    if not numbers:
        return [], number, number
    last = (await connection.execute(select(func.max(c.id)))).scalar_one()
    rows = (await connection.execute(_REVISIONS.where(c.id > number, c.id <= numbers[-1]))).all()
    return await asyncio.to_thread(_in_time_order, rows), numbers[-1], last


async def texts(connection: AsyncConnection, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """Return the texts of some revisions, given as record and number; those that are gone are left out."""
    if not wanted:
        return {}
    ordered = sorted(wanted)
    values = {
        "records": sorted({record for record, _ in ordered}),
        "texts": [(record << _REVISION_BITS) + revision for record, revision in ordered],
    }
    rows = (await connection.execute(_BODIES, values)).all()
    return await asyncio.to_thread(_bodies, rows)


#: Bits of the number of a revision in that of a text, which is one number for both.
_REVISION_BITS = 24

# The first condition is one on the index; the second chooses among the revisions of these records.
_BODIES = select(
    revisions.c.record_id,
    revisions.c.revision,
    revisions.c.content,
    case((revisions.c.content.is_(None), revisions.c.body_text)).label("body_text"),
).where(
    among(revisions.c.record_id, "records"),
    among(revisions.c.record_id * (1 << _REVISION_BITS) + revisions.c.revision, "texts"),
)


def _bodies(rows: Sequence[Any]) -> dict[tuple[int, int], str]:
    found = {}
    for row in rows:
        with suppress(UnreadableContent):
            body = row.body_text if row.content is None else content_of(row)["body_text"]
            found[row.record_id, row.revision] = str(body)
    return found
