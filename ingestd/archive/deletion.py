"""Delete bodies from the archive, by name, by kind and age, or by the size of the archive."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingestd.archive import index, loose, packs
from ingestd.archive.index import Found, Index, Pack
from ingestd.archive.protocol import APART, Kind, Usage

# Bodies and answers in one transaction of the index: each takes some milliseconds.
_BATCH = 200
# Seconds: files that no row names and that were written before that are left by killed processes.
_ABANDONED_AFTER = 3600.0


class Deletion:
    """Deletes from packs, from the index and from the files of earlier versions."""

    def __init__(self, root: Path, index: Index) -> None:
        self._root = root
        self._index = index
        #: Number and bytes of the files of earlier versions; None: not counted yet.  Counting may take minutes.
        self._loose: tuple[int, int] | None = None

    def delete(self, names: Sequence[bytes], put_before: date | None = None, *, is_erasure: bool = False) -> int:
        """Delete bodies and their answers; return how many bodies there were.

        With `put_before`, what was put on that day or later stays.  `is_erasure`: those of robots.txt files and of
        refusals go as well, and the bytes are overwritten.
        """
        if not self._root.is_dir():
            return 0
        batches = (names[start : start + _BATCH] for start in range(0, len(names), _BATCH))
        kept = () if is_erasure else APART
        return sum(self._delete_batch(batch, kept, f"{put_before or date.max}") for batch in batches)

    def _delete_batch(self, names: Sequence[bytes], kept: Sequence[str], before: str) -> int:
        deleted = 0
        with self._index.write() as connection:
            found = {name: body for name in names if (body := self._index.find(connection, name))}
            names = [name for name in names if self._last_put(name, found.get(name)) < before]
            bodies = {name: body for name, body in found.items() if name in names and body.kind not in kept}
            answers = [
                answer
                for name in names
                for answer in self._index.answers(connection, "sha256", name)
                if answer.kind not in kept
            ]
            # Erased before the commit: after a crash the rows are there, so that a repeated call finishes.
            places = [*(body.place for body in bodies.values()), *(answer.place for answer in answers)]
            packs.erase(places, overwrite=not kept)
            connection.executemany("DELETE FROM answers WHERE id = ?", [(answer.id,) for answer in answers])
            for name in names:
                if name in bodies:
                    index.remove_document(connection, name)
                    connection.execute("DELETE FROM subjects WHERE sha256 = ?", (name,))
                path = loose.path_of(self._root, name.hex())
                with suppress(FileNotFoundError):
                    if not kept:
                        loose.overwrite(path)
                    path.unlink()
                    self._loose = None
                    deleted += name not in bodies
                deleted += name in bodies
        return deleted

    def _last_put(self, name: bytes, found: Found | None) -> str:
        """Return the day on which a body was last put, or that before (`Writer`); empty: there is none."""
        return found.day if found else f"{loose.last_put(loose.path_of(self._root, name.hex())) or ''}"

    def erase_answers(self, urls: Sequence[bytes]) -> None:
        """Overwrite the answers to requests for URLs; their bodies stay."""
        if not self._root.is_dir():
            return
        with self._index.write() as connection:
            answers = [answer for url in urls for answer in self._index.answers(connection, "url", url)]
            packs.erase([answer.place for answer in answers], overwrite=True)
            connection.executemany("DELETE FROM answers WHERE id = ?", [(answer.id,) for answer in answers])

    def erase_remains(self) -> int:
        """Overwrite what packs have outside of their records, and files of killed processes; return the bytes.

        Such are copies of bodies that were written again later, and records whose process died before their rows.
        """
        erased = 0
        for path in self._root.glob("packs/*/*.pack"):
            with packs.locked(path):
                # Read under the lock: a process that appends to the pack holds it until it has committed the rows.
                with self._index.read() as connection:
                    used = index.used(connection, str(path.relative_to(self._root)))
                erased += packs.erase_gaps(path, used)
        for path in self._root.glob("tmp/*"):
            with suppress(FileNotFoundError):
                erased += loose.overwrite(path)
                path.unlink()
        return erased

    def find(self, subjects: Sequence[bytes], since: date | None) -> set[bytes]:
        """Return the names of bodies about subjects that were last put on a day or later."""
        found: set[bytes] = set()
        if self._root.is_dir():
            with self._index.read() as connection:
                for subject in subjects if index.has_subjects(connection) else ():
                    query = "SELECT sha256 FROM subjects WHERE subject = ? AND day >= ?"
                    found.update(name for (name,) in connection.execute(query, (subject, f"{since or ''}")))
        return found

    def with_subjects(self, names: Sequence[bytes]) -> set[bytes]:
        """Return the names of bodies that were put with a subject."""
        if not self._root.is_dir():
            return set()
        with self._index.read() as connection:
            return {name for name in names if index.subjects_of(connection, name)}

    def delete_before(self, kind: Kind, day: date) -> int:
        """Delete the packs of a kind of the days before `day`; return how many bodies were in them."""
        if not self._root.is_dir():
            return 0
        with self._index.read() as connection:
            old = index.packs(connection, "kind = ? AND day < ?", (kind, f"{day}"))
        return sum(map(self._delete_pack, old))

    def _delete_pack(self, pack: Pack) -> int:
        """Delete a pack and its rows, in small transactions; a crash in between leaves a pack with fewer rows."""
        path = self._root / pack.path
        deleted = 0
        with packs.locked(path):
            is_done = False
            while not is_done:
                with self._index.write() as connection:
                    names = connection.execute(
                        "SELECT sha256 FROM documents WHERE pack = ? LIMIT ?", (pack.id, _BATCH)
                    ).fetchall()
                    for (name,) in names:
                        index.remove_document(connection, name)
                        connection.execute("DELETE FROM subjects WHERE sha256 = ?", (name,))
                    gone = connection.execute(
                        "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE pack = ? LIMIT ?)",
                        (pack.id, _BATCH),
                    ).rowcount
                    deleted += len(names)
                    is_done = len(names) < _BATCH and gone < _BATCH
                    if is_done:
                        connection.execute("DELETE FROM packs WHERE id = ?", (pack.id,))
                time.sleep(0)  # other writers of the index come first
            path.unlink(missing_ok=True)
        return deleted

    def trim(self, limit: int) -> int:
        """Delete the oldest feeds, then files of earlier versions, then pages; return how many bodies."""
        excess, deleted = sum(usage.size for usage in self.usage()) - limit, 0
        for kind in ("feed", "loose", "page"):
            if excess <= 0:
                break
            if kind == "loose":
                count, size = loose.delete_oldest(self._root, excess)
                self._loose = None
                deleted, excess = deleted + count, excess - size
                continue
            with self._index.read() as connection:
                oldest = index.packs(connection, "kind = ?", (kind,))
            for pack in oldest:
                if excess <= 0:
                    break
                excess -= _size(self._root / pack.path)
                deleted += self._delete_pack(pack)
        return deleted

    def usage(self) -> list[Usage]:
        """Return what each kind takes up."""
        if not self._root.is_dir():
            return []
        with self._index.read() as connection:
            rows = index.packs(connection)
        files, documents, sizes = Counter[str](), Counter[str](), Counter[str]()
        days_documents, days_sizes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for pack in rows:
            files[pack.kind] += 1
            documents[pack.kind] += pack.documents
            sizes[pack.kind] += (size := _size(self._root / pack.path))
            days_documents[pack.kind, pack.day] += pack.documents
            days_sizes[pack.kind, pack.day] += size
        today = datetime.now(UTC).date()
        days = [f"{today}", f"{today - timedelta(days=1)}"]
        found = [
            Usage(
                kind=kind,
                files=files[kind],
                documents=documents[kind],
                size=sizes[kind],
                documents_a_day=max(days_documents[kind, day] for day in days),
                size_a_day=max(days_sizes[kind, day] for day in days),
            )
            for kind in sorted(files)
        ]
        self._loose = self._loose or loose.usage(self._root)
        if self._loose[0]:
            found.append(Usage(kind="loose", files=self._loose[0], documents=self._loose[0], size=self._loose[1]))
        return [*found, Usage(kind="index", files=1, documents=0, size=_size(self._index.path))]

    def sweep(self, now: datetime) -> int:
        """Remove abandoned files, and packs of earlier days of which everything was deleted; return how many."""
        if not self._root.is_dir():
            return 0
        before, removed = now.timestamp() - _ABANDONED_AFTER, 0
        with self._index.read() as connection:
            empty = index.packs(
                connection,
                "documents = 0 AND day < ? AND NOT EXISTS (SELECT 1 FROM answers WHERE pack = packs.id)",
                (f"{now:%Y-%m-%d}",),
            )
            known = {pack.path for pack in index.packs(connection)}
        for pack in empty:
            self._delete_pack(pack)
            removed += 1
        for path in (*self._root.glob("tmp/*"), *self._root.glob("packs/*/*.pack")):
            if str(path.relative_to(self._root)) not in known and path.stat().st_mtime < before:
                with packs.locked(path):
                    path.unlink()
                    removed += 1
        return removed


def _size(path: Path) -> int:
    """Return the bytes of a file on the disk, without those of erased records; 0 when it is gone."""
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0
