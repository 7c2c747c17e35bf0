"""The node of this process: its name, what it may poll, and whether it takes work."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import __version__
from ingestd.errors import ConfigError, OtherEngine
from ingestd.policy.polling.login_sites import sites_of_others
from ingestd.settings import Settings
from ingestd.settings.cluster import numbered
from ingestd.store.database import Database
from ingestd.store.nodes import control, nodes
from ingestd.store.polls import node_sources
from ingestd.store.schema.version import DATA_VERSION
from ingestd.store.work import processes, runs
from ingestd.workers.extractor import installed_extractor

log = structlog.get_logger(__name__)

#: Daemons on one host that may take its name, each with a number, if their settings name no node.
_MOST_NUMBERED = 99

#: Seconds between two looks at the run that has the name which this process wants.
_LOOK = 1.0


class Node:
    """The node that this process is, or for which it works for a moment, as `ingestd poll` does."""

    def __init__(
        self, name: str, *, logins: tuple[str, ...] = (), engine: str = "local", is_named: bool = False,
        is_one_of_many: bool = False,
    ) -> None:  # fmt: skip
        self.name = name
        self._engine = engine
        #: Whether the operator has chosen the name.
        self.is_named = is_named
        #: Whether it is known without a look at the others that there may be some.
        self.is_one_of_many = is_one_of_many
        self.logins = logins
        #: Sites whose logins other nodes have and this one has not: it leaves them to those.
        self.foreign_sites: frozenset[str] = frozenset()
        #: Sites for which this node has logins.
        self.login_sites: frozenset[str] = frozenset()
        #: What an operator or `mark_drained` has made of it; None: another run has its name.
        self.state: nodes.State | None = "active"
        #: Set whenever `state` changes.
        self.changed = asyncio.Event()
        #: Address of its health endpoint.
        self.address: str | None = None
        #: Returns what it has at work, numbers by kind.
        self.work: Callable[[], Mapping[str, int]] = dict
        self._card: nodes.NodeCard | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Node":
        """Return the node that the settings name, or else one with the name of the host."""
        logins = tuple(sorted({login.origin_url for login in settings.logins}))
        is_named = "node" in settings.model_fields_set
        is_one_of_many = is_named or settings.engine != "local"
        return cls(
            settings.node, logins=logins, engine=settings.engine, is_named=is_named, is_one_of_many=is_one_of_many
        )

    @asynccontextmanager
    async def announced(self, database: Database, run_id: str, observer: runs.RunObserver) -> AsyncIterator[None]:
        """Take the name for a run, until the end.

        Raises ConfigError if another daemon has the name, OtherEngine if daemons with another engine are at work.
        """
        card = await self._take_free_name(database, run_id, observer)
        async with database.write() as connection:
            await self._read_others(connection, await nodes.logins_of_others(connection, self.name))
            others = await nodes.with_other_engine(connection, self.name, card.engine)
        self._card = card
        try:
            if others:
                names = ", ".join(name for name, _ in others)
                raise OtherEngine(
                    f'nodes with engine = "{others[0][1]}" work on this database ({names}), and this daemon has engine '
                    f'= "{card.engine}": between them, sites would not get their delays; set the same engine here, or '
                    "stop those nodes"
                )
            yield
        finally:
            self._card = None
            async with database.write() as connection:
                await nodes.leave(connection, run_id, self.name)

    async def give_sign(self, connection: AsyncConnection, run_id: str) -> None:
        """Write a sign of life and read what has changed; without a row in the table, only read."""
        if self._card is None:
            await self._read_others(connection, await nodes.logins_of_others(connection, self.name))
            return
        sign = await nodes.give_sign(connection, run_id, self.name, address=self.address, work=self.work())
        if sign is None:
            # Removed while its run was thought dead.
            log.warning("node was removed and is announced again", node=self.name)
            self._set_state(await nodes.take_name(connection, run_id, self._card))
            return
        if sign.state is None and self.state is not None:
            log.error("another daemon has the name of this node", node=self.name, advice=_ADVICE)
        self._set_state(sign.state)
        await self._read_others(connection, sign.others)

    async def mark_drained(self, database: Database, run_id: str) -> None:
        """Note that this process has handed its work over: claims and sites that it still had are free."""
        async with database.write() as connection:
            await runs.release_claims(connection, run_id)
            await nodes.set_drained(connection, run_id, self.name)
            await self.give_sign(connection, run_id)

    @property
    def takes_work(self) -> bool:
        """Whether it takes work: it is neither draining nor drained."""
        return self.state in ("active", None)

    async def wait_until_draining(self) -> None:
        """Wait until an operator asks this node to drain."""
        while self.takes_work:
            await self._next_change()

    async def wait_until_resumed(self) -> None:
        """Wait until an operator gives this node work again."""
        while not self.takes_work:
            await self._next_change()

    async def _next_change(self) -> None:
        await self.changed.wait()
        self.changed.clear()

    @property
    def polls(self) -> str | None:
        """The name whose sources this process may poll besides those of no node; None: it has lost its name."""
        return None if self.state is None else self.name

    @property
    def announced_name(self) -> str | None:
        """The name of the node that this daemon is; None for other processes, and if it has lost its name."""
        return self.name if self._card is not None and self.state is not None else None

    def _set_state(self, state: nodes.State | None) -> None:
        if state != self.state:
            self.state = state
            self.changed.set()

    async def _read_others(self, connection: AsyncConnection, others: tuple[tuple[str, ...], ...]) -> None:
        folders = await node_sources.remote_folders(connection) if others or self.logins else ()
        self.login_sites = sites_of_others((), [self.logins], folders)
        self.foreign_sites = sites_of_others(self.logins, others, folders)

    async def _take_free_name(self, database: Database, run_id: str, observer: runs.RunObserver) -> nodes.NodeCard:
        names = [self.name]
        if not self.is_named:
            names += [numbered(self.name, number) for number in range(2, _MOST_NUMBERED + 1)]
        first = await asyncio.to_thread(_card, self.name, self.logins, self._engine)
        for name in names:
            card = replace(first, name=name)
            if await self._take(database, run_id, card, observer):
                self.name = name
                if name != names[0]:
                    log.warning("the name of this host is the name of another node", node=name, advice=_ADVICE)
                return card
        raise ConfigError(f"another daemon is node {self.name}: {_ADVICE}")

    async def _take(self, database: Database, run_id: str, card: nodes.NodeCard, observer: runs.RunObserver) -> bool:
        """Take a name; waits for the end of a run that may be dead.  Returns whether it was taken."""
        first_beats: int | None = None
        began = monotonic()
        while True:
            async with database.write() as connection:
                await runs.expire_dead(connection, observer)
                state = await nodes.take_name(connection, run_id, card)
                other = await nodes.holder(connection, card.name) if state is None else None
            if state is not None:
                self._set_state(state)
                return True
            if other is not None:
                if other.place == processes.place():
                    return False  # and alive, or else it would have been expired
                first_beats = other.beats if first_beats is None else first_beats
                if other.beats != first_beats or monotonic() - began > _LONGEST_WAIT:
                    return False
            log.info("waiting for the end of a run with the name of this node", node=card.name)
            await asyncio.sleep(_LOOK)


#: Seconds until a run that has the name of a node, and gives no sign of life, is dead for sure.
_LONGEST_WAIT = 2 * runs.DEAD_AFTER

_ADVICE = "give each daemon a name of its own with the setting node"


def _card(name: str, logins: tuple[str, ...], engine: str) -> nodes.NodeCard:
    return nodes.NodeCard(
        name=name,
        version=__version__,
        data_version=DATA_VERSION,
        rules=installed_extractor().rules,
        host=socket.gethostname()[:255],
        cpus=len(os.sched_getaffinity(0)),
        engine=engine,
        logins=logins,
    )


async def refuse_older(database: Database) -> None:
    """Raise ConfigError if this release is older than those that may start on a database."""
    async with database.read() as connection:
        await control.refuse_older(connection, __version__)
