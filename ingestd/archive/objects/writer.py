"""Write batches of bodies and answers into an object store."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from ingestd.archive.objects import layout
from ingestd.archive.objects.client import ObjectClient
from ingestd.archive.objects.deletion import deleted_now
from ingestd.archive.objects.layout import Row
from ingestd.archive.protocol import StoredBody
from ingestd.archive.records import AnswerItem, Item
from ingestd.errors import ArchiveError

# Seconds for which a put waits until a body with the same bytes has been deleted, and between two looks.
_DELETION_WAIT, _DELETION_LOOK = 90.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be written for an item."""

    item: Item
    day: str
    row: Row
    answer: AnswerItem | None
    #: Whether the body is stored, and whether all the rest is.
    has_body: bool = False
    is_done: bool = False

    @property
    def put_name(self) -> str:
        return self.row.put_name(self.item.kind, self.day)


class ObjectWriter:
    """Writes what is not stored yet; several processes may write the same bodies."""

    def __init__(self, client: ObjectClient) -> None:
        self._client = client

    async def write(self, items: Sequence[Item], now: datetime) -> list[StoredBody]:
        """Store items; return what is stored of each.  Raises ArchiveError; a repeated call continues."""
        plans = await asyncio.gather(*(self._plan(item, f"{item.day or now.date()}") for item in items))
        todo = {plan.put_name: plan for plan in plans if not (plan.has_body and plan.is_done)}
        frames = await asyncio.to_thread(_frames, [plan for plan in todo.values() if not plan.has_body])
        plans = [plan if plan.has_body else _with_size(plan, frames) for plan in plans]
        todo = {plan.put_name: plan for plan in plans if plan.put_name in todo}
        await asyncio.gather(
            *(self._client.create(name, content) for name, content in _lists(list(todo.values()), now)),
            *(self._client.create(name, b"") for plan in todo.values() for name in _subjects(plan)),
        )
        await asyncio.gather(
            *(self._client.create(layout.body_name(sha256), frame) for sha256, frame in frames.items()),
            *(self._client.create(plan.put_name, plan.row.write()) for plan in todo.values()),
        )
        await asyncio.gather(
            *(
                self._client.create(plan.row.answer, layout.compress(plan.answer.content))
                for plan in todo.values()
                if plan.row.answer and plan.answer
            )
        )
        await self._restore({plan.row.sha256: plan for plan in plans if plan.has_body})
        return [
            StoredBody(sha256=plan.row.sha256, size=len(plan.item.body), stored_size=plan.row.size) for plan in plans
        ]

    async def _plan(self, item: Item, day: str) -> _Plan:
        sha256, answer = item.sha256.hex(), item.answer
        size = await self._client.size(layout.body_name(sha256))
        if item.kind == "robots" and answer and await self._is_unchanged(sha256, answer):
            # What is in the list of robots.txt files never expires.
            row = Row(sha256=sha256, size=size or 0)
            return _Plan(item=item, day=day, row=row, answer=None, has_body=size is not None, is_done=True)
        row = Row(
            sha256=sha256,
            size=size or 0,
            answer=layout.answer_name(answer, item.kind, sha256) if answer else None,
            subjects=tuple(key.hex() for key in item.subjects),
        )
        # What is written last: if it is there, everything is.
        last = [row.put_name(item.kind, day), *([row.answer] if row.answer else [])]
        is_done = size is not None and None not in await asyncio.gather(*map(self._client.size, last))
        return _Plan(item=item, day=day, row=row, answer=answer, has_body=size is not None, is_done=is_done)

    async def _is_unchanged(self, sha256: str, answer: AnswerItem) -> bool:
        """Return whether the last answer to requests for a URL is the same."""
        names = await self._client.names(f"answers/{answer.url.hex()}/")
        if not names:
            return False
        last = names[-1]
        return (layout.sha256_of_answer(last), layout.status_of_answer(last)) == (sha256, answer.status)

    async def _restore(self, plans: dict[str, _Plan]) -> None:
        """Store bodies again that another process deleted while they were put.

        It announces what it deletes before it looks whether a body was put lately; this process looks for what was
        announced after it has said that it put it.  So one of them sees the other.
        """
        if not plans:
            return
        began, seen = monotonic(), set[str]()
        while under_way := await deleted_now(self._client) & plans.keys():
            seen |= under_way
            if monotonic() - began > _DELETION_WAIT:
                raise ArchiveError(f"{self._client.where()}: a body is being deleted that was put again; try again")
            await asyncio.sleep(_DELETION_LOOK)
        for sha256 in seen:
            await self._client.create(layout.body_name(sha256), _frame(plans[sha256].item))


def _frames(plans: Sequence[_Plan]) -> dict[str, bytes]:
    """Return the compressed bodies by their sha256."""
    return {sha256: _frame(item) for sha256, item in {plan.row.sha256: plan.item for plan in plans}.items()}


def _frame(item: Item) -> bytes:
    return item.frame if item.frame is not None else layout.compress(item.body)


def _with_size(plan: _Plan, frames: dict[str, bytes]) -> _Plan:
    return replace(plan, row=replace(plan.row, size=len(frames[plan.row.sha256])))


def _subjects(plan: _Plan) -> list[str]:
    return [layout.subject_name(key, plan.day, plan.row.sha256) for key in plan.row.subjects]


def _lists(plans: Sequence[_Plan], now: datetime) -> list[tuple[str, bytes]]:
    """Return the lists of what is put, one for each kind and day, with their names."""
    found = []
    for kind, day in dict.fromkeys((plan.item.kind, plan.item.day or now.date()) for plan in plans):
        rows = [plan.row for plan in plans if (plan.item.kind, plan.item.day or now.date()) == (kind, day)]
        found.append((layout.list_name(kind, day, now, rows), layout.write_rows(rows)))
    return found
