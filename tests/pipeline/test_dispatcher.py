"""The dispatcher claims jobs in bundles, and as often as needed."""

import asyncio
from collections.abc import Collection

from ingestd.pipeline.dispatcher import Dispatcher


class Jobs:
    """Jobs to claim; those in `hidden` can be claimed once another has ended."""

    def __init__(self, count: int, hidden: int = 0) -> None:
        self.left = [*range(count)]
        self.hidden = [*range(count, count + hidden)]
        self.claims: list[int] = []
        self.done: list[int] = []
        self.dispatcher: Dispatcher[int] = Dispatcher(
            claim=self.claim, work=self.work, site=lambda job: f"site {job}", limit=8, per_site=1
        )

    async def claim(self, wanted: int, _without_sites: Collection[str]) -> list[int]:
        found, self.left = self.left[:wanted], self.left[wanted:]
        self.claims.append(len(found))
        return found

    async def work(self, job: int) -> None:
        await asyncio.sleep(0)
        self.done.append(job)
        if self.hidden:
            self.left.append(self.hidden.pop(0))


async def test_few_claims_follow_the_last_job() -> None:
    jobs = Jobs(20)

    await jobs.dispatcher.run_until_idle()

    assert sorted(jobs.done) == [*range(20)]
    assert jobs.claims[0] == 20
    assert len(jobs.claims) <= 7  # with 20, 10, 5, 2, 1 and 0 left


async def test_jobs_that_waited_for_another_are_claimed() -> None:
    jobs = Jobs(1, hidden=5)

    await jobs.dispatcher.run_until_idle()

    assert sorted(jobs.done) == [*range(6)]


async def test_a_nudge_claims_while_jobs_are_left() -> None:
    jobs, may_end, begun, claimed = Jobs(8), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work(job: int) -> None:
        if job == 7:
            begun.set()
        if job == 100:
            claimed.set()
        await may_end.wait()

    jobs.dispatcher = Dispatcher(claim=jobs.claim, work=work, site=str, limit=16, per_site=1)
    running = asyncio.create_task(jobs.dispatcher.run())
    await begun.wait()
    jobs.left.append(100)
    jobs.dispatcher.nudge()

    await claimed.wait()
    may_end.set()
    jobs.dispatcher.stop()
    await running
