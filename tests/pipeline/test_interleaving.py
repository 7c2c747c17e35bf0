"""Random interleavings of polls, pushes, records, revisits, kills, take-overs and database failures, and a model.

The model is small: each story ends as one record with the text of the last committed version.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random

import pytest
from sqlalchemy import func, select

from ingestd.pipeline import retry
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.schema import tables as t
from ingestd.store.work import runs
from ingestd.web.fetcher import Fetcher
from tests.pipeline.interleaving import Publisher, Run, Turns
from tests.pipeline.invariants import Invariants
from tests.support import soak

#: Steps in which new work is started, per episode; then everything is let run to its end.
STEPS = 400

EPISODES = soak.size(3, 60)

FEEDS = ("https://one.example/feed", "https://two.example/feed")


class Episode:
    """Three runs at work on two feeds and an inbox."""

    def __init__(self, url: str, seed: int, fetcher: Fetcher) -> None:
        self.url, self.fetcher = url, fetcher
        self.chance = Random(seed)
        self.turns = Turns(self.chance)
        self.publisher = Publisher()
        self.runs: list[Run] = []
        self.history: list[str] = []
        self.inbox = 0
        self.receiver: Run | None = None
        self.starting: set[asyncio.Task[None]] = set()
        self.prefix = f"s{seed}"
        self.invariants = Invariants(url, self.publisher.history)

    async def start_run(self) -> Run:
        run = Run(Database(self.url), self.turns, self.chance, self.publisher, self.fetcher, self.invariants)
        await run.start()
        self.runs.append(run)
        return run

    async def play(self, steps: int) -> list[str]:
        """Run the episode; returns what contradicts the model."""
        await self.prepare()
        while self.turns.steps < steps:
            if self.chance.random() < 0.15:
                await self.act()
            await self.turns.step()
        await self.finish()
        return await self.contradictions()

    async def prepare(self) -> None:
        """Start three runs, and add the sources."""
        self.turns.open = True
        await self.start_run()
        async with self.runs[0].database.write() as connection:
            for url in FEEDS:
                await sources.add(connection, url, now=datetime.now(UTC))
            self.inbox, _ = await sources.add(connection, f"inbox:{self.prefix}", now=datetime.now(UTC))
        await self.start_run()
        await self.start_run()
        self.turns.open = False
        for url in FEEDS:
            self.publish(url)

    def publish(self, url: str) -> None:
        name = "one" if "one" in url else "two"
        self.publisher.publish(url, f"{self.prefix}-{name}-{self.chance.randrange(3)}")

    async def act(self) -> None:  # noqa: C901, PLR0912 - one branch for each kind
        """Start something random."""
        kinds = {
            "publish": 20, "poll": 25, "push": 15, "make": 25, "revisit": 6, "beat": 5, "take over": 4, "kill": 1,
            "away": 6, "lose a commit": 2,
        }  # fmt: skip
        [kind] = self.chance.choices([*kinds], [*kinds.values()])
        run = self.chance.choice(self.runs)
        self.history.append(f"{self.turns.steps}: {kind} {self.runs.index(run)}")
        if kind == "publish":
            self.publish(self.chance.choice(FEEDS))
        elif kind == "push":
            # A sender sends to one run until all is answered: between two runs there is no order.
            if not any(task.get_name() == "push" for one in self.runs for task in one.tasks):
                self.receiver = run
            if self.receiver in self.runs:
                run = self.receiver
                # Pushes that arrive while another one is committed share the next commit: new stories and changed ones.
                guid = f"{self.prefix}-in-{self.turns.steps // 100}-{self.chance.randrange(2)}"
                for _ in range(self.chance.randrange(1, 4)):
                    run.do(lambda: run.push(self.inbox, [guid])).set_name("push")
        elif kind == "poll":
            run.do(run.poll)
        elif kind == "make":
            run.do(run.make)
        elif kind == "revisit":
            run.do(run.revisit)
        elif kind == "beat":
            run.do(run.beat)
        elif kind == "away":
            run.away = self.chance.randrange(1, 8)
        elif kind == "lose a commit":
            run.lost_commits = 1
        elif kind == "take over":
            other = self.chance.choice(self.runs)
            if other is not run:
                run.do(lambda: run.take_over(other))
        else:
            await self.kill(run)

    async def kill(self, run: Run) -> None:
        if len(self.runs) == 1:
            return
        self.runs.remove(run)
        await run.kill()
        task = asyncio.create_task(self.follow(run))
        self.starting.add(task)
        task.add_done_callback(self.starting.discard)

    async def follow(self, killed: Run) -> None:
        """Start a run in the place of a killed one."""
        follower = await self.start_run()
        follower.do(lambda: follower.take_over(killed))

    async def finish(self) -> None:
        """Let everything run to its end, then poll and make all there is."""
        self.turns.open = True
        await self._settle()
        # A follower tries once, and may be killed itself; the heartbeats of daemons try until a dead run is gone.  They
        # also give back claims on which nobody works.
        for _ in range(5):
            self.turns.skipped += runs.DEAD_AFTER
            for run in self.runs:
                run.do(run.beat)
            await self._settle()
        for _ in range(4):
            for work in ("beat", "poll", "make", "make", "make"):
                self.runs[0].do(getattr(self.runs[0], work))
                for run in self.runs[1:]:
                    run.do(run.beat)
                await self._settle()

    async def _settle(self) -> None:
        async with asyncio.timeout(60):
            while self.starting or any(run.tasks or run.claims.returns for run in self.runs):
                await self.turns.step()

    async def contradictions(self) -> list[str]:  # noqa: C901, PLR0912 - one branch for each promise
        found = list(self.invariants.broken)
        async with self.runs[0].database.read() as connection:
            entries = (await connection.execute(select(t.entries))).all()
            records = (
                await connection.execute(
                    select(t.records.c.id, t.records.c.origin_entry_id, t.revisions.c.headline).join(
                        t.revisions,
                        (t.revisions.c.record_id == t.records.c.id) & (t.revisions.c.revision == t.records.c.revision),
                    )
                )
            ).all()
            news = Counter(
                (await connection.execute(select(t.events.c.entry_id).where(t.events.c.kind == "new"))).scalars()
            )
            numbers = list((await connection.execute(select(t.events.c.seq).order_by(t.events.c.seq))).scalars())
            claimed = (
                await connection.execute(select(t.sources.c.url, t.sources.c.run_id).where(t.sources.c.run_id != ""))
            ).all()
            polled = select(t.polls.c.source_id, t.polls.c.at).where(t.polls.c.outcome != "pushed")
            twice = (
                await connection.execute(polled.group_by(t.polls.c.source_id, t.polls.c.at).having(func.count() > 1))
            ).all()
        for entry in entries:
            own = [record for record in records if record.origin_entry_id == entry.id]
            if len(own) != 1:
                found.append(f"records: {entry.guid} has {len(own)}")
            elif entry.record_id != own[0].id:
                found.append(f"link: {entry.guid} names record {entry.record_id}, its record is {own[0].id}")
            elif own[0].headline != entry.announced["headline"]:
                found.append(f"text: {entry.announced['headline']!r} is stored as {own[0].headline!r}")
            if news[entry.id] != 1:
                found.append(f"events: {entry.guid} has {news[entry.id]} events `new`")
            if entry.run_id:
                found.append(f"claim: {entry.guid} is claimed, nobody works on it")
            if entry.state != "done":
                found.append(f"state: {entry.guid} is {entry.state}")
        found += [f"claim: {row.url} is claimed, nobody polls it" for row in claimed]
        found += [f"polls: source {row.source_id} has one poll twice" for row in twice]
        if numbers != list(range(1, len(numbers) + 1)):
            found.append("numbers: the events are not numbered consecutively")
        stored = {entry.guid: int(entry.announced["headline"].rpartition(" ")[2]) for entry in entries}
        for stories in self.publisher.documents.values():
            for guid, version in stories.items():
                if stored.get(guid) != version:
                    found.append(f"poll: the feed has {guid} version {version}, stored is {stored.get(guid)}")
        for guid, version in self.publisher.acknowledged.items():
            if stored.get(guid, 0) < version:
                found.append(f"push: {guid} version {version} was acknowledged, stored is {stored.get(guid)}")
        return found


def _prepare(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(retry, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(retry, "_MAX_WAIT", 0.01)
    return database_url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+psycopg:")


@pytest.mark.parametrize("seed", range(EPISODES))
async def test_whatever_is_interleaved_nothing_is_lost_or_doubled(
    database_url: str, seed: int, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    episode = Episode(_prepare(database_url, monkeypatch), seed, fetcher)
    async with AsyncExitStack() as stack:
        stack.enter_context(episode.invariants)
        found = await episode.play(STEPS)
        print(f"episode {seed}: {episode.turns.steps} steps")
        for run in episode.runs:
            stack.push_async_callback(run.kill)

    assert not found, (seed, found, episode.history)


async def test_a_killed_run_ends_although_its_follower_is_killed(
    database_url: str, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    episode = Episode(_prepare(database_url, monkeypatch), 0, fetcher)
    async with AsyncExitStack() as stack:
        stack.enter_context(episode.invariants)
        await episode.prepare()
        doomed = episode.runs[0]
        episode.turns.open = True
        async with doomed.database.write() as connection:
            assert await sources.claim(connection, doomed.id, [episode.inbox])
        episode.turns.open = False
        await episode.kill(doomed)
        while episode.starting:
            await episode.turns.step()
        await episode.kill(episode.runs[-1])
        await episode.finish()
        found = await episode.contradictions()
        for run in episode.runs:
            stack.push_async_callback(run.kill)

    assert not found
