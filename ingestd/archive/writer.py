"""Write batches of bodies and answers into this process's packs, then into the index."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from secrets import token_hex

from ingestd.archive import index, loose, packs
from ingestd.archive.index import Index
from ingestd.archive.protocol import Kind
from ingestd.archive.records import AnswerItem, Item

# A body that was stored before yesterday is written again, except robots.txt files, which are kept for good.
_REWRITE_AFTER = timedelta(days=1)
# Bytes of a pack, after which a new one begins.
_MAX_PACK = 2**30

_INSERT_SUBJECT = "INSERT OR REPLACE INTO subjects (sha256, subject, day) VALUES (?, ?, ?)"


class Writer:
    """Writer of one process; `write` runs in one thread at a time."""

    def __init__(self, root: Path, index: Index) -> None:
        self._root = root
        self._index = index
        self._name = token_hex(4)

    def write(self, items: Sequence[Item], today: date) -> list[int]:
        """Compress items, store them and flush them to the disk; return the stored bytes of each.

        Raises OSError or sqlite3.Error; then nothing is stored, or what is stored is not in the index yet.
        """
        sizes: dict[bytes, int] = {}
        for kind, day in dict.fromkeys((item.kind, item.day or today) for item in items):
            those = [item for item in items if (item.kind, item.day or today) == (kind, day)]
            while (written := self._write_kind(kind, those, day)) is None:
                pass  # a body that was there has just been deleted by another process
            sizes |= written
        return [sizes[item.sha256] for item in items]

    def _write_kind(self, kind: Kind, items: Sequence[Item], today: date) -> dict[bytes, int] | None:
        """Store items of one kind and day; None when a body that needed no writing was deleted meanwhile."""
        with self._index.kept() as connection:
            known = {item.sha256: self._stored(connection, item, today) for item in items}
            answers = [answer for item in items if (answer := self._new_answer(connection, item))]
            subjects = [row for item in items for row in _new_subjects(connection, item, today)]
        new = {item.sha256: item for item in items if not known[item.sha256]}
        bodies = {name: packs.make_record(item.body, name, item.frame) for name, item in new.items()}
        sizes = {name: size or len(bodies[name]) for name, size in known.items()}
        answer_records = [packs.make_record(answer.content, answer.name) for _, answer in answers]
        records = [*bodies.values(), *answer_records]
        if not records:
            if subjects:
                with self._index.write(keep=True) as connection:
                    connection.executemany(_INSERT_SUBJECT, subjects)
            return sizes
        path = self._pack(kind, today)
        with packs.locked(path) as is_new:
            try:
                positions = packs.append(path, records)
            except OSError:
                if is_new:
                    with suppress(OSError):
                        path.unlink()
                raise
            with self._index.write(keep=True) as connection:
                kept = [item for item in items if item.sha256 not in bodies]
                if not all(self._stored(connection, item, today) for item in kept):
                    return None
                pack = index.pack_id(connection, path=str(path.relative_to(self._root)), kind=kind, day=f"{today}")
                for (name, record), position in zip(bodies.items(), positions, strict=False):
                    index.insert_document(connection, name, pack, position, len(record))
                connection.executemany(_INSERT_SUBJECT, subjects)
                connection.executemany(
                    "INSERT INTO answers (url, sha256, status, name, pack, position, length)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [
                        (answer.url, body, answer.status, answer.name, pack, position, len(record))
                        for (body, answer), record, position in zip(
                            answers, answer_records, positions[len(bodies) :], strict=True
                        )
                    ],
                )
        return sizes

    def _stored(self, connection: sqlite3.Connection, item: Item, today: date) -> int:
        """Return the stored bytes of a body that needs no writing; 0 when it has to be written."""
        found = self._index.find(connection, item.sha256)
        if found and found.place.path.exists():
            # What is in a pack of robots.txt files never expires, and what else has the same bytes does not move it.
            is_old = item.kind == "robots" or found.day < f"{today - _REWRITE_AFTER}"
            return 0 if is_old and found.kind != "robots" else found.place.length
        path = loose.path_of(self._root, item.sha256.hex())
        put_at = loose.last_put(path)
        if put_at is None or put_at < today - _REWRITE_AFTER:
            return 0
        return loose.stored_size(path, item.sha256.hex())

    def _new_answer(self, connection: sqlite3.Connection, item: Item) -> tuple[bytes, AnswerItem] | None:
        """Return an answer to store: one that is not stored, and for a robots.txt only if it differs from the last."""
        answer = item.answer
        if answer:
            query = "SELECT 1 FROM answers WHERE url = ? AND sha256 = ? AND name = ?"
            if connection.execute(query, (answer.url, item.sha256, answer.name)).fetchone():
                return None
        if answer and item.kind == "robots":
            query = "SELECT sha256, status FROM answers WHERE url = ? ORDER BY id DESC LIMIT 1"
            if connection.execute(query, (answer.url,)).fetchone() == (item.sha256, answer.status):
                return None
        return (item.sha256, answer) if answer else None

    def _pack(self, kind: Kind, today: date) -> Path:
        path = self._root / "packs" / kind / f"{today}-{self._name}.pack"
        with suppress(FileNotFoundError):
            if path.stat().st_size > _MAX_PACK:
                self._name = token_hex(4)
                return self._pack(kind, today)
        return path


def _new_subjects(connection: sqlite3.Connection, item: Item, today: date) -> list[tuple[bytes, bytes, str]]:
    """Return the rows of a body's subjects that the index does not have, or has with an earlier day."""
    if not item.subjects:
        return []
    known = index.subjects_of(connection, item.sha256)
    return [(item.sha256, subject, f"{today}") for subject in item.subjects if known.get(subject, "") < f"{today}"]
