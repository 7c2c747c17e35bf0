"""The full-text index of PostgreSQL: parts, each an inverted index of some revisions, and rows that no part has yet.

A GIN index takes 13 bytes for a term of a text, beside the terms themselves; a block takes two, with the term.  A
revision is saved as a row of `record_search` with its terms.  `store.operations.search_upkeep` moves these rows into
parts, and merges parts of about the same size (a log-structured merge tree, O'Neil and others, 1996).  A part keeps the
numbers of removed revisions until it is written anew: they find nothing, since numbers are never used again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UsageError
from ingestd.policy.articles.index_entry import HEADLINE_MARK, OFTEN_MARK
from ingestd.store.records.postings import HEADLINE, LAST, OFTEN, lookup

#: The tables of the index, with that of the filters of phrases.
TABLES = ("record_search", "record_search_parts", "record_search_blocks", "record_search_phrases")

#: A term, and whether it is the beginning of a word.
Wanted = tuple[str, bool]

#: A word in the headline weighs as much as ten that occur often in the body.
HEADLINE_WEIGHT = 10

#: Terms of a query that count for the order of its hits.
MAX_RANKED = 8

#: Terms that one statement looks up.
_LOOKED_UP = 20

#: Blocks that are unpacked at once, in a thread if there are more: each takes some tenths of a millisecond.
_SLICE = 16

#: Most blocks, of about 4 kB, that a query with beginnings of words may read.
MAX_BLOCKS = 5_000

#: Row of `conversions` while the rows of an older release wait for parts: they have a GIN index until then.
CONVERSION = "search parts"

_VECTOR = "array_to_tsvector(string_to_array(terms, ' '))"

_SPACED = "' ' || terms || ' '"

_BLOCKS = """
    SELECT wanted.n - 1 AS number, 0 AS rank, found.block AS block
    FROM record_search_parts AS parts
    CROSS JOIN unnest(CAST(:lows AS text[]), CAST(:highs AS text[])) WITH ORDINALITY AS wanted(low, high, n)
    CROSS JOIN LATERAL (
        (SELECT block FROM record_search_blocks
         WHERE part = parts.id AND first_key <= wanted.low COLLATE "C" ORDER BY first_key DESC LIMIT 1)
        UNION ALL
        (SELECT block FROM record_search_blocks
         WHERE part = parts.id AND first_key > wanted.low COLLATE "C" AND first_key <= wanted.high COLLATE "C")
    ) AS found"""


async def hits(connection: AsyncConnection, wanted: Sequence[Wanted]) -> dict[int, int]:
    """Return the numbers of revisions that have all terms, each with its rank.

    Raises UsageError if beginnings of words stand for too many.
    """
    ranks: dict[int, int] | None = None
    for start in range(0, len(wanted), _LOOKED_UP):
        some = await _hits_of(connection, wanted[start : start + _LOOKED_UP], MAX_RANKED - start)
        ranks = some if ranks is None else {id_: ranks[id_] for id_ in ranks.keys() & some.keys()}
        if not ranks:
            break
    return ranks or {}


async def _hits_of(connection: AsyncConnection, wanted: Sequence[Wanted], ranked: int) -> dict[int, int]:
    """Return the revisions that have all of a few terms; the first `ranked` give a rank."""
    lows = [term for term, _ in wanted]
    highs = [term + (LAST if is_prefix else OFTEN) for term, is_prefix in wanted]
    rows, values = _rows_query(wanted, ranked)
    # One statement, so that a row that is moved into a part meanwhile is found.
    query = text(f"{rows} UNION ALL ({_BLOCKS} LIMIT :most)")
    prefixes = [term for term, is_prefix in wanted if is_prefix]
    values |= {"lows": lows, "highs": highs, "conversion": CONVERSION, "most": MAX_BLOCKS + 1 if prefixes else None}
    found_rows = (await connection.execute(query, values)).all()
    if prefixes and sum(row.block is not None for row in found_rows) > MAX_BLOCKS:
        words = ", ".join(f"{term}*" for term in prefixes)
        raise UsageError(f"{words} stands for too many words; write more letters before the *")
    ranks, blocks = {}, defaultdict[int, list[bytes]](list)
    for row in found_rows:
        if row.block is None:
            ranks[row.number] = row.rank
        else:
            blocks[row.number].append(bytes(row.block))
    having: set[int] | None = None
    marked: list[tuple[set[int], set[int]]] = []
    # The term with the fewest blocks first: if no revision has it, the others are not read.
    for number in sorted(range(len(wanted)), key=lambda number: len(blocks[number])):
        found, *marks = await _looked_up(blocks[number], lows[number], highs[number])
        having = found if having is None else having & found
        if not having:
            break
        if number < ranked:
            marked.append((marks[0], marks[1]))
    in_parts = dict.fromkeys(having or (), 0)
    for of_headline, of_often in marked:
        for weight, ids in ((HEADLINE_WEIGHT, of_headline), (1, of_often)):
            for id_ in in_parts.keys() & ids:
                in_parts[id_] += weight
    return {**in_parts, **ranks}


_Sets = tuple[set[int], set[int], set[int]]


async def _looked_up(blocks: Sequence[bytes], low: str, high: str) -> _Sets:
    """Return the numbers that blocks have of the terms from `low` to `high`: all, of headlines, that occur often.

    Many blocks are unpacked in a thread, some at once, so that other tasks have their turn and a cancelled search ends.
    """
    sets: _Sets = (set(), set(), set())
    if len(blocks) <= _SLICE:
        _look_up(blocks, low, high, sets)
        return sets
    for start in range(0, len(blocks), _SLICE):
        await asyncio.to_thread(_look_up, blocks[start : start + _SLICE], low, high, sets)
    return sets


def _look_up(blocks: Iterable[bytes], low: str, high: str, sets: _Sets) -> None:
    found, of_headline, of_often = sets
    for block in blocks:
        for key, numbers in lookup(block, low, high):
            chosen = of_headline if key.endswith(HEADLINE) else of_often if key.endswith(OFTEN) else found
            chosen.update(numbers)


def _rows_query(wanted: Sequence[Wanted], ranked: int) -> tuple[str, dict[str, Any]]:
    """Return the query for rows that no part has yet and that have all terms, and its parameters."""
    # Terms consist of letters, digits and marks: nothing in them has a meaning in a pattern or a tsquery.
    values: dict[str, Any] = {"query": " & ".join(f"'{term}'{':*' if is_prefix else ''}" for term, is_prefix in wanted)}
    conditions, ranks = [], ["0"]
    for number, (term, is_prefix) in enumerate(wanted):
        end = "" if is_prefix else " "
        values[f"term_{number}"] = f"% {term}{end}%"
        conditions.append(f"{_SPACED} LIKE :term_{number}")
        for mark, weight in ((HEADLINE_MARK, HEADLINE_WEIGHT), (OFTEN_MARK, 1)) if number < ranked else ():
            values[f"mark_{number}_{weight}"] = f"% {mark}{term}{end}%"
            ranks.append(f"CASE WHEN {_SPACED} LIKE :mark_{number}_{weight} THEN {weight} ELSE 0 END")
    columns = f"revision_id AS number, {' + '.join(ranks)} AS rank, CAST(NULL AS bytea) AS block"
    chosen = f"SELECT {columns} FROM record_search WHERE"  # noqa: S608 - only names of parameters
    has_index = "EXISTS (SELECT FROM conversions WHERE name = :conversion)"
    return (
        f"{chosen} NOT {has_index} AND {' AND '.join(conditions)} "
        f"UNION ALL {chosen} {has_index} AND {_VECTOR} @@ CAST(:query AS tsquery)"
    ), values


async def mark_for_erasure(connection: AsyncConnection, revision_ids: Iterable[int]) -> None:
    """Have the parts that may have some revisions written anew by `search_upkeep.erase`."""
    ids = sorted(revision_ids)
    if ids:
        await connection.execute(LOCK_PARTS)
        await connection.execute(_MARK, {"ids": ids})


#: Taken by who marks parts and who replaces them, so that no mark is lost; readers do not wait for it.
LOCK_PARTS = text("LOCK TABLE record_search_parts IN SHARE ROW EXCLUSIVE MODE")

_MARK = text("""
    UPDATE record_search_parts SET must_be_rewritten = true
    WHERE EXISTS (SELECT FROM unnest(CAST(:ids AS bigint[])) AS id WHERE id BETWEEN first_id AND last_id)""")


async def clear(connection: AsyncConnection) -> None:
    """Remove all parts."""
    await connection.execute(text("DELETE FROM record_search_parts"))
    await connection.execute(text("DELETE FROM record_search_blocks"))
