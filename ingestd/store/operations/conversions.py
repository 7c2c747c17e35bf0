"""Convert rows of older releases in small batches, while the daemon works.

A row of `revisions` gets its content compressed, and the current ones are added to the full-text index, the newest
first.  Revisions that an older release indexed get their filters of phrases.  Each batch is one transaction; its
progress is stored with it, so a killed daemon goes on where it stopped.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnreadableContent
from ingestd.policy.articles.index_entry import IndexEntry
from ingestd.store.database import Database, lock_records
from ingestd.store.records import search_index
from ingestd.store.records.content import PACKED, pack
from ingestd.store.schema.tables import conversions, records, revisions
from ingestd.store.unreadable import UNREADABLE

#: Rows of the first batch, and of the largest; a batch that took long is followed by a smaller one.
_FIRST, _MAX_ROWS = 10, 200

#: Seconds that the transaction of a batch should take: other writers wait for it.
_WRITE_TIME = 0.02

#: Rows of an old index deleted at once; each has up to 4 kB.
_OLD_INDEX_ROWS = 100

_REVISIONS, _OLD_INDEX, _PHRASES = "revisions", "old index", "phrases"

#: Seconds that a command fills the full-text index of a copy; the daemon does the rest.
AFTER_A_COPY = 60.0

#: Larger than any number of a row.
_ALL = 2**62


@dataclass(frozen=True, slots=True)
class _Converted:
    below: int
    #: Columns of the revisions to pack, and index entries of the revisions that were current, by number.
    packed: Sequence[Mapping[str, Any]]
    indexed: Mapping[int, IndexEntry]


class Conversion:
    """Converts the rows of a database; `run` does what fits into a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = _FIRST
        self._done = False
        #: Seconds of the longest transaction.
        self.longest = 0.0

    async def run(self, seconds: float) -> bool:
        """Convert batches for some seconds; returns whether all is converted.  Raises StoreError."""
        end = monotonic() + seconds
        while not self._done and monotonic() < end:
            self._done = not (
                await self._convert_revisions() or await self._delete_old_index() or await self._add_phrases()
            )
        return self._done

    async def _convert_revisions(self) -> bool:
        """Convert the next batch of revisions; returns whether there was one."""
        async with self._database.read() as connection:
            below = await _below(connection, _REVISIONS)
            if below is None:
                return False
            rows = (await connection.execute(_BATCH, {"below": below, "rows": self._rows})).all()
        converted = await asyncio.to_thread(_convert, rows)
        async with self._database.write() as connection:
            begun = monotonic()
            if rows:
                await _save(connection, converted)
            else:
                await connection.execute(delete(conversions).where(conversions.c.name == _REVISIONS))
        self._note(monotonic() - begun)
        if not rows:
            _log().info("converted all revisions of older releases")
        return True

    async def _delete_old_index(self) -> bool:
        """Delete rows of the index of older releases, then the index; returns whether there was anything left."""
        async with self._database.write() as connection:
            begun = monotonic()
            if await _below(connection, _OLD_INDEX) is None:
                return False
            if connection.dialect.name == "postgresql":
                # Takes no time, but an exclusive lock, for which all others would wait as well.
                await connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
                await connection.execute(text("ALTER TABLE revisions DROP COLUMN IF EXISTS search"))
            elif await _delete_fts_rows(connection):
                self._note(monotonic() - begun)
                return True
            else:
                await connection.execute(text("DROP TABLE revisions_search"))
            await connection.execute(delete(conversions).where(conversions.c.name == _OLD_INDEX))
        self._note(monotonic() - begun)
        return True

    async def _add_phrases(self) -> bool:
        """Add the filters of phrases of the next batch of indexed revisions; returns whether there was one."""
        async with self._database.read() as connection:
            below = await _below(connection, _PHRASES)
            if below is None:
                return False
            rows = (await connection.execute(_BATCH, {"below": below, "rows": self._rows})).all()
        converted = await asyncio.to_thread(_convert, [row for row in rows if row.is_current])
        async with self._database.write() as connection:
            begun = monotonic()
            await lock_records(connection)
            current = await search_index.indexed(connection, converted.indexed.keys())
            await search_index.add_phrases(connection, {id_: converted.indexed[id_] for id_ in sorted(current)})
            progress = conversions.c.name == _PHRASES
            if rows:
                await connection.execute(update(conversions).where(progress).values(below=rows[-1].id))
            else:
                await connection.execute(delete(conversions).where(progress))
        self._note(monotonic() - begun)
        return True

    def _note(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        if seconds > _WRITE_TIME:
            self._rows = max(1, self._rows // 2)
        elif seconds < _WRITE_TIME / 2:
            self._rows = min(_MAX_ROWS, self._rows + max(1, self._rows // 4))


async def _delete_fts_rows(connection: AsyncConnection) -> bool:
    """Delete some rows of the old index on SQLite: to drop it with all its rows takes long."""
    # Without the rows 1 and 10, FTS5 would not open the index in order to drop it.
    for part, keys, rest in (("data", "id", "id > 10"), ("docsize", "id", "true"), ("idx", "segid, term", "true")):
        name = f"revisions_search_{part}"
        chosen = f"SELECT {keys} FROM {name} WHERE {rest} LIMIT :rows"  # noqa: S608 - names from the line above
        statement = text(f"DELETE FROM {name} WHERE ({keys}) IN ({chosen})")  # noqa: S608 - as above
        if (await connection.execute(statement, {"rows": _OLD_INDEX_ROWS})).rowcount:
            return True
    return False


async def restart(connection: AsyncConnection) -> None:
    """Empty the full-text index and convert all rows again, as after they were copied from another database."""
    await search_index.clear(connection)
    await connection.execute(delete(conversions).where(conversions.c.name.in_((_REVISIONS, _PHRASES))))
    await connection.execute(insert(conversions).values(name=_REVISIONS, below=_ALL))


async def unsearchable_until(connection: AsyncConnection) -> datetime | None:
    """Return when the newest record was saved that the full-text index may lack; None: it lacks none."""
    below = await _below(connection, _REVISIONS)
    if below is None:
        return None
    query = select(revisions.c.seen_at).where(revisions.c.id < below).order_by(revisions.c.id.desc()).limit(1)
    found: datetime | None = (await connection.execute(query)).scalar()
    return found


async def _below(connection: AsyncConnection, name: str) -> int | None:
    query = select(conversions.c.below).where(conversions.c.name == name)
    found: int | None = (await connection.execute(query)).scalar()
    return found


_BATCH = (
    select(*search_index.TEXT_COLUMNS, (records.c.revision == revisions.c.revision).label("is_current"))
    .join(records, records.c.id == revisions.c.record_id)
    .where(revisions.c.id < bindparam("below"))
    .order_by(revisions.c.id.desc())
    .limit(bindparam("rows"))
)


def _convert(rows: Sequence[Any]) -> _Converted:
    packed, indexed = [], {}
    for row in rows:
        if row.content is None:
            try:
                packed.append({"number": row.id, **_renamed(pack({name: row._mapping[name] for name in PACKED}))})
            except UNREADABLE as error:  # it stays as it is
                _log().warning("revision not packed", record=row.record_id, error=f"{type(error).__name__}: {error}")
        if row.is_current:
            try:
                indexed[row.id] = search_index.entry_of(row)
            except UnreadableContent as error:
                _log().warning("record cannot be searched", record=row.record_id, error=str(error))
    return _Converted(below=min((row.id for row in rows), default=0), packed=packed, indexed=indexed)


def _renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    # A parameter must not be named like a column.
    return {f"new_{name}": value for name, value in values.items()}


async def _save(connection: AsyncConnection, converted: _Converted) -> None:
    await lock_records(connection)
    if converted.packed:
        await connection.execute(_PACK, converted.packed)
    # A record may have been revised since its rows were read, and its new revision indexed.
    query = select(revisions.c.id).join(
        records, (records.c.id == revisions.c.record_id) & (records.c.revision == revisions.c.revision)
    )
    current = set((await connection.execute(query.where(revisions.c.id.in_(list(converted.indexed))))).scalars())
    missing = current - await search_index.indexed(connection, current)
    await search_index.add(connection, {id_: converted.indexed[id_] for id_ in sorted(missing)})
    below = update(conversions).where(conversions.c.name == _REVISIONS)
    await connection.execute(below.values(below=converted.below))


_PACK = (
    update(revisions)
    .where(revisions.c.id == bindparam("number"), revisions.c.content.is_(None))
    .values({name: bindparam(f"new_{name}") for name in (*PACKED, "content")})
)


def _log() -> Any:
    # Imported here: `records search` asks whether a conversion is under way, and starts faster without it.
    import structlog  # noqa: PLC0415

    return structlog.get_logger(__name__)
