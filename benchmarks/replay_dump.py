"""Dump all rows of a database and all answers in an archive as lines of text that two runs have in common.

Encodings are decoded and JSON is sorted.  Numbers that depend on the order of concurrent work are replaced by what they
stand for: an entry by its source and guid, a record by the entry that created it.  What is random (identifiers, tokens)
or measured (seconds, compressed sizes), and the digest of the code that extracts, is left out, and so are values that
are null.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.archive.protocol import Archive
from ingestd.store.polls import windows
from ingestd.store.records import search
from ingestd.store.records.content import unpacked
from ingestd.store.schema import tables
from ingestd.store.schema.metadata import metadata

#: Tables about the process and not about what it was given, and those that have a section of their own.
_LEFT_OUT = {"runs", "installation", "conversions", "last_numbers"}
#: Columns whose values are random or measured.
_RANDOM = {
    "sources": {"run_id"}, "entries": {"run_id"}, "polls": {"seconds"}, "raws": {"stored_size"},
    "records": {"guid", "rules"}, "subscriptions": {"token", "secret"},
}  # fmt: skip
_WORDS = ("market", "the ferry", '"of the"', "coun*", "agency", "paper", "monday", "harbour train", "sub*", "minister")


def as_text(value: Any) -> Any:
    """Return a value as JSON can have it."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case Mapping():
            return {str(key): as_text(one) for key, one in value.items() if one is not None}
        case list() | tuple():
            return [as_text(one) for one in value]
        case set() | frozenset():
            return sorted(as_text(one) for one in value)
    return value


def line(section: str, values: Mapping[str, Any]) -> str:
    return f"{section} {json.dumps(as_text(values), sort_keys=True, ensure_ascii=False)}"


class Names:
    """What the numbers of entries and records stand for."""

    def __init__(self, entry_rows: list[Row[Any]], record_rows: list[Row[Any]]) -> None:
        self.entries = {row.id: f"{row.source_id} {row.guid}" for row in entry_rows}
        self.records: dict[int, str] = {}
        made: Counter[int] = Counter()
        for row in sorted(record_rows, key=lambda row: row.id):
            made[row.origin_entry_id] += 1
            self.records[row.id] = f"{self.entries[row.origin_entry_id]} #{made[row.origin_entry_id]}"

    def of(self, column: str, value: Any) -> Any:
        """Return what a value of a column stands for."""
        if value is None:
            return None
        if column.endswith("entry_id"):
            return self.entries.get(value, f"no entry {value}")
        if column in ("record_id", "merged_into"):
            return self.records.get(value, f"no record {value}")
        if column in _SENTENCES and isinstance(value, str):
            return _RULES.sub("", _NUMBERED.sub(self._named, value))
        return value

    def _named(self, found: re.Match[str]) -> str:
        known = {"record": self.records, "entry": self.entries}.get(found[1], {})
        return f"{found[1]} {known.get(int(found[2]), 'N')}"


#: Columns with sentences of ingestd.  A text of a publisher may have a record and a number as well: it stays as it is.
_SENTENCES = {"reason", "note", "message"}
#: The digest of the code that extracts, which may do the same in another way.
_RULES = re.compile(r", rules [0-9a-f]{12}\b")
#: A record, an entry or a gap in such a sentence.
_NUMBERED = re.compile(r"\b(record|entry|gap) (\d+)\b")


async def _rows(connection: AsyncConnection, table: Table) -> list[Row[Any]]:
    return list((await connection.execute(select(table))).all())


async def database_lines(connection: AsyncConnection) -> list[str]:
    """Return a line for each row, sorted within its table."""
    names = Names(await _rows(connection, tables.entries), await _rows(connection, tables.records))
    found: list[str] = []
    for table in sorted(metadata.tables.values(), key=lambda table: table.name):
        if table.name not in _LEFT_OUT:
            rows = await _rows(connection, table)
            special = _SPECIAL.get(table.name)
            values = special(rows, names) if special else _plain(table, rows, names)
            found += sorted(line(table.name, one) for one in values)
    for words in _WORDS:
        hits = await search.search(connection, words, limit=100_000, status="usable")
        found.append(
            line("search", {"words": words, "hits": sorted(f"{names.records[hit.id]}, {hit.revision}" for hit in hits)})
        )
    return found


def _plain(table: Table, rows: list[Row[Any]], names: Names) -> Iterator[dict[str, Any]]:
    left_out = _RANDOM.get(table.name, set())
    keys = {column.name for column in table.primary_key}
    for row in rows:
        values = {name: names.of(name, value) for name, value in row._mapping.items() if name not in left_out}
        if keys == {"id"} and table.name != "sources":
            del values["id"]
        if values.get("last_result"):
            values["last_result"] = "some"
        yield values


def _records(rows: list[Row[Any]], names: Names) -> Iterator[dict[str, Any]]:
    for row, values in zip(rows, _plain(tables.records, rows, names), strict=True):
        yield {"record": names.records[row.id], **values}


def _revisions(rows: list[Row[Any]], names: Names) -> Iterator[dict[str, Any]]:
    left_out = {"id", "rules"}
    for row in rows:
        yield {name: names.of(name, value) for name, value in unpacked(row).items() if name not in left_out}


def _events(rows: list[Row[Any]], names: Names) -> Iterator[dict[str, Any]]:
    """Yield events with their place in the history of their record: those of others may come between them."""
    places: defaultdict[int, int] = defaultdict(int)
    for row in sorted(rows, key=lambda row: row.seq):
        places[row.record_id] += 1
        values = {name: names.of(name, value) for name, value in row._mapping.items()}
        yield {**values, "seq": places[row.record_id]}


def _windows(rows: list[Row[Any]], names: Names) -> Iterator[dict[str, Any]]:
    for row in rows:
        listed = sorted(names.entries[one] for one in windows.decode(row.entry_ids))
        yield {"source_id": row.source_id, "at": row.at, "entries": listed}


def _sites(rows: list[Row[Any]], _names: Names) -> Iterator[dict[str, Any]]:
    """Yield how often blocks recur: in which of a site's articles depends on their order."""
    for row in rows:
        tallies = {block: one[0] for block, one in row.habits["tallies"].items()}
        yield {"site": row.site, "articles": row.habits["articles"], "tallies": tallies, "updated_at": row.updated_at}


_SPECIAL: dict[str, Callable[[list[Row[Any]], Names], Iterator[dict[str, Any]]]] = {
    "records": _records, "revisions": _revisions, "events": _events, "windows": _windows, "sites": _sites,
}  # fmt: skip


async def source_states(connection: AsyncConnection) -> dict[int, dict[str, Any]]:
    """Return the rows of sources by id, as `database_lines` has them."""
    rows = await _rows(connection, tables.sources)
    return {values["id"]: values for values in _plain(tables.sources, rows, Names([], []))}


async def archive_lines(archive: Archive, hashes: list[str]) -> list[str]:
    """Return a line for each body, with its kind and the answers that carried it, and for each answer without one."""
    found = []
    for sha256 in sorted(hashes):
        document = await archive.document(sha256)
        answers = sorted(
            json.dumps(as_text(_answer(one.answer)), sort_keys=True) for one in document.puts if one.answer
        )
        values = {"sha256": sha256, "size": len(document.body), "kind": document.puts[0].kind, "answers": answers}
        subjects = sorted(key.hex() for one in document.puts for key in one.subjects)
        found.append(line("archive", {**values, "subjects": subjects}))
    after, apart = 0, []
    while some := await archive.answers_apart(after=after, limit=500):
        apart += [line("apart", {"kind": one.kind, "sha256": one.sha256, **_answer(one.answer)}) for one in some]
        after = some[-1].number
    return found + sorted(apart)


def _answer(answer: Any) -> dict[str, Any]:
    return {
        name: getattr(answer, name) for name in ("url", "final_url", "status", "reason", "headers", "fetched_at")
    } | {"redirects": [[one.url, one.status, one.reason, one.headers] for one in answer.redirects]}
