"""Save records on PostgreSQL while other machines do: numbers from sequences, locks of rows, and attempts.

Transactions that share the lock of records exclude each other only where they meet.  A record that is known is locked
before it is read.  A text or an address that two find new at once is a clash at its unique key: the later transaction
undoes what it did, which gives its locks back, and saves alone.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreConflict
from ingestd.store.database import lock_numbers, share_records
from ingestd.store.schema.tables import events, last_numbers, records, revisions

T = TypeVar("T")

#: SQLSTATE of a clash: unique_violation, deadlock_detected.
_CLASHES = frozenset({"23505", "40P01"})


class Contended(StoreConflict):
    """Another transaction saves what this one does, or numbers are not to be had beside others."""


async def attempt(connection: AsyncConnection, save: Callable[[], Awaitable[T]]) -> T | None:
    """Save while others do; at a clash undo what `save` did and return None: the transaction can go on.

    The lock of records, which others share, and those of rows are held to the end of the transaction, or given back at
    a clash: an advisory lock that was taken after a savepoint is released when that is rolled back (13.3.5).
    """
    try:
        async with connection.begin_nested():
            await share_records(connection)
            return await save()
    except Contended:
        return None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _CLASHES:
            raise
        return None


_KNOWN = text(
    """
    SELECT merged_into FROM records WHERE id IN (
        SELECT record_id FROM texts WHERE content_hash = ANY(CAST(:hashes AS text[]))
        UNION SELECT id FROM records WHERE uri = ANY(CAST(:uris AS text[]))
        UNION SELECT unnest(CAST(:ids AS bigint[]))
    )
    ORDER BY id FOR NO KEY UPDATE
    """
)


async def lock_known(
    connection: AsyncConnection, *, uris: Collection[str], hashes: Collection[str], ids: Iterable[int | None]
) -> None:
    """Lock the records that articles may belong to, in the order of their ids; raises Contended if one was merged."""
    values = {"uris": list(uris), "hashes": list(hashes), "ids": [id_ for id_ in ids if id_ is not None]}
    if any(merged is not None for merged in (await connection.execute(_KNOWN, values)).scalars()):
        raise Contended("a record was merged into another one")


_LAST = select(
    func.greatest(
        select(func.max(records.c.id)).scalar_subquery(),
        select(last_numbers.c.number).where(last_numbers.c.name == "record").scalar_subquery(),
        0,
    ).label("record"),
    func.greatest(
        select(func.max(revisions.c.id)).scalar_subquery(),
        select(last_numbers.c.number).where(last_numbers.c.name == "revision").scalar_subquery(),
        0,
    ).label("revision"),
)

_NEXT = text(
    """
    SELECT ARRAY(SELECT nextval('record_numbers') FROM generate_series(1, :count)) AS record,
        ARRAY(SELECT nextval('revision_numbers') FROM generate_series(1, :count)) AS revision
    """
)

# Not below what it is: no transaction shares the lock now, but some may have taken numbers and failed.
_RAISE = text(
    """
    SELECT setval('record_numbers', greatest(:record, (SELECT last_value FROM record_numbers))),
        setval('revision_numbers', greatest(:revision, (SELECT last_value FROM revision_numbers)))
    """
)


async def take_numbers(connection: AsyncConnection, count: int) -> Mapping[str, Iterator[int]]:
    """Return numbers for as many records and revisions, which no other transaction gets.

    Raises Contended if a transaction that saved alone, or an older program, has given out numbers that the sequences
    have not.  The last numbers are read first, so that those of the sequences are above all that came from them.
    """
    last = (await connection.execute(_LAST)).one()
    taken = (await connection.execute(_NEXT, {"count": count})).one()
    if count and (min(taken.record) <= last.record or min(taken.revision) <= last.revision):
        raise Contended("numbers of records were given out elsewhere")
    return {"record": iter(taken.record), "revision": iter(taken.revision)}


async def raise_sequences(connection: AsyncConnection) -> None:
    """Let the sequences go on after the last numbers; the connection must hold `database.lock_records`."""
    last = (await connection.execute(_LAST)).one()
    await connection.execute(_RAISE, {"record": max(1, last.record), "revision": max(1, last.revision)})


_INSERT_TEXTS = text(
    """
    INSERT INTO texts (content_hash, record_id)
    SELECT * FROM unnest(CAST(:hashes AS text[]), CAST(:ids AS bigint[])) ON CONFLICT DO NOTHING
    """
)


async def insert_texts(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert texts that no record had; raises Contended if another transaction has inserted one of them meanwhile."""
    if not rows:
        return
    ordered = sorted((row["content_hash"], row["record_id"]) for row in rows)
    values = {"hashes": [digest for digest, _ in ordered], "ids": [id_ for _, id_ in ordered]}
    if (await connection.execute(_INSERT_TEXTS, values)).rowcount < len(rows):
        raise Contended("another record has a text first")


_LAST_EVENT = select(
    func.greatest(
        select(func.max(events.c.seq)).scalar_subquery(),
        select(last_numbers.c.number).where(last_numbers.c.name == "event").scalar_subquery(),
        0,
    )
)


async def lock_last_event(connection: AsyncConnection) -> int:
    """Return the number of the last event; no other transaction numbers events until this one ends."""
    await lock_numbers(connection)
    return int((await connection.execute(_LAST_EVENT)).scalar_one())


_RAISE_LAST_NUMBERS = text(
    """
    INSERT INTO last_numbers AS l (name, number) VALUES (:name, :number)
    ON CONFLICT (name) DO UPDATE SET number = greatest(l.number, excluded.number)
    """
)


async def raise_last_numbers(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note last numbers, unless others have noted higher ones; the connection must hold `database.lock_numbers`."""
    if rows:
        await connection.execute(_RAISE_LAST_NUMBERS, rows)
