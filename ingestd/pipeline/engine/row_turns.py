"""Permissions to ask sites, as rows that all machines on one PostgreSQL database share."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import Held, StoreError
from ingestd.store.batches import Batches
from ingestd.store.database import Database
from ingestd.store.outages import log_failure
from ingestd.store.work import manners
from ingestd.store.work.manners import Learned, Taken, Taking
from ingestd.web.politeness.shared_turns import Permission

log = structlog.get_logger(__name__)

#: Seconds until a permission is asked for again after the database could not tell.
_WITHOUT_DATABASE = 10.0

#: Seconds between two tries to store what was learned, while the database is unavailable.
_AFTER_FAILURE = 2.0


class RowTurns:
    """`SharedTurns` of one run; see `store.work.manners`.  Use `open_row_turns`."""

    def __init__(self, database: Database, run_id: str, takes: Batches[Taking, Taken]) -> None:
        self._database = database
        self._run_id = run_id
        self._takes = takes
        self._learned: dict[str, Learned] = {}
        self._given_back: dict[str, float] = {}
        self._has_news = asyncio.Event()

    async def take(self, site: str, delay: float) -> Permission:
        """Commit the site's next time and return whether it may be asked; see `SharedTurns.take`."""
        self._given_back.pop(site, None)
        try:
            taken = await self._takes.put(Taking(site=site, delay=delay))
        except StoreError as error:
            raise Held(site, "the database cannot say whether the site may be asked", _WITHOUT_DATABASE) from error
        return Permission(is_granted=taken.is_granted, held_for=taken.held_for, wait=taken.wait, delay=taken.delay)

    def give_back(self, site: str, wait: float) -> None:
        """Give a site back soon, together with others; see `SharedTurns.give_back`."""
        self._given_back[site] = wait
        self._has_news.set()

    def learn(self, site: str, *, delay: float, held_for: float) -> None:
        """Store what a site asks for, before the site is given back; see `SharedTurns.learn`."""
        self._learned[site] = Learned(site=site, delay=delay, held_for=held_for)
        self._has_news.set()

    async def store_news(self) -> None:
        """Store what sites ask for and give sites back, until cancelled."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            try:
                await self.store()
            except StoreError as error:
                log_failure(log, "manners not stored yet", error)
                self._has_news.set()
                await asyncio.sleep(_AFTER_FAILURE)

    async def store(self) -> None:
        """Store what sites ask for and give sites back, now."""
        learned, self._learned = self._learned, {}
        given, self._given_back = self._given_back, {}
        try:
            async with self._database.write() as connection:
                await manners.learn(connection, learned.values())
                await manners.give_back(connection, self._run_id, given)
        except BaseException:
            # What came since counts more.
            self._learned, self._given_back = learned | self._learned, given | self._given_back
            raise

    async def give_all_back(self, delay: float) -> None:
        """Give all sites of this run back, each with its delay still to keep."""
        await self.store()
        async with self._database.write() as connection:
            await manners.give_all_back(connection, self._run_id, delay)


@asynccontextmanager
async def open_row_turns(database: Database, run_id: str, *, delay: float) -> AsyncIterator[RowTurns]:
    """Open the shared turns of a run; at the end it gives all its sites back.

    `delay` is the shortest time between two requests to a site, in seconds.
    """
    async with Batches[Taking, Taken](database, partial(_take, run_id)) as takes:
        turns = RowTurns(database, run_id, takes)
        storing = asyncio.create_task(turns.store_news(), name="manners")
        try:
            yield turns
        finally:
            storing.cancel()
            await asyncio.wait([storing])
            try:
                await turns.give_all_back(delay)
            except StoreError as error:
                # Other runs take them once this one is gone.
                log_failure(log, "sites not given back", error)


async def _take(run_id: str, connection: AsyncConnection, wishes: Sequence[Taking]) -> list[Taken]:
    return await manners.take(connection, run_id, wishes)
