"""The claims that this process works on; those of its run that it does not know are given back.

A claim is lost when its transaction was committed and the answer did not arrive, or when giving it back failed.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.source import Source
from ingestd.store.schema.tables import backfills, entries, sources
from ingestd.store.work.entries import ClaimedEntry

#: The table, the row's id and the number of the claim; backfills, which a run claims once, have no number: 0.
Claim = tuple[Literal["sources", "entries", "backfills"], int, int]

#: Rows given back in one transaction.
_LIMIT = 500


def claim_of(work: Source | ClaimedEntry) -> Claim:
    """Return the claim under which a source or an entry was claimed."""
    return ("sources" if isinstance(work, Source) else "entries", work.id, work.claim)


class OwnClaims:
    """The claims on which something in this process works, each counted as often as something does."""

    def __init__(self) -> None:
        self._counts: Counter[Claim] = Counter()
        #: Tasks that give back claims which could not be given back yet.
        self.returns: set[asyncio.Task[None]] = set()

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._counts

    def add(self, claims: Iterable[Claim]) -> None:
        """Count claims once more."""
        self._counts.update(claims)

    def remove(self, claims: Iterable[Claim]) -> None:
        """Count claims once less: they have been given back, or nobody works on them any more."""
        for claim in claims:
            self._counts[claim] -= 1
            if self._counts[claim] <= 0:
                del self._counts[claim]

    def give_back_later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that gives claims back; it is kept here until it has ended."""
        task = asyncio.create_task(work)
        self.returns.add(task)
        task.add_done_callback(self.returns.discard)
        return task

    @contextmanager
    def claiming(self) -> Iterator[Callable[[Iterable[Claim]], None]]:
        """Add the claims that the function is called with; if the block raises, remove them again.

        The block contains the transaction: a claim is added before its commit, so that at no moment it is committed and
        unknown here.
        """
        new: list[Claim] = []

        def register(claims: Iterable[Claim]) -> None:
            some = list(claims)
            self.add(some)
            new.extend(some)

        try:
            yield register
        except BaseException:
            self.remove(new)
            raise


async def find_abandoned(connection: AsyncConnection, run_id: str, own: OwnClaims) -> list[Claim]:
    """Return claims of a run that its process, the caller's, does not know."""
    found: list[Claim] = []
    for name, table, number in (
        ("sources", sources, sources.c.claims), ("entries", entries, entries.c.claims),
        ("backfills", backfills, literal(0)),
    ):  # fmt: skip
        rows: Any = await connection.execute(select(table.c.id, number).where(table.c.run_id == run_id))
        # Read first, compared afterwards: what was claimed meanwhile is not in these rows.
        found += [claim for row in rows.all() if (claim := (name, *row)) not in own]
    return found


async def give_back(connection: AsyncConnection, run_id: str, claims: Iterable[Claim]) -> int:
    """Release claims of a run, except rows claimed again since; returns how many were released."""
    count = 0
    for name, row_id, number in sorted(claims)[:_LIMIT]:
        table = {"sources": sources, "entries": entries, "backfills": backfills}[name]
        own = (table.c.id == row_id) & (table.c.run_id == run_id)
        if name != "backfills":
            own &= table.c.claims == number
        count += (await connection.execute(update(table).where(own).values(run_id=None))).rowcount
    return count
