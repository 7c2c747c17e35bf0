"""Read and write the blocks of parts of PostgreSQL's full-text index, in the order of their keys."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records import postings

#: Blocks of a part that are read at once.
BLOCKS = 64


@dataclass(slots=True)
class Reader:
    """Reads the blocks of a part in order, some at once."""

    part: int
    #: The keys that were read, in order, with their numbers.
    items: list[tuple[str, list[int]]] = field(default_factory=list)
    last: str = ""
    is_at_end: bool = False

    async def read(self, connection: AsyncConnection) -> list[bytes]:
        """Return the next blocks for `take_up`, none if there are keys that were not taken."""
        if self.items or self.is_at_end:
            return []
        rows = (await connection.execute(_NEXT, {"part": self.part, "last": self.last, "count": BLOCKS})).all()
        self.is_at_end = len(rows) < BLOCKS
        self.last = rows[-1].first_key if rows else self.last
        return [bytes(row.block) for row in rows]

    async def take_up(self, blocks: Sequence[bytes]) -> None:
        """Unpack blocks that `read` returned; it takes a while, and no transaction should be open."""
        if blocks:
            self.items = await asyncio.to_thread(lambda: [one for block in blocks for one in postings.lookup(block)])

    def take(self, bound: str) -> list[tuple[str, list[int]]]:
        """Return the keys up to a bound, and forget them."""
        taken = [item for item in self.items if item[0] <= bound]
        self.items = self.items[len(taken) :]
        return taken


async def write_blocks(connection: AsyncConnection, part: int, blocks: Sequence[tuple[str, bytes]]) -> None:
    """Add blocks, each with its first key, to a part."""
    if blocks:
        rows = [{"part": part, "first_key": key, "block": block} for key, block in blocks]
        await connection.execute(_ADD_BLOCK, rows)


_NEXT = text(
    "SELECT first_key, block FROM record_search_blocks WHERE part = :part AND first_key > :last "
    "ORDER BY first_key LIMIT :count"
)
_ADD_BLOCK = text("INSERT INTO record_search_blocks (part, first_key, block) VALUES (:part, :first_key, :block)")
