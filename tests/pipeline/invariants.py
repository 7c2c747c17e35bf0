"""What must hold after each commit of the interleaved runs, looked up on a connection of its own.

Versions of stories only rise, at their publishers and with their senders.  A stored version that falls is therefore an
older result saved over a newer one, even where a later poll would repair it.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import psycopg

_ENTRIES = "SELECT guid, announced FROM entries"
_SOURCES = "SELECT url, etag FROM sources WHERE etag IS NOT NULL"
_RECORDS = (
    "SELECT r.id, r.origin_entry_id, v.headline FROM records r "
    "JOIN revisions v ON v.record_id = r.id AND v.revision = r.revision"
)
_CLAIMS = (
    "SELECT 'source', id, url, run_id, claims, '' FROM sources UNION ALL "
    "SELECT 'entry', id, guid, run_id, claims, fingerprint FROM entries"
)
_EVENTS = "SELECT count(*), coalesce(max(seq), 0) FROM events"


class Invariants:
    """Compares the database after each commit with what it was after the one before."""

    def __init__(self, url: str, editions: Mapping[tuple[str, str], Mapping[str, int]]) -> None:
        """`editions` has the stories of each document, by its URL and its ETag."""
        dialect, _, rest = url.partition(":")
        if dialect.startswith("sqlite"):
            self._connection: Any = sqlite3.connect(rest.removeprefix("///"), isolation_level=None)
        else:
            self._connection = psycopg.connect(f"postgresql:{rest}", autocommit=True)
        self._editions = editions
        self._records: dict[int, int] = {}
        #: Kind and id of a row → its name, run, number of claims and fingerprint.
        self._claims: dict[tuple[str, int], tuple[Any, ...]] = {}
        #: The runs whose commits may have happened since the last check.
        self._committing: Counter[str] = Counter()
        #: Guid → version that is stored.
        self.stored: dict[str, int] = {}
        #: What did not hold, each once, with the step.
        self.broken: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @contextmanager
    def committing(self, run_id: str) -> Iterator[None]:
        """Hold a commit of a run, and the check after it; a commit that ends in an error may have happened."""
        self._committing[run_id] += 1
        yield
        self._committing[run_id] -= 1

    def check(self, step: int) -> None:
        """Compare the database with its last state."""
        for found in self._differences():
            self.broken.append(f"step {step}: {found}")

    def acknowledge(self, step: int, guid: str, version: int) -> None:
        """Compare the database with a push that was just acknowledged."""
        self.check(step)
        if self.stored.get(guid, 0) < version:
            self.broken.append(f"step {step}: push of {guid} version {version} acknowledged, not stored")

    def _rows(self, query: str) -> list[Any]:
        return list(self._connection.execute(query).fetchall())

    def _differences(self) -> list[str]:
        # Sources first: an entry that is committed meanwhile is newer than the validators, never older.
        sources, entries = self._rows(_SOURCES), self._rows(_ENTRIES)
        records, [(count, last)] = self._rows(_RECORDS), self._rows(_EVENTS)
        found = self._fallen_entries(entries) + self._ended_claims()
        for url, etag in sources:
            for guid, version in self._editions.get((url, etag), {}).items():
                if self.stored.get(guid, 0) < version:
                    found.append(f"validators {etag} of {url}: {guid} version {version} is not stored")
        origins = Counter(origin for _, origin, _ in records)
        found += [f"entry {origin} has {many} records" for origin, many in origins.items() if many > 1]
        for record, _, headline in records:
            version = _version(headline)
            if version < self._records.get(record, 0):
                found.append(f"record {record}: version {version} saved over version {self._records[record]}")
            self._records[record] = version
        if count != last:
            found.append(f"{count} events, the last is number {last}")
        return found

    def _ended_claims(self) -> list[str]:
        """Return claims that ended by something else than their own run, its end, or a change of the entry."""
        before, self._claims = self._claims, {}
        for kind, row_id, *row in self._rows(_CLAIMS):
            self._claims[kind, row_id] = tuple(row)
        living = {run for (run,) in self._rows("SELECT id FROM runs")}
        living -= {run for run, count in self._committing.items() if count}
        found = []
        for key, (name, run, number, fingerprint) in before.items():
            now = self._claims.get(key, (None, None, None, None))
            ended, changed = now[1:3] != (run, number), now[3] != fingerprint
            if run in living and ended and not changed:
                found.append(f"{key[0]} {name}: claim {number} of a living run ended by another run")
        return found

    def _fallen_entries(self, rows: list[Any]) -> list[str]:
        found = []
        for guid, announced in rows:
            entry = json.loads(announced) if isinstance(announced, str) else announced
            version = _version(entry["headline"])
            if version < self.stored.get(guid, 0):
                found.append(f"entry {guid}: version {version} saved over version {self.stored[guid]}")
            self.stored[guid] = version
        missing = self.stored.keys() - {row[0] for row in rows}
        return found + [f"entry {guid} has gone" for guid in sorted(missing)]


def _version(headline: str) -> int:
    return int(headline.rpartition(" ")[2])
