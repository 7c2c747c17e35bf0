"""Read bodies, answers and what was put from an object store, and verify each."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from hashlib import sha256 as hash_of

import zstandard

from ingestd.archive.objects import layout
from ingestd.archive.objects.client import ObjectClient
from ingestd.archive.objects.layout import PutName, Row
from ingestd.archive.objects.lists import DayLists
from ingestd.archive.protocol import Kind, StoredAnswer, StoredPut
from ingestd.archive.records import answer_of
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer


class ObjectReader:
    """Reads objects; every method raises ArchiveError when one is damaged."""

    def __init__(self, client: ObjectClient, lists: DayLists) -> None:
        self._client = client
        self._lists = lists

    def content(self, sha256: str, stored: bytes) -> bytes:
        """Return the body that is stored as a frame."""
        where = self._client.where(layout.body_name(sha256))
        try:
            body = layout.decompress(stored)
        except zstandard.ZstdError as error:
            raise ArchiveError(f"damaged: {where}: {error}") from error
        if hash_of(body).hexdigest() != sha256:
            raise ArchiveError(f"damaged: {where}: the content does not match its sha256")
        return body

    async def row(self, put: PutName) -> Row | None:
        """Return what was put; None: it was deleted meanwhile."""
        content = await self._client.get(put.name)
        try:
            return None if content is None else Row.read(content)
        except ValueError as error:
            raise ArchiveError(f"damaged: {self._client.where(put.name)}: {error}") from error

    async def put(self, put: PutName) -> StoredPut | None:
        """Return what was put, with its answer; None: it was deleted meanwhile."""
        if (row := await self.row(put)) is None:
            return None
        return StoredPut(
            kind=put.kind,
            day=date.fromisoformat(put.day),
            answer=await self.answer(row.answer) if row.answer else None,
            subjects=tuple(map(bytes.fromhex, row.subjects)),
        )

    async def answer(self, name: str) -> Answer | None:
        """Return an answer; None: it was deleted, or its put was not finished."""
        if (stored := await self._client.get(name)) is None:
            return None
        try:
            content = layout.decompress(stored)
        except zstandard.ZstdError as error:
            raise ArchiveError(f"damaged: {self._client.where(name)}: {error}") from error
        if hash_of(content).hexdigest()[:16] != name.rpartition(".")[2]:
            raise ArchiveError(f"damaged: {self._client.where(name)}: the content does not match its sha256")
        return answer_of(content)

    async def answers(self, names: Sequence[str]) -> list[StoredAnswer]:
        """Return answers by the names of their objects; deleted ones are left out."""
        found = await asyncio.gather(*map(self.answer, names))
        return [
            StoredAnswer(answer=answer, sha256=layout.sha256_of_answer(name))
            for name, answer in zip(names, found, strict=True)
            if answer
        ]

    async def rows_apart(self, kind: Kind, after: int) -> AsyncIterator[tuple[int, str, Row]]:
        """Yield the rows of a kind with numbers above `after`, in order, with their numbers and days."""
        start = f"days/{kind}/{layout.day_of(after)}" if after else ""
        seen: set[str] = set()
        async for page in self._client.list(f"days/{kind}/", after=start):
            for one in map(layout.ListName.parse, page):
                if one.count < 0:
                    continue
                for index, row in enumerate(await self._lists.rows(one), 1):
                    number = (one.number << layout.ROW_BITS) + index
                    if number > after and (row.answer or "") not in seen:
                        seen.add(row.answer or "")
                        yield number, one.day, row
