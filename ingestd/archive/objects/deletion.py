"""Delete bodies from an object store: by name, by kind and age, or by the size of the archive."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import time

from ingestd.archive import loose
from ingestd.archive.objects import layout
from ingestd.archive.objects.cache import ReadCache
from ingestd.archive.objects.client import ObjectClient
from ingestd.archive.objects.layout import PutName, Row
from ingestd.archive.objects.lists import DayLists
from ingestd.archive.protocol import APART, Kind
from ingestd.errors import ArchiveError

# Bodies that are announced and deleted together, and seconds that this may take.
_BATCH, _LONGEST = 200, 60.0
# An announcement that is older was left by a killed process.
_ABANDONED = timedelta(minutes=5)
# How long other hosts have to learn what was erased.
_ERASED_KEPT = timedelta(days=3)
# Seconds: files that were being written before are left by killed processes.
_PARTIAL_AFTER = 3600.0


async def deleted_now(client: ObjectClient) -> set[str]:
    """Return the sha256 of bodies that processes are about to delete."""
    since = datetime.now(UTC) - _ABANDONED
    found: set[str] = set()
    for name in await client.names("deleting/"):
        if layout.time_of(name.rpartition("/")[2]) > since and (content := await client.get(name)):
            found.update(json.loads(content))
    return found


class ObjectDeletion:
    """Deletes bodies with what was written beside them; a call that is cut short is continued by the next one."""

    def __init__(self, client: ObjectClient, lists: DayLists, cache: ReadCache | None) -> None:
        self._client = client
        self._lists = lists
        self._cache = cache

    async def delete(self, names: Sequence[str], *, before: str, is_erasure: bool = False) -> int:
        """Delete bodies that were last put before a day; return how many there were.

        What is `APART` stays, unless `is_erasure`: then all goes, and in a directory it is overwritten.
        """
        unique = list(dict.fromkeys(names))
        batches = (unique[start : start + _BATCH] for start in range(0, len(unique), _BATCH))
        return sum([await self._delete_batch(batch, before, is_erasure) for batch in batches])

    async def _delete_batch(self, names: Sequence[str], before: str, is_erasure: bool) -> int:
        async with self._announced(names) as is_late:
            lists = await asyncio.gather(*(self._client.names(f"puts/{name}/") for name in names))
            puts = {name: [PutName.parse(one) for one in found] for name, found in zip(names, lists, strict=True)}
            puts = {name: found for name, found in puts.items() if all(one.day < before for one in found)}
            gone = [(name, one) for name, found in puts.items() for one in found if is_erasure or one.kind not in APART]
            rows = dict(
                zip([one for _, one in gone], await asyncio.gather(*(self._row(*one) for one in gone)), strict=True)
            )
            bodies = [name for name, found in puts.items() if found and all(one in rows for one in found)]
            is_late()
            beside = [other for one, row in rows.items() for other in row.names_beside(one.day)]
            stored = bodies if not is_erasure else names
            await self._client.delete([*beside, *map(layout.body_name, stored)], overwrite=is_erasure)
            await self._lists.subtract((one.kind, one.day, row) for one, row in rows.items())
            await self._client.delete([one.name for one in rows], overwrite=is_erasure)
        if self._cache:
            await asyncio.to_thread(self._cache.forget, stored)
        return len(bodies)

    async def erase(self, names: Sequence[str], urls: Sequence[str]) -> int:
        """Delete bodies with all their answers, and those to requests for URLs (keys); return how many bodies.

        Then say so to the other hosts, which may have cached them.
        """
        count = await self.delete(names, before=f"{date.max}", is_erasure=True)
        for url in urls:
            await self._client.delete(await self._client.names(f"answers/{url}/"), overwrite=True)
        for start in range(0, len(names), _BATCH):
            content = json.dumps(list(names[start : start + _BATCH])).encode()
            await self._client.create(f"erased/{layout.new_number(datetime.now(UTC))}", content)
        return count

    async def erased(self) -> set[str]:
        """Return the sha256 of what was erased in the last days."""
        found: set[str] = set()
        for name in await self._client.names("erased/"):
            if content := await self._client.get(name):
                found.update(json.loads(content))
        return found

    async def erase_partial(self) -> int:
        """Overwrite and remove files in a shared directory that killed processes left; return the bytes."""
        if (root := self._client.directory) is None:
            return 0
        return sum(await asyncio.to_thread(lambda: [_overwrite(path) for path in _partial_files(root, time() - 1)]))

    async def delete_before(self, kind: Kind, day: str) -> int:
        """Delete the bodies of a kind that were last put before a day; return how many there were."""
        days = [one for one in await self._lists.days(kind) if one < day]
        return sum([(await self._delete_day(kind, one))[0] for one in days])

    async def trim(self, limit: int) -> int:
        """Delete the oldest feeds, then pages, until `limit` bytes are used; return how many bodies."""
        excess, deleted = await self._used() - limit, 0
        for kind in ("feed", "page"):
            for day in await self._lists.days(kind) if excess > 0 else ():
                if excess > 0:
                    deleted += (await self._delete_day(kind, day, excess))[0]
                    # Counted anew: another node may delete the same days.
                    excess = await self._used() - limit
        return deleted

    async def _used(self) -> int:
        return sum(one.size for one in await self._lists.usage(datetime.now(UTC).date()))

    async def _delete_day(self, kind: str, day: str, excess: int | None = None) -> tuple[int, int]:
        """Delete what was put on a day, or lists of it until `excess` bytes are freed; return bodies and bytes."""
        lists = await self._lists.of_day(kind, day)
        deleted = [one for one in lists if one.count < 0]
        gone = await self._lists.put_names(deleted)
        count = size = 0
        for one in lists:
            if one.count < 0:
                continue
            if excess is not None and size >= excess:
                return count, size
            if not (listed := await self._lists.rows(one)):
                size += one.size  # another node deletes the same day
            rows = [row for row in listed if row.put_name(kind, day) not in gone]
            for start in range(0, len(rows), _BATCH):
                freed = await self._delete_rows(kind, day, rows[start : start + _BATCH])
                count, size = count + len(freed), size + sum(row.size for row in freed)
            await self._client.delete([one.name])
        await self._client.delete([one.name for one in deleted])
        return count, size

    async def _delete_rows(self, kind: str, day: str, rows: Sequence[Row]) -> list[Row]:
        """Delete what was put, and bodies that were not put otherwise; return those."""
        bodies = {row.sha256: row for row in rows}
        async with self._announced(list(bodies)) as is_late:
            names = [name for row in rows for name in (*row.names_beside(day), row.put_name(kind, day))]
            await self._client.delete(names)
            kept = await asyncio.gather(*(self._client.has_any(f"puts/{sha256}/") for sha256 in bodies))
            freed = [row for row, is_kept in zip(bodies.values(), kept, strict=True) if not is_kept]
            is_late()
            await self._client.delete([layout.body_name(row.sha256) for row in freed])
        return freed

    @asynccontextmanager
    async def _announced(self, names: Sequence[str]) -> AsyncIterator[Callable[[], None]]:
        """Announce what is about to be deleted, so that a process that puts it meanwhile waits (`ObjectWriter`).

        Yields a check to call before bodies are deleted; it raises ArchiveError when that took too long, as the
        announcement is no longer believed after some minutes.
        """
        began = datetime.now(UTC)
        name = f"deleting/{layout.new_number(began)}"

        def is_late() -> None:
            if (datetime.now(UTC) - began).total_seconds() > _LONGEST:
                raise ArchiveError(f"{self._client.where()}: a deletion took too long; it is tried again")

        await self._client.create(name, json.dumps(list(names)).encode())
        try:
            yield is_late
        finally:
            await self._client.delete([name])

    async def sweep(self, now: datetime) -> int:
        """Remove what killed processes left, and merge the lists of days; return how many files there were."""
        abandoned = [
            name
            for folder, kept in (("deleting/", _ABANDONED), ("erased/", _ERASED_KEPT))
            for name in await self._client.names(folder)
            if layout.time_of(name.rpartition("/")[2]) < now - kept
        ]
        await self._client.delete(abandoned)
        await self._lists.merge(now)
        if (root := self._client.directory) is None:
            return len(abandoned)
        before = now.timestamp() - _PARTIAL_AFTER
        return len(abandoned) + len(
            await asyncio.to_thread(lambda: list(map(_overwrite, _partial_files(root, before))))
        )

    async def _row(self, sha256: str, put: PutName) -> Row:
        content = await self._client.get(put.name)
        try:
            return Row.read(content) if content else Row(sha256=sha256, size=0)
        except ValueError as error:
            raise ArchiveError(f"damaged: {self._client.where(put.name)}: {error}") from error


def _partial_files(root: Path, before: float) -> list[Path]:
    """Return files that were being written before a time: their names end in "#" and a number."""
    found = []
    for path in root.rglob("*#*"):
        try:
            if path.stat().st_mtime < before:
                found.append(path)
        except FileNotFoundError:
            continue
    return found


def _overwrite(path: Path) -> int:
    try:
        size = loose.overwrite(path)
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
