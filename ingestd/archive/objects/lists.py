"""Lists of what was put on each day, and of what was deleted of it: a list for each batch, merged after a while."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import zstandard

from ingestd.archive.objects import layout
from ingestd.archive.objects.client import ObjectClient
from ingestd.archive.objects.layout import ListName, Row
from ingestd.archive.protocol import Usage
from ingestd.errors import ArchiveError

# Lists are merged when they are older and more than so many, until one has so many rows.
_MERGED_AFTER, _FEW_LISTS, _LONG_LIST = timedelta(hours=1), 16, 25_000
# Deleted rows of a day that are remembered, to pass over them; beyond, each is looked up.
_MAX_GONE = 200_000


class DayLists:
    """Reads, counts and merges the lists."""

    def __init__(self, client: ObjectClient) -> None:
        self._client = client

    async def days(self, kind: str) -> Sequence[str]:
        """Return the days on which a kind was put, in order."""
        return await self._client.folders(f"days/{kind}/")

    async def of_day(self, kind: str, day: str) -> list[ListName]:
        """Return the lists of a day, in order."""
        return [ListName.parse(name) for name in await self._client.names(f"days/{kind}/{day}/")]

    async def subtract(self, gone: Iterable[tuple[str, str, Row]]) -> None:
        """Note in the lists of their days that bodies were deleted."""
        days: dict[tuple[str, str], list[Row]] = {}
        for kind, day, row in gone:
            days.setdefault((kind, day), []).append(row)
        now = datetime.now(UTC)
        for (kind, day), rows in days.items():
            name = layout.list_name(kind, date.fromisoformat(day), now, rows, sign=-1)
            await self._client.create(name, layout.write_rows(rows))

    async def usage(self, today: date) -> list[Usage]:
        """Return what each kind takes up, as the names of the lists say."""
        documents, sizes = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        async for page in self._client.list("days/"):
            for one in map(ListName.parse, page):
                documents[one.kind, one.day] += one.count
                sizes[one.kind, one.day] += one.size
        days = [f"{today}", f"{today - timedelta(days=1)}"]
        found = []
        for kind in sorted({kind for kind, _ in documents}):
            count = max(0, sum(number for (one, _), number in documents.items() if one == kind))
            size = max(0, sum(number for (one, _), number in sizes.items() if one == kind))
            if count:
                found.append(
                    Usage(
                        kind=kind, files=count, documents=count, size=size,
                        documents_a_day=max(0, *(documents[kind, day] for day in days)),
                        size_a_day=max(0, *(sizes[kind, day] for day in days)),
                    )
                )  # fmt: skip
        return found

    async def merge(self, now: datetime) -> None:
        """Merge short lists that were written some time before now into long ones."""
        before = now - _MERGED_AFTER
        days: dict[tuple[str, str], list[ListName]] = {}
        async for page in self._client.list("days/"):
            for one in map(ListName.parse, page):
                days.setdefault((one.kind, one.day), []).append(one)
        for (kind, day), lists in days.items():
            last = int(layout.new_number(before), 16)
            some = [one for one in lists if one.number < last and one.count < _LONG_LIST]
            if len(some) > _FEW_LISTS:
                await self._merge_day(kind, day, some)

    async def _merge_day(self, kind: str, day: str, lists: Sequence[ListName]) -> None:
        """Merge lists of a day; a row that is in two of them, as after a kill, is kept once.

        Several processes may do so at once: those that read the same lists write the same one, and whoever misses a
        list that it was about to read leaves the day alone.
        """
        deleted = [one for one in lists if one.count < 0]
        if sum(-one.count for one in deleted) > _MAX_GONE:
            return
        gone, done, group = await self.put_names(deleted), list[ListName](), dict[str, Row]()
        for one in (one for one in lists if one.count >= 0):
            if not (rows := await self.rows(one)):
                return
            group.update((row.put_name(kind, day), row) for row in rows)
            done.append(one)
            if len(group) >= _LONG_LIST:
                await self._replace(done, [row for name, row in group.items() if name not in gone])
                done, group = [], {}
        await self._replace(done, [row for name, row in group.items() if name not in gone])
        await self._client.delete([one.name for one in deleted])

    async def _replace(self, lists: Sequence[ListName], rows: Sequence[Row]) -> None:
        if rows:
            await self._client.create(layout.merged_name(lists, rows), layout.write_rows(rows))
        await self._client.delete([one.name for one in lists])

    async def rows(self, one: ListName) -> list[Row]:
        """Return the rows of a list; none if it was deleted."""
        if (content := await self._client.get(one.name)) is None:
            return []
        try:
            return await asyncio.to_thread(layout.read_rows, content)
        except (zstandard.ZstdError, ValueError) as error:
            raise ArchiveError(f"damaged: {self._client.where(one.name)}: {error}") from error

    async def put_names(self, lists: Sequence[ListName]) -> set[str]:
        """Return what lists of deleted bodies name; nothing, if it is too much to remember."""
        if sum(-one.count for one in lists) > _MAX_GONE:
            return set()
        return {row.put_name(one.kind, one.day) for one in lists for row in await self.rows(one)}
