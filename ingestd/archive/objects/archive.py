"""Archive in an object store: S3 and what speaks it, Google Cloud Storage, Azure, or a directory that hosts share.

`layout` names the objects.  A body is stored once under its sha256 and is never changed; small objects beside it say
when it was put, what it is about and with which answer, so that no operation lists everything:

| operation | requests |
|---|---|
| `put` of a new body with an answer and a subject | 3 HEAD, 4 PUT, and its part of one PUT for all bodies of a batch |
| `put` of a body and an answer that are stored | 3 HEAD, and its part of one LIST of what is being deleted |
| `get` | 1 GET; none when the cache of this host has it |
| `answers`, `document` | a LIST of that URL or body, and a GET for each answer |
| `find` | a LIST of each subject |
| `delete`, `erase` | for each body a LIST and a GET for each time it was put; deleting is free |
| `delete_before`, `trim` | a GET for each list of an expired day, and a LIST for each body in it |
| `usage` | LISTs of the names of the lists, which have the counts; lists are merged after an hour |
| `names` | LISTs of all bodies: only `archive move` asks |

A put is acknowledged after its last object.  What finds and deletes a body is written before the body, the answer last,
so a process that dies in between leaves nothing that an erasure or the age of a day would not find.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

from ingestd.archive import packs
from ingestd.archive.batch import Batch
from ingestd.archive.objects import layout
from ingestd.archive.objects.address import ObjectAddress, ObjectKey
from ingestd.archive.objects.cache import ReadCache
from ingestd.archive.objects.client import ObjectClient
from ingestd.archive.objects.deletion import ObjectDeletion
from ingestd.archive.objects.layout import PutName
from ingestd.archive.objects.lists import DayLists
from ingestd.archive.objects.reader import ObjectReader
from ingestd.archive.objects.writer import ObjectWriter
from ingestd.archive.protocol import (
    APART,
    AnswerApart,
    Kind,
    StoredAnswer,
    StoredBody,
    StoredDocument,
    StoredPut,
    Usage,
)
from ingestd.archive.records import Put, key_of, make_item
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer

# Seconds after which a process looks again for what other nodes have erased.
_ERASED_AGE = 60.0


class ObjectArchive:
    """Archive below one address; any number of processes on any number of hosts may use it.

    `cache` is a directory of this host for bodies that were read, with its limit in bytes.
    """

    level: int | None = packs.LEVEL

    def __init__(
        self, address: ObjectAddress, key: ObjectKey | None = None, cache: tuple[Path, int] | None = None
    ) -> None:
        self._client = ObjectClient(address, key)
        self._cache = ReadCache(*cache) if cache and cache[1] else None
        self._writer = ObjectWriter(self._client)
        self._lists = DayLists(self._client)
        self._reader = ObjectReader(self._client, self._lists)
        self._deletion = ObjectDeletion(self._client, self._lists, self._cache)
        self._batch = Batch(self._write)
        self._looked_for_erased = -_ERASED_AGE
        self.failing_since: float | None = None
        self.failure = ""

    async def check(self) -> None:
        """Raise ArchiveError if the store is not there, does not answer, or refuses the key."""
        await self._client.check()

    async def put(
        self,
        body: bytes,
        kind: Kind = "page",
        answer: Answer | None = None,
        subjects: Collection[str] = (),
        *,
        frame: bytes | None = None,
    ) -> StoredBody:
        """Store a body and the answer that carried it; once this returns, the store has accepted all of it.

        `find` finds it by its `subjects`: names of what it is about.  `frame` is the body as a frame of zstd, if it is
        compressed already.

        Raises ArchiveError when the store refuses it or does not answer; a repeated call continues.
        """
        return await self._batch.put(Put(body, kind, answer, subjects, frame))

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put; `sha256` is in lower-case hexadecimal.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """
        name = layout.body_name(_checked(sha256))
        stored = await self._cached(sha256)
        if stored is not None:
            try:
                return await asyncio.to_thread(self._reader.content, sha256, stored)
            except ArchiveError:
                pass  # the file on this host is damaged: the store has the body
        stored = await self._client.get(name)
        if stored is None:
            raise ArchiveError(f"missing: {self._client.where(name)}")
        body = await asyncio.to_thread(self._reader.content, sha256, stored)
        if self._cache:
            await asyncio.to_thread(self._cache.put, sha256, stored)
        return body

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:
        """Return the answers that carried a body, or those to requests for a URL, oldest first; raises ArchiveError."""
        if sha256 is None:
            return await self._reader.answers(await self._client.names(f"answers/{key_of(url or '').hex()}/"))
        puts = map(PutName.parse, await self._client.names(f"puts/{_checked(sha256)}/"))
        rows = await asyncio.gather(*(self._reader.row(put) for put in puts))
        found = {row.answer for row in rows if row and row.answer}
        return await self._reader.answers(sorted(found, key=lambda name: name.rpartition("/")[2]))

    async def document(self, sha256: str) -> StoredDocument:
        """Return all that is stored of a body, but for what is `APART`.

        Raises ArchiveError when it is missing or damaged.
        """
        body = await self.get(sha256)
        names = [PutName.parse(name) for name in await self._client.names(f"puts/{sha256}/")]
        found = await asyncio.gather(*(self._reader.put(one) for one in names if one.kind not in APART))
        puts = [put for put in found if put]
        if apart := [one for one in names if one.kind in APART]:
            puts.insert(0, StoredPut(kind=apart[-1].kind, day=date.fromisoformat(apart[-1].day)))
        return StoredDocument(body=body, puts=tuple(puts) or (StoredPut(kind="page", day=datetime.now(UTC).date()),))

    async def put_document(self, document: StoredDocument) -> None:
        """Store all of a document of another archive, with its days; what is stored already is passed over.

        Raises ArchiveError.
        """
        for put in document.puts:
            await self._batch.put(Put(document.body, put.kind, put.answer, put.subjects, day=put.day))

    async def names(self, *, after: str, limit: int) -> Sequence[str]:
        """Return the sha256 of each body whose name comes after `after`, in order, at most `limit`."""
        found: list[str] = []
        async for page in self._client.list("bodies/", after=layout.body_name(after) if after else ""):
            found += [name.rpartition("/")[2] for name in page]
            if len(found) >= limit:
                break
        return found[:limit]

    async def answers_apart(self, *, after: int, limit: int) -> Sequence[AnswerApart]:
        """Return answers of robots.txt files and refusals with numbers above `after`, in order, at most `limit`."""
        found: list[AnswerApart] = []
        for kind in APART:
            of_kind: list[AnswerApart] = []
            async for number, day, row in self._reader.rows_apart(kind, after):
                if row.answer and (answer := await self._reader.answer(row.answer)):
                    put_on = date.fromisoformat(day)
                    of_kind.append(AnswerApart(number=number, kind=kind, day=put_on, answer=answer, sha256=row.sha256))
                if len(of_kind) >= limit:
                    break
            found += of_kind
        return sorted(found, key=lambda one: one.number)[:limit]

    async def find(self, subjects: Collection[str], *, since: date | None = None) -> set[str]:
        """Return the sha256 of each body about one of some subjects that was last put on a day (UTC) or later."""
        lists = await asyncio.gather(*(self._client.names(f"subjects/{key_of(one).hex()}/") for one in subjects))
        found = [name.rpartition("/")[2].partition(".") for names in lists for name in names]
        return {sha256 for day, _, sha256 in found if day >= f"{since or ''}"}

    async def with_subjects(self, names: Iterable[str]) -> set[str]:
        """Return those of some sha256s whose body was put with any subject."""

        async def has_subjects(name: str) -> bool:
            puts = await self._client.names(f"puts/{_checked(name)}/")
            return any(PutName.parse(put).has_subjects for put in puts)

        unique = list(dict.fromkeys(names))
        found = await asyncio.gather(*map(has_subjects, unique))
        return {name for name, is_found in zip(unique, found, strict=True) if is_found}

    async def delete(self, names: Iterable[str], *, put_before: date | None = None) -> int:
        """Delete bodies and their answers by sha256; return how many bodies there were.

        A robots.txt with the same bytes stays, and so do the answers that refused a page; with `put_before`, what was
        put on that day (UTC) or later as well.

        Raises ArchiveError; a repeated call continues.
        """
        return await self._deletion.delete(list(map(_checked, names)), before=f"{put_before or date.max}")

    async def erase(self, names: Iterable[str], urls: Iterable[str] = ()) -> int:
        """Delete bodies with all their answers, and the answers to requests for URLs; return how many bodies.

        In a directory they are overwritten before.  Other hosts delete their cached copies within an hour, and use
        none after a minute.

        Raises ArchiveError; a repeated call continues.
        """
        return await self._deletion.erase(list(map(_checked, names)), [key_of(url).hex() for url in urls])

    async def erase_remains(self) -> int:
        """Overwrite what erased documents left in the cache, and files of killed processes; return the bytes.

        Raises ArchiveError.
        """
        await self._forget_erased()
        return await self._deletion.erase_partial()

    async def delete_before(self, kind: Kind, day: date) -> int:
        """Delete the bodies of a kind that were last put before a day (UTC); return how many there were."""
        return await self._deletion.delete_before(kind, f"{day}")

    async def trim(self, limit: int) -> int:
        """Delete the oldest feeds, then the oldest pages, until at most `limit` bytes are used.

        Returns how many bodies were deleted.  Wire items and robots.txt files stay.
        """
        return await self._deletion.trim(limit)

    async def usage(self) -> Sequence[Usage]:
        """Return what each kind takes up; a body that was put on several days counts on each of them."""
        return await self._lists.usage(datetime.now(UTC).date())

    async def sweep(self, now: datetime) -> int:
        """Remove files that killed processes left; return how many.  Merges the lists of days, cleans the cache."""
        await self._forget_erased()
        if self._cache:
            await asyncio.to_thread(self._cache.clean)
        return await self._deletion.sweep(now)

    async def _write(self, puts: Sequence[Put], _: Callable[[], bool]) -> list[StoredBody]:
        items = await asyncio.to_thread(lambda: list(map(make_item, puts)))
        try:
            stored = await self._writer.write(items, datetime.now(UTC))
        except ArchiveError as error:
            self.failing_since, self.failure = self.failing_since or monotonic(), str(error)
            raise
        self.failing_since = None
        return stored

    async def _cached(self, sha256: str) -> bytes | None:
        if self._cache is None or (stored := await asyncio.to_thread(self._cache.get, sha256)) is None:
            return None
        if monotonic() - self._looked_for_erased < _ERASED_AGE:
            return stored
        await self._forget_erased()
        return await asyncio.to_thread(self._cache.get, sha256)

    async def _forget_erased(self) -> None:
        """Overwrite cached bodies that any node has erased."""
        if self._cache:
            erased = await self._deletion.erased()
            await asyncio.to_thread(self._cache.forget, erased)
            self._looked_for_erased = monotonic()


def _checked(sha256: str) -> str:
    """Return a name; raises ArchiveError if it is none, so that it names no other object."""
    try:
        is_name = len(bytes.fromhex(sha256)) == 32 and bytes.fromhex(sha256).hex() == sha256
    except ValueError:
        is_name = False
    if not is_name:
        raise ArchiveError(f"missing: {sha256!r} is not a sha256 in lower-case hexadecimal")
    return sha256
