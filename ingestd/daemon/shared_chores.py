"""Chores that one of the daemons on a database does for all of them.

They are claimed in rows rather than deferred as periodic tasks of Procrastinate: daemons with the engine `local` share
a database as well, a periodic task waits in the queue behind the turns at sites, and nothing keeps the next one from
beginning before it has ended.
"""

from collections.abc import Awaitable, Callable
from time import monotonic

from ingestd.store.database import Database
from ingestd.store.operations import chore_claims

#: Share of a chore's interval that must have passed since it last began: the schedulers of daemons are not in step, and
#: that of one daemon may be some milliseconds early.
DUE_AFTER = 0.9

#: Seconds between two looks at who does what is done every second.
LOOK = 10.0


class SharedChores:
    """Runs chores of a database unless another run does them; on SQLite there is one daemon, which does them all."""

    def __init__(self, database: Database, run_id: str) -> None:
        self._database = database
        self._run_id = run_id
        self._has_upkeep = database.dialect == "sqlite"
        self._next_look = 0.0

    def once(self, name: str, seconds: float, chore: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return a chore that runs once every `seconds` on all daemons together, and on one at a time."""
        if self._database.dialect == "sqlite":
            return chore

        async def run() -> None:
            async with self._database.write() as connection:
                if not await chore_claims.claim(connection, name, self._run_id, seconds=DUE_AFTER * seconds):
                    return
            try:
                await chore()
            finally:  # if this process ends instead, its run ends, and the chore is free
                async with self._database.write() as connection:
                    await chore_claims.give_back(connection, name, self._run_id)

        return run

    async def has_upkeep(self) -> bool:
        """Return whether this daemon does what is done every second; it keeps that until its run ends."""
        if self._database.dialect != "sqlite" and monotonic() >= self._next_look:
            self._next_look = monotonic() + LOOK
            async with self._database.write() as connection:
                self._has_upkeep = await chore_claims.claim(connection, "upkeep", self._run_id, seconds=0.0)
        return self._has_upkeep
