"""The index from shingles to stories, and from keys of short texts and headlines."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, TextClause, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import stories, story_keys, story_samples
from ingestd.store.statements import among, execute_for_all
from ingestd.store.stories.packing import unpack

# One parameter for all hashes: a statement with thousands takes longer to build than to run.
_FIND = {
    # Two lists in one row: to make a row of each pair takes longer than to find it.
    "sqlite": text(
        "SELECT json_group_array(s.hash), json_group_array(s.story_id) "
        "FROM json_each(:hashes) AS j CROSS JOIN shingles AS s ON s.hash = j.value"
    ),
    "postgresql": text("SELECT hash, story_id FROM shingles WHERE hash = ANY(:hashes)").bindparams(
        bindparam("hashes", type_=ARRAY(BigInteger))
    ),
}
_ADD_SQLITE = "INSERT OR IGNORE INTO shingles (hash, story_id) VALUES (?, ?)"
_ADD_POSTGRESQL = text(
    "INSERT INTO shingles (hash, story_id) SELECT * FROM unnest(:hashes, :stories) ON CONFLICT DO NOTHING"
).bindparams(bindparam("hashes", type_=ARRAY(BigInteger)), bindparam("stories", type_=ARRAY(BigInteger)))

_FIND_KEYS = select(story_keys.c.key, story_keys.c.story_id, story_keys.c.at).where(
    story_keys.c.kind == bindparam("kind"), among(story_keys.c.key, "keys")
)
_STATES = select(stories.c.id, stories.c.created_at, stories.c.last_at, stories.c.round_up, stories.c.pinned).where(
    among(stories.c.id, "stories"), stories.c.merged_into.is_(None)
)

#: Bits of a hash below those by which a short hash finds it.
_REST = 26
_RANGE = f"s.hash BETWEEN f.first AND f.first + {(1 << _REST) - 1} AND s.story_id = :story"
_COPY = {
    "sqlite": text(
        "INSERT OR IGNORE INTO shingles (hash, story_id) SELECT hash, :to FROM shingles "
        "WHERE hash BETWEEN :first AND :last AND story_id = :story"
    ),
    "postgresql": text(
        "INSERT INTO shingles (hash, story_id) SELECT s.hash, :to FROM unnest(:firsts) AS f (first) "  # noqa: S608
        f"JOIN shingles AS s ON {_RANGE} ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("firsts", type_=ARRAY(BigInteger)), bindparam("to", type_=BigInteger)),
}
_REMOVE = {
    "sqlite": text("DELETE FROM shingles WHERE hash BETWEEN :first AND :last AND story_id = :story"),
    "postgresql": text(
        f"DELETE FROM shingles AS s USING unnest(:firsts) AS f (first) WHERE {_RANGE}"  # noqa: S608
    ).bindparams(bindparam("firsts", type_=ARRAY(BigInteger))),
}


def _numbers(connection: AsyncConnection, values: Sequence[int]) -> Any:
    return json.dumps(values) if connection.dialect.name == "sqlite" else list(values)


async def find(connection: AsyncConnection, hashes: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the stories that have each of some shingles; a shingle that none has is left out."""
    found: dict[int, tuple[int, ...]] = {}
    # One tuple for all shingles that only one story has.
    alone: dict[int, tuple[int, ...]] = {}
    if hashes:
        values = {"hashes": _numbers(connection, sorted(hashes))}
        rows: Any = (await connection.execute(_FIND[connection.dialect.name], values)).all()
        if connection.dialect.name == "sqlite":
            rows = zip(*map(json.loads, rows[0]), strict=True)
        for shingle, story in rows:
            having = found.get(shingle)
            if having is None:
                found[shingle] = alone.get(story) or alone.setdefault(story, (story,))
            else:
                found[shingle] = (*having, story)
    return found


async def add(connection: AsyncConnection, rows: Iterable[tuple[int, int]]) -> None:
    """Add pairs of shingle and story that do not exist yet."""
    import numpy as np  # noqa: PLC0415 - see `packing`

    unordered = list(rows)
    if not unordered:
        return
    # In the order of the index, so that neighbours are written together.
    places = np.argsort(np.array([shingle for shingle, _ in unordered], np.int64), kind="stable")
    ordered = [unordered[place] for place in places.tolist()]
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql(_ADD_SQLITE, ordered)
        return
    values = {"hashes": [row[0] for row in ordered], "stories": [row[1] for row in ordered]}
    await connection.execute(_ADD_POSTGRESQL, values)


async def copy(connection: AsyncConnection, from_story: int, to_story: int, short: Collection[int]) -> None:
    """Give shingles of a story, named by their short hashes, to another one as well."""
    await _for_each_range(connection, _COPY, short, {"story": from_story, "to": to_story})


async def remove(connection: AsyncConnection, story_id: int, short: Collection[int]) -> None:
    """Remove shingles of a story, named by their short hashes."""
    await _for_each_range(connection, _REMOVE, short, {"story": story_id})


async def _for_each_range(
    connection: AsyncConnection, statements: Mapping[str, TextClause], short: Collection[int], values: Mapping[str, int]
) -> None:
    """Execute a statement for the shingles of a story with some short hashes: in the index, each is a short range."""
    firsts = sorted({one >> 2 << _REST for one in short})
    if not firsts:
        return
    statement = statements[connection.dialect.name]
    if connection.dialect.name == "sqlite":
        rows = [{"first": first, "last": first + (1 << _REST) - 1, **values} for first in firsts]
        await connection.execute(statement, rows)
        return
    await connection.execute(statement, {"firsts": firsts, **values})


async def of_story(connection: AsyncConnection, story_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the short hashes of the shingles that the texts of each story have added."""
    c = story_samples.c
    query = select(c.story_id, c.sampled, c.added).where(c.story_id.in_(story_ids))
    found: dict[int, set[int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.story_id, set()).update(unpack(row.sampled if row.added is None else row.added))
    return found


async def find_keys(connection: AsyncConnection, keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    """Return the story and the time that are stored for each of some keys (kind, number), as rows."""
    found = {}
    for kind in {kind for kind, _ in keys}:
        values = {"kind": kind, "keys": sorted(key for one, key in keys if one == kind)}
        found.update({(kind, row.key): row for row in (await connection.execute(_FIND_KEYS, values)).all()})
    return found


async def store_keys(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store keys with their stories and times; those that exist get the new ones."""
    await execute_for_all(connection, _store_keys(connection.dialect.name), rows)


@cache
def _store_keys(dialect: str) -> Any:
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(story_keys)
    values = {"story_id": insert.excluded.story_id, "at": insert.excluded.at}
    return insert.on_conflict_do_update(index_elements=["kind", "key"], set_=values)


async def states(connection: AsyncConnection, story_ids: Collection[int]) -> dict[int, Any]:
    """Return the rows of stories, with `created_at`, `last_at`, `round_up` and `pinned`; merged ones are left out."""
    rows = (await connection.execute(_STATES, {"stories": sorted(story_ids)})).all()
    return {row.id: row for row in rows}
