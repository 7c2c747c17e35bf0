"""Read documents of which earlier ones are known: items that are there byte for byte are not parsed again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingestd.model.reply import Reply
from ingestd.model.source import Source
from ingestd.pipeline.read import read_reply
from ingestd.pipeline.retry import Retries
from ingestd.store.database import Database
from ingestd.store.polls.known_entries import KnownEntry, known_entries, known_items
from ingestd.workers.pool import Pool
from ingestd.workers.results import ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """A document as far as it was parsed, and the known entries of its source."""

    parsed: ParsedFeed
    #: Known entries by guid: those that the document lists, and maybe others.
    known: Mapping[str, KnownEntry]
    #: The guids of entries whose items were skipped, by the hash of the item.
    skipped: Mapping[bytes, str] = field(default_factory=dict)


class KnownDocuments:
    """Looks up known entries, and reads documents with them; waits while the database is unavailable."""

    def __init__(self, database: Database, pool: Pool, retries: Retries) -> None:
        self._database = database
        self._pool = pool
        self._retries = retries

    async def read(self, source: Source, reply: Reply) -> ReadDocument:
        """Parse what is not known of a document; raises ParseError, WorkerError."""
        if source.cursor is not None:  # pages of a list with wire items
            return await self._read_all(source, reply, None)
        # The first document is read whole: its dates say how often the source publishes.
        is_first = source.pace is None or source.last_success_at is None
        items = {} if is_first else await self._items(source)
        if not items:
            return await self._read_all(source, reply, frozenset())
        parsed = await read_reply(self._pool, reply, known=frozenset(items))
        skipped = {one: items[one][0] for one in parsed.skipped}
        guids = [entry.guid for entry in parsed.feed.entries]
        # Of two items with one guid, the whole document tells which counts.
        if not {*skipped.values()}.isdisjoint(guids):
            return await self._read_all(source, reply, frozenset())
        known = {items[one][0]: items[one][1] for one in parsed.skipped}
        if guids:
            known |= await self.entries(source, guids)
        return ReadDocument(parsed=parsed, known=known, skipped=skipped)

    async def _read_all(self, source: Source, reply: Reply, known: frozenset[bytes] | None) -> ReadDocument:
        parsed = await read_reply(self._pool, reply, known=known)
        return ReadDocument(
            parsed=parsed, known=await self.entries(source, [entry.guid for entry in parsed.feed.entries])
        )

    async def entries(self, source: Source, guids: Sequence[str]) -> dict[str, KnownEntry]:
        """Return the known entries of a source among `guids`, by guid."""

        async def look_up() -> dict[str, KnownEntry]:
            async with self._database.read() as connection:
                return await known_entries(connection, source.id, guids)

        return await self._retries.while_unavailable(look_up)

    async def _items(self, source: Source) -> dict[bytes, tuple[str, KnownEntry]]:
        async def look_up() -> dict[bytes, tuple[str, KnownEntry]]:
            async with self._database.read() as connection:
                return await known_items(connection, source.id)

        return await self._retries.while_unavailable(look_up)
