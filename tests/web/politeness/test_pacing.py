import asyncio
import sys
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from ingestd.web.politeness.pacing import PATIENCE, OnHold, Pacing
from tests.support.newsroom import Newsroom
from tests.web.politeness.test_host_locks import another_process_locks

SITE, OTHER = "gazette.example", "harbour.example"


class Visits:
    """Tasks that take turns; each stays until it is let go."""

    def __init__(self, pacing: Pacing) -> None:
        self.pacing = pacing
        self.inside: list[str] = []
        self.order: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, site: str = SITE) -> None:
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, site))
        await self.settle()

    async def end(self, name: str) -> None:
        self.doors[name].set()
        await self.tasks[name]
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that can happen without time passing."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def _visit(self, name: str, site: str) -> None:
        async with self.pacing.at(site):
            self.order.append(name)
            self.inside.append(name)
            await self.doors[name].wait()
            self.inside.remove(name)


async def test_a_site_has_one_visitor_at_a_time_first_come_first_served() -> None:
    visits = Visits(Pacing(delay=0))
    for name in "abc":
        await visits.start(name)

    for name in "abc":
        assert visits.inside == [name]
        await visits.end(name)

    assert visits.order == ["a", "b", "c"]


async def test_sites_do_not_wait_for_each_other() -> None:
    visits = Visits(Pacing(delay=0))
    await visits.start("a", SITE)
    await visits.start("b", OTHER)

    assert visits.inside == ["a", "b"]
    await visits.end("a")
    await visits.end("b")


async def test_concurrency_is_how_many_may_visit_at_a_time() -> None:
    visits = Visits(Pacing(delay=0, concurrency=2))
    for name in "abc":
        await visits.start(name)

    assert visits.inside == ["a", "b"]
    await visits.end("b")
    assert visits.inside == ["a", "c"]
    await visits.end("a")
    await visits.end("c")


async def test_the_delay_is_from_the_end_of_one_to_the_start_of_the_next() -> None:
    pacing = Pacing(delay=0.1)
    async with pacing.at(SITE):
        pass
    ended = monotonic()

    assert not pacing.ready(SITE)
    async with pacing.at(SITE):
        assert 0.1 <= monotonic() - ended + 0.001 < 0.3


async def test_a_failed_visit_has_its_delay_as_well() -> None:
    pacing = Pacing(delay=60)
    with pytest.raises(ZeroDivisionError):
        async with pacing.at(SITE):
            raise ZeroDivisionError

    assert not pacing.ready(SITE)


async def test_nothing_starts_at_a_site_that_is_held() -> None:
    pacing = Pacing(delay=0)
    pacing.hold(SITE, 0.1)
    held = monotonic()

    assert not pacing.ready(SITE)
    assert pacing.ready(OTHER)
    assert 0 < pacing.held_for(SITE) <= 0.1
    async with pacing.at(SITE):
        assert monotonic() - held >= 0.099
    assert pacing.held_for(SITE) == 0


async def test_a_hold_is_prolonged_and_never_shortened() -> None:
    pacing = Pacing(delay=0)
    pacing.hold(SITE, 100)
    pacing.hold(SITE, 1)
    assert pacing.held_for(SITE) > 99
    pacing.hold(SITE, 200)
    assert pacing.held_for(SITE) > 199


async def test_a_hold_during_a_visit_keeps_those_who_wait() -> None:
    pacing = Pacing(delay=0)
    visits = Visits(pacing)
    await visits.start("a")
    await visits.start("b")
    pacing.hold(SITE, PATIENCE)
    await visits.end("a")

    assert visits.inside == []
    visits.tasks["b"].cancel()


async def test_a_long_hold_is_not_waited_for() -> None:
    pacing = Pacing(delay=0)
    pacing.hold(SITE, 10 * PATIENCE)

    with pytest.raises(OnHold) as caught:
        await asyncio.wait_for(pacing.take(SITE), 1)

    assert 9 * PATIENCE < caught.value.seconds <= 10 * PATIENCE


async def test_a_long_hold_sends_home_those_who_wait_already() -> None:
    pacing = Pacing(delay=0)
    async with pacing.at(SITE):
        waiting = [asyncio.create_task(pacing.take(SITE)) for _ in range(3)]
        await asyncio.sleep(0)
        pacing.hold(SITE, 10 * PATIENCE)
        waiting[0].cancel()
        found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)

    assert [type(one) for one in found] == [asyncio.CancelledError, OnHold, OnHold]


async def visited(pacing: Pacing, site: str) -> bool:
    """Have a turn; whether the next would be given at once."""
    async with pacing.at(site):
        pass
    return pacing.ready(site)


async def test_the_longest_delay_of_a_sites_origins_counts() -> None:
    pacing = Pacing(delay=0)
    pacing.slow_down(SITE, "https://www.paper.example", 60)
    pacing.slow_down(SITE, "https://feeds.paper.example", 0)

    assert not await visited(pacing, SITE)


async def test_a_delay_that_is_asked_for_no_more_ends() -> None:
    pacing = Pacing(delay=0)
    pacing.slow_down(SITE, "https://www.paper.example", 60)
    pacing.slow_down(SITE, "https://www.paper.example", 0)

    assert await visited(pacing, SITE)


async def test_only_so_many_delays_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.web.politeness.pacing._SLOW_SITES", 2)
    monkeypatch.setattr("ingestd.web.politeness.pacing._SLOW_ORIGINS", 2)
    pacing = Pacing(delay=0)
    pacing.slow_down(SITE, 1, 60)
    for number in range(3):
        pacing.slow_down(OTHER, number, 60 + number)
    pacing.slow_down("third.example", 1, 60)

    assert await visited(pacing, SITE)
    for number in (1, 2):
        pacing.slow_down(OTHER, number, 0)
    assert await visited(pacing, OTHER)


async def test_who_stops_waiting_is_passed_over() -> None:
    visits = Visits(Pacing(delay=0))
    for name in "abc":
        await visits.start(name)
    visits.tasks["b"].cancel()
    await visits.end("a")

    assert visits.inside == ["c"]
    await visits.end("c")


async def test_who_stops_waiting_as_its_turn_comes_passes_it_on() -> None:
    visits = Visits(Pacing(delay=0))
    for name in "abc":
        await visits.start(name)
    visits.doors["a"].set()
    await asyncio.sleep(0)  # a has left, and b was woken but did not run yet
    visits.tasks["b"].cancel()
    await visits.settle()

    assert visits.inside == ["c"]
    await visits.end("c")


async def test_nothing_is_kept_of_a_site_that_is_idle() -> None:
    pacing = Pacing(delay=0)
    for number in range(1000):
        async with pacing.at(f"{number}.example"):
            assert pacing.busy_sites == 1

    assert pacing.busy_sites == 0


async def test_a_delay_or_hold_that_is_over_leaves_nothing() -> None:
    pacing = Pacing(delay=0.01)
    async with pacing.at(SITE):
        pacing.hold(OTHER, 0.01)
    pacing.hold(SITE, 0.02)
    async with pacing.at(OTHER), pacing.at(SITE):
        assert pacing.busy_sites == 2
    async with pacing.at(OTHER), pacing.at(SITE):
        pass
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(0.03, done.set)
    await done.wait()

    assert pacing.busy_sites == 0


@pytest.mark.parametrize("concurrency", [0, -1, 5000])
def test_concurrency_has_its_bounds(concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        Pacing(concurrency=concurrency)


# Across the processes of a host


async def test_a_site_that_another_process_visits_is_waited_for(tmp_path: Path) -> None:
    shared = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, shared=shared)
    with another_process_locks(shared, SITE) as process:
        assert not pacing.ready(SITE)
        assert pacing.ready(OTHER)
        waiting = asyncio.create_task(pacing.take(SITE))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()

        process.kill()
        pacing.give_back(SITE, await waiting)

    assert pacing.ready(SITE)
    pacing.close()


async def test_of_many_slots_a_free_one_is_found(tmp_path: Path) -> None:
    shared = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, concurrency=3, shared=shared)
    with another_process_locks(shared, SITE, 0), another_process_locks(shared, SITE, 1):
        assert pacing.ready(SITE)
        slot = await asyncio.wait_for(pacing.take(SITE), 0.04)
        assert slot == 2
        assert not pacing.ready(SITE)

    pacing.give_back(SITE, slot)
    pacing.close()


async def test_who_stops_waiting_for_another_process_leaves_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, shared=shared)
    with another_process_locks(shared, SITE), pytest.raises(TimeoutError):
        await asyncio.wait_for(pacing.take(SITE), 0.01)

    assert pacing.busy_sites == 0
    pacing.close()


async def test_asking_whether_it_is_ready_takes_nothing(tmp_path: Path) -> None:
    shared = tmp_path / "turns.lock"
    pacing = Pacing(shared=shared)
    assert pacing.ready(SITE)

    with another_process_locks(shared, SITE):
        assert not pacing.ready(SITE)
    pacing.close()


LOCKS = """
import pathlib, sys
from ingestd.web.host_locks import HostLocks
sys.exit(0 if HostLocks(pathlib.Path(sys.argv[1])).lock(sys.argv[2], 0) else 1)
"""


async def test_a_site_is_kept_from_other_processes_through_its_delay(tmp_path: Path) -> None:
    shared = tmp_path / "turns.lock"
    pacing = Pacing(delay=60, shared=shared)
    async with pacing.at(SITE):
        pass

    during = await asyncio.create_subprocess_exec(sys.executable, "-c", LOCKS, str(shared), SITE)
    assert await during.wait() == 1
    pacing.close()
    after = await asyncio.create_subprocess_exec(sys.executable, "-c", LOCKS, str(shared), SITE)
    assert await after.wait() == 0


# Stays when it is done: a process that ends does not sit out its last delay.
VISIT = """
import asyncio, ipaddress, os, pathlib, sys
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import PATIENCE, OnHold, Pacing

async def main(url, shared):
    turns = Pacing(delay=0.1, shared=pathlib.Path(shared))
    allowed = [ipaddress.ip_network("127.0.0.0/8")]
    async with Fetcher(user_agent=str(os.getpid()), allow_networks=allowed, turns=turns) as fetcher:
        await asyncio.gather(*(fetcher.get(url) for _ in range(5)))
        # An exit would free the site before the delay is over, and another process waits for no exit.
        await asyncio.sleep(0.3)
    turns.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_are_as_polite_as_one(newsroom: Newsroom, tmp_path: Path) -> None:
    url = newsroom.publish("/feed.xml", body=b"news")
    arguments = [sys.executable, "-c", VISIT, url, str(tmp_path / "turns.lock")]

    processes = [await asyncio.create_subprocess_exec(*arguments) for _ in range(2)]
    await asyncio.gather(*(process.wait() for process in processes))

    assert [process.returncode for process in processes] == [0, 0]
    assert newsroom.most_at_once == 1
    askers = [request.headers["User-Agent"] for request in newsroom.requests]
    assert len(set(askers[:5])) == 2, "while one has more to ask, the other has its turns as well"
    for before, after in pairwise(newsroom.requests):
        assert before.ended is not None
        assert after.started - before.ended >= 0.099
