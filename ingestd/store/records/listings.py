"""Which entries one document has listed side by side."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls import windows
from ingestd.store.schema.tables import entries
from ingestd.store.statements import chunks
from ingestd.store.work.entries import ClaimedEntry


@dataclass(frozen=True, slots=True)
class Listings:
    """The documents in which entries were listed, as far as they are known: the first of each, and the last."""

    #: Entry → its source, and the time of the document that listed it first.
    first: Mapping[int, tuple[int, datetime]] = field(default_factory=dict)
    #: Source → the entries of its last document.
    last: Mapping[int, Collection[int]] = field(default_factory=dict)

    @classmethod
    async def read(cls, connection: AsyncConnection, some: Iterable[ClaimedEntry], others: Iterable[int]) -> Self:
        """Read the documents of some entries, and of others that they may have been listed with."""
        works = list(some)
        if not works:
            return cls()
        found: dict[int, tuple[int, datetime]] = {}
        for ids in chunks(sorted({work.id for work in works}.union(others))):
            query = select(entries.c.id, entries.c.source_id, entries.c.first_seen_at).where(entries.c.id.in_(ids))
            found.update((row.id, (row.source_id, row.first_seen_at)) for row in await connection.execute(query))
        last = await windows.read(connection, {work.source_id for work in works})
        return cls(found, {source_id: window.entry_ids for source_id, window in last.items()})

    def are_beside(self, one: int, other: int) -> bool:
        """Return whether one document is known to have listed two entries; false for an entry and itself."""
        if one == other or one not in self.first or other not in self.first:
            return False
        source_id, first_seen_at = self.first[one]
        if self.first[other] == (source_id, first_seen_at):
            return True
        return self.first[other][0] == source_id and {one, other} <= set(self.last.get(source_id, ()))
