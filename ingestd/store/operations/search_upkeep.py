"""Move saved terms into parts of PostgreSQL's full-text index, and merge parts, in small transactions.

One process at a time does this: its session holds a lock of its own, which no transaction that saves records waits
for.  A part appears, with the parts that it replaces gone, in one transaction; blocks that a killed process has left
are deleted.  No transaction is open while this process computes: VACUUM would have to spare what it may still see, and
a server with `idle_in_transaction_session_timeout` would end it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database
from ingestd.store.operations.search_blocks import Reader, write_blocks
from ingestd.store.records import postings
from ingestd.store.records.search_parts import CONVERSION, LOCK_PARTS
from ingestd.store.statements import chunks

#: Rows that wait for a part before one is made: each costs a search some microseconds.
WAITING = 256

#: Parts of one level that are merged into one of the next, and the highest level: a part of level 0 has up to WAITING
#: revisions, one of level 5 up to 262,144.
_MERGED, _HIGHEST = 4, 5

#: Most rows that become one part at once.
_MOST_ROWS = 2048

#: Blocks that are deleted at once.
_DELETED = 500

#: The share of removed revisions from which a part is written anew.
_REMOVED = 1 / 3

#: Seconds between two looks at the removed revisions of a part.
LOOK_EVERY = 60.0

#: Key of the advisory lock; any number that no other application uses in this database.
_LOCK = 0x1267E57E


class SearchUpkeep:
    """Keeps the full-text index of a database in order; `run` does what there is to do.  Nothing on SQLite."""

    def __init__(self, database: Database, *, look_every: float = LOOK_EVERY) -> None:
        self._database = database
        self._look_every = look_every
        self._next_look = monotonic() + look_every
        self._looked_at = 0
        #: Whether nothing can have been left over: to look for it reads the keys of all blocks.
        self._is_clean = False

    async def run(self, *, waiting: int = WAITING) -> None:
        """Make parts while at least `waiting` rows wait, then merge; raises StoreError."""
        if self._database.dialect != "postgresql" or not await self._has_work(waiting):
            return
        async with self._alone(wait=False) as is_alone:
            if not is_alone:
                return
            if not self._is_clean:
                await self._delete_leftovers()
            self._is_clean = False
            while await self._make_part(waiting):
                # Autovacuum comes once a minute, and the rows of a minute would take more space than the parts.
                await self._database.run_alone("VACUUM record_search")
            await self._drop_old_index()
            while await self._merge_level():
                pass
            await self._look_at_next()
            self._is_clean = True

    async def erase(self) -> None:
        """Write anew the parts that may have terms of purged revisions; raises StoreError."""
        if self._database.dialect != "postgresql":
            return
        async with self._alone(wait=True):
            for part in await self._parts():
                if part.must_be_rewritten:
                    await self._replace([part])

    async def _has_work(self, waiting: int) -> bool:
        async with self._database.read() as connection:
            rows = (await connection.execute(_COUNT_WAITING, {"limit": max(1, waiting)})).scalar_one()
            if rows >= max(1, waiting) or (await connection.execute(_OLD_INDEX, {"name": CONVERSION})).first():
                return True
        return monotonic() >= self._next_look or self._level_to_merge(await self._sizes()) is not None

    @asynccontextmanager
    async def _alone(self, *, wait: bool) -> AsyncIterator[bool]:
        """Hold the lock of the upkeep; yields whether it was to be had."""
        async with self._database.session_lock(_LOCK, wait=wait) as is_alone:
            yield is_alone

    async def _parts(self) -> Sequence[Any]:
        async with self._database.read() as connection:
            return (await connection.execute(_PARTS)).all()

    async def _sizes(self) -> Sequence[Any]:
        """Return the parts without their members, which take megabytes in a large database."""
        async with self._database.read() as connection:
            return (await connection.execute(_SIZES)).all()

    async def _delete_leftovers(self) -> None:
        """Delete blocks of parts that there are not: a process was killed before it had finished them."""
        await self._delete_some(_DELETE_LEFTOVERS)

    async def _delete_some(self, statement: TextClause, **values: Any) -> None:
        """Execute a statement that deletes some rows, until there are none."""
        while True:
            async with self._database.write() as connection:
                if not (await connection.execute(statement, {**values, "count": _DELETED})).rowcount:
                    return

    async def _make_part(self, waiting: int) -> bool:
        """Move rows into a new part; returns whether there were enough."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_WAITING, {"limit": _MOST_ROWS})).all()
        if len(rows) < max(1, waiting):
            return False
        terms = {row.revision_id: row.terms for row in rows}
        ids = sorted(terms)
        packer = postings.Packer(ids[0])
        blocks = await asyncio.to_thread(lambda: [*packer.add(postings.inverted(terms)), *packer.finish()])
        members = await asyncio.to_thread(postings.pack_numbers, ids)
        async with self._database.write() as connection:
            moved = set((await connection.execute(_MOVE, {"ids": ids})).scalars())
            if moved != terms.keys():
                await connection.rollback()  # some were removed meanwhile
                return True
            part = (await connection.execute(_NEW_PART)).scalar_one()
            await write_blocks(connection, part, blocks)
            await _add_part(connection, part, ids, members)
        return True

    async def _drop_old_index(self) -> None:
        """Drop the GIN index of an older release, once its rows are in parts."""
        async with self._database.read() as connection:
            if not (await connection.execute(_OLD_INDEX, {"name": CONVERSION})).first():
                return
            if (await connection.execute(_COUNT_WAITING, {"limit": WAITING})).scalar_one() >= WAITING:
                return
        async with self._database.write() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            await connection.execute(text("DROP INDEX IF EXISTS record_search_terms"))
            await connection.execute(text("DELETE FROM conversions WHERE name = :name"), {"name": CONVERSION})

    def _level_to_merge(self, parts: Sequence[Any]) -> list[Any] | None:
        """Return parts of one level, the oldest first, if there are enough."""
        for level in range(_HIGHEST):
            of_level = [part for part in parts if level_of(part.revisions) == level]
            if len(of_level) >= _MERGED:
                return of_level[:_MERGED]
        return None

    async def _merge_level(self) -> bool:
        found = self._level_to_merge(await self._parts())
        if found:
            await self._replace(found)
        return found is not None

    async def _look_at_next(self) -> None:
        """Write the next part anew if many of its revisions were removed."""
        if monotonic() < self._next_look:
            return
        self._next_look = monotonic() + self._look_every
        parts = await self._parts()
        part = next((part for part in parts if part.id > self._looked_at), parts[0] if parts else None)
        if part is None:
            return
        self._looked_at = part.id
        if len(await self._present(part.members)) <= part.revisions * (1 - _REMOVED):
            await self._replace([part])

    async def _replace(self, parts: Sequence[Any]) -> None:
        """Merge parts into one of the revisions that are left; none if none is."""
        kept = set[int]().union(*[await self._present(part.members) for part in parts])
        ids = [part.id for part in parts]
        left = sorted(kept)
        members = await asyncio.to_thread(postings.pack_numbers, left) if left else b""
        new, blocks = None, 0
        if kept:
            async with self._database.write() as connection:
                new = (await connection.execute(_NEW_PART)).scalar_one()
            blocks = await self._merge_into(new, ids, kept)
        async with self._database.write() as connection:
            await connection.execute(LOCK_PARTS)
            if new is not None:
                # Fewer if this process lost the lock of the upkeep, and another one has deleted them.
                if (await connection.execute(_COUNT_BLOCKS, {"part": new})).scalar_one() != blocks:
                    await connection.rollback()
                    return
                await _add_part(connection, new, left, members)
            marked = (await connection.execute(_DELETE_PARTS, {"ids": ids})).scalars().all()
            # Marked since: the new part may have what is to be erased.
            if new is not None and sum(marked) > sum(part.must_be_rewritten for part in parts):
                await connection.execute(_MARK, {"part": new})
        await self._delete_some(_DELETE_BLOCKS, ids=ids)
        await self._database.run_alone("VACUUM record_search_blocks")

    async def _merge_into(self, new: int, ids: Sequence[int], kept: set[int]) -> int:
        """Write the blocks of a new part; returns how many."""
        packer, readers, written = postings.Packer(min(kept)), [Reader(part) for part in ids], 0
        while True:
            async with self._database.read() as connection:
                read = [await reader.read(connection) for reader in readers]
            for reader, blocks_read in zip(readers, read, strict=True):
                await reader.take_up(blocks_read)
            # Above the least of the last keys read, another part may have more.
            open_ = [reader.items[-1][0] for reader in readers if reader.items and not reader.is_at_end]
            taken = [reader.take(min(open_, default=postings.LAST)) for reader in readers]
            if not any(taken):
                break
            blocks = await asyncio.to_thread(_pack, packer, taken, kept)
            async with self._database.write() as connection:
                await write_blocks(connection, new, blocks)
            written += len(blocks)
        blocks = list(packer.finish())
        async with self._database.write() as connection:
            await write_blocks(connection, new, blocks)
        return written + len(blocks)

    async def _present(self, members: bytes) -> set[int]:
        """Return the revisions of a part that were not removed: those that have filters of phrases."""
        numbers, found = await asyncio.to_thread(postings.unpack_numbers, bytes(members)), set[int]()
        for some in chunks(numbers):
            async with self._database.read() as connection:
                found.update((await connection.execute(_PRESENT, {"ids": list(some)})).scalars())
        return found


def level_of(revisions: int) -> int:
    """Return the level of a part with some revisions."""
    level = 0
    while level < _HIGHEST and revisions > WAITING * _MERGED**level:
        level += 1
    return level


def _pack(packer: postings.Packer, taken: list[list[tuple[str, list[int]]]], kept: set[int]) -> list[tuple[str, bytes]]:
    return list(packer.add(postings.merged(taken, kept)))


async def _add_part(connection: AsyncConnection, part: int, ids: Sequence[int], members: bytes) -> None:
    row = {"first": ids[0], "last": ids[-1], "revisions": len(ids), "members": members}
    await connection.execute(_ADD_PART, {"part": part, **row})


_COUNT_WAITING = text("SELECT count(*) FROM (SELECT FROM record_search LIMIT :limit) AS waiting")
_OLD_INDEX = text("SELECT 1 FROM conversions WHERE name = :name")
_PARTS = text("SELECT id, revisions, members, must_be_rewritten FROM record_search_parts ORDER BY id")
_SIZES = text("SELECT id, revisions FROM record_search_parts ORDER BY id")
_NEW_PART = text("SELECT nextval('record_search_part_numbers')")
#: Only what has filters of phrases: these say later which revisions of a part were removed.
_WAITING = text(
    "SELECT revision_id, terms FROM record_search JOIN record_search_phrases USING (revision_id) "
    "ORDER BY revision_id LIMIT :limit"
)
_MOVE = text("DELETE FROM record_search WHERE revision_id = ANY(CAST(:ids AS bigint[])) RETURNING revision_id")
_ADD_PART = text(
    "INSERT INTO record_search_parts (id, first_id, last_id, revisions, members) "
    "VALUES (:part, :first, :last, :revisions, :members)"
)
_DELETE_PARTS = text(
    "DELETE FROM record_search_parts WHERE id = ANY(CAST(:ids AS bigint[])) RETURNING must_be_rewritten"
)
_COUNT_BLOCKS = text("SELECT count(*) FROM record_search_blocks WHERE part = :part")
_MARK = text("UPDATE record_search_parts SET must_be_rewritten = true WHERE id = :part")
_PRESENT = text("SELECT revision_id FROM record_search_phrases WHERE revision_id = ANY(CAST(:ids AS bigint[]))")
_DELETE_BLOCKS = text(
    "DELETE FROM record_search_blocks WHERE ctid = ANY(ARRAY(SELECT ctid FROM record_search_blocks "
    "WHERE part = ANY(CAST(:ids AS bigint[])) LIMIT :count))"
)
_DELETE_LEFTOVERS = text(
    "DELETE FROM record_search_blocks WHERE (part, first_key) IN (SELECT part, first_key FROM record_search_blocks "
    "AS b WHERE NOT EXISTS (SELECT FROM record_search_parts AS p WHERE p.id = b.part) LIMIT :count)"
)
