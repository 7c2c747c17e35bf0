import asyncio
import sys
from itertools import pairwise, repeat
from pathlib import Path

import pytest

from ingestd.web.politeness.pacing import MAX_HOLD_WAIT, OnHold, Pacing
from tests.support.loop_clock import PATIENCE, LoopClock
from tests.support.newsroom import Newsroom
from tests.web.politeness.test_host_locks import another_process_locks

SITE, OTHER = "gazette.example", "harbour.example"


@pytest.fixture
def clock(loop_clock: LoopClock, monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    """The clock of the loop's timers and of holds."""
    monkeypatch.setattr("ingestd.web.politeness.pacing.monotonic", loop_clock.now)
    return loop_clock


class Requests:
    """Tasks that each take a turn and keep it until `end`."""

    def __init__(self, pacing: Pacing) -> None:
        self.pacing = pacing
        self.running: list[str] = []
        self.order: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, name: str, site: str = SITE) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._request(name, site))
        await self.settle()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]
        await self.settle()

    async def settle(self) -> None:
        """Run every task as far as it gets without time passing."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def _request(self, name: str, site: str) -> None:
        async with self.pacing.turn(site):
            self.order.append(name)
            self.running.append(name)
            await self.ends[name].wait()
            self.running.remove(name)


async def test_a_site_gets_one_request_at_a_time_first_come_first_served() -> None:
    requests = Requests(Pacing(delay=0))
    for name in "abc":
        await requests.start(name)

    for name in "abc":
        assert requests.running == [name]
        await requests.end(name)

    assert requests.order == ["a", "b", "c"]


async def test_sites_do_not_wait_for_each_other() -> None:
    requests = Requests(Pacing(delay=0))
    await requests.start("a", SITE)
    await requests.start("b", OTHER)

    assert requests.running == ["a", "b"]
    await requests.end("a")
    await requests.end("b")


async def test_concurrency_limits_the_requests_at_a_time() -> None:
    requests = Requests(Pacing(delay=0, concurrency=2))
    for name in "abc":
        await requests.start(name)

    assert requests.running == ["a", "b"]
    await requests.end("b")
    assert requests.running == ["a", "c"]
    await requests.end("a")
    await requests.end("c")


async def test_the_delay_runs_from_the_end_of_a_request_to_the_start_of_the_next(clock: LoopClock) -> None:
    requests = Requests(Pacing(delay=600))
    await requests.start("a")
    clock.skip(500)
    await requests.end("a")
    await requests.start("b")

    assert not requests.pacing.ready(SITE)
    clock.skip(500)  # the rest is more than a machine stands still
    await requests.settle()
    assert requests.running == []
    clock.skip(100)
    await requests.settle()
    assert requests.running == ["b"]
    await requests.end("b")


async def test_a_failed_request_is_followed_by_the_delay_too() -> None:
    pacing = Pacing(delay=60)
    with pytest.raises(ZeroDivisionError):
        async with pacing.turn(SITE):
            raise ZeroDivisionError

    assert not pacing.ready(SITE)


async def test_no_request_starts_at_a_site_on_hold(clock: LoopClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.web.politeness.pacing.MAX_HOLD_WAIT", 600.0)
    pacing = Pacing(delay=0)
    requests = Requests(pacing)
    pacing.hold(SITE, 600)

    assert not pacing.ready(SITE)
    assert pacing.ready(OTHER)
    assert 500 < pacing.held_for(SITE) <= 600
    await requests.start("a")
    clock.skip(500)
    await requests.settle()
    assert requests.running == []
    clock.skip(100)
    await requests.settle()
    assert requests.running == ["a"]
    assert pacing.held_for(SITE) == 0
    await requests.end("a")


async def test_a_hold_is_prolonged_and_never_shortened() -> None:
    pacing = Pacing(delay=0)
    pacing.hold(SITE, 1000)
    pacing.hold(SITE, 1)
    assert pacing.held_for(SITE) > 900
    pacing.hold(SITE, 2000)
    assert pacing.held_for(SITE) > 1900


async def test_a_short_hold_keeps_waiting_requests_waiting() -> None:
    pacing = Pacing(delay=0)
    requests = Requests(pacing)
    await requests.start("a")
    await requests.start("b")
    pacing.hold(SITE, MAX_HOLD_WAIT)
    await requests.end("a")

    assert requests.running == []
    requests.tasks["b"].cancel()


async def test_a_long_hold_raises_at_once() -> None:
    pacing = Pacing(delay=0)
    pacing.hold(SITE, 10 * MAX_HOLD_WAIT)

    with pytest.raises(OnHold) as caught:
        await asyncio.wait_for(pacing.acquire(SITE), PATIENCE)

    assert 9 * MAX_HOLD_WAIT < caught.value.seconds <= 10 * MAX_HOLD_WAIT


async def test_a_long_hold_raises_in_requests_that_already_wait() -> None:
    pacing = Pacing(delay=0)
    async with pacing.turn(SITE):
        waiting = [asyncio.create_task(pacing.acquire(SITE)) for _ in range(3)]
        await asyncio.sleep(0)
        pacing.hold(SITE, 10 * MAX_HOLD_WAIT)
        waiting[0].cancel()
        found = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), PATIENCE)

    assert [type(one) for one in found] == [asyncio.CancelledError, OnHold, OnHold]


async def ready_after_request(pacing: Pacing, site: str) -> bool:
    """Take a turn; return whether the next one would be granted without waiting."""
    async with pacing.turn(site):
        pass
    return pacing.ready(site)


async def test_the_longest_delay_of_a_sites_origins_applies() -> None:
    pacing = Pacing(delay=0)
    pacing.set_delay(SITE, "https://www.paper.example", 60)
    pacing.set_delay(SITE, "https://feeds.paper.example", 0)

    assert not await ready_after_request(pacing, SITE)


async def test_a_delay_that_is_no_longer_requested_ends() -> None:
    pacing = Pacing(delay=0)
    pacing.set_delay(SITE, "https://www.paper.example", 60)
    pacing.set_delay(SITE, "https://www.paper.example", 0)

    assert await ready_after_request(pacing, SITE)


async def test_the_number_of_remembered_delays_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.web.politeness.asked_delays._MAX_SITES", 2)
    monkeypatch.setattr("ingestd.web.politeness.asked_delays._MAX_ORIGINS", 2)
    pacing = Pacing(delay=0)
    pacing.set_delay(SITE, "1", 60)
    for number in range(3):
        pacing.set_delay(OTHER, str(number), 60 + number)
    pacing.set_delay("third.example", "1", 60)

    assert await ready_after_request(pacing, SITE)
    for number in (1, 2):
        pacing.set_delay(OTHER, str(number), 0)
    assert await ready_after_request(pacing, OTHER)


async def test_a_cancelled_request_is_skipped() -> None:
    requests = Requests(Pacing(delay=0))
    for name in "abc":
        await requests.start(name)
    requests.tasks["b"].cancel()
    await requests.end("a")

    assert requests.running == ["c"]
    await requests.end("c")


async def test_a_request_cancelled_as_its_turn_comes_passes_the_turn_on() -> None:
    requests = Requests(Pacing(delay=0))
    for name in "abc":
        await requests.start(name)
    requests.ends["a"].set()
    await asyncio.sleep(0)  # a has ended; b was granted the slot but has not run yet
    requests.tasks["b"].cancel()
    await requests.settle()

    assert requests.running == ["c"]
    await requests.end("c")


async def test_an_idle_site_has_no_state() -> None:
    pacing = Pacing(delay=0)
    for number in range(1000):
        async with pacing.turn(f"{number}.example"):
            assert pacing.busy_sites == 1

    assert pacing.busy_sites == 0


async def test_a_site_is_idle_after_its_delay_or_hold() -> None:
    pacing = Pacing(delay=0.01)
    async with pacing.turn(SITE):
        pacing.hold(OTHER, 0.01)
    pacing.hold(SITE, 0.02)
    async with pacing.turn(OTHER), pacing.turn(SITE):
        assert pacing.busy_sites == 2
    async with pacing.turn(OTHER), pacing.turn(SITE):
        pass
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(0.03, done.set)
    await done.wait()

    assert pacing.busy_sites == 0


@pytest.mark.parametrize("concurrency", [0, -1, 5000])
def test_concurrency_outside_its_bounds_is_an_error(concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        Pacing(concurrency=concurrency)


# Across the processes of a host


async def test_a_turn_waits_for_another_process(tmp_path: Path) -> None:
    lock_file = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, lock_file=lock_file)
    with another_process_locks(lock_file, SITE) as process:
        assert not pacing.ready(SITE)
        assert pacing.ready(OTHER)
        waiting = asyncio.create_task(pacing.acquire(SITE))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()

        process.kill()
        pacing.release(SITE, await waiting)

    assert pacing.ready(SITE)
    pacing.close()


async def test_a_slot_that_no_other_process_has_is_found_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.web.politeness.pacing.pauses", lambda: repeat(600.0))
    lock_file = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, concurrency=3, lock_file=lock_file)
    with another_process_locks(lock_file, SITE, 0), another_process_locks(lock_file, SITE, 1):
        assert pacing.ready(SITE)
        slot = await asyncio.wait_for(pacing.acquire(SITE), PATIENCE)
        assert slot == 2
        assert not pacing.ready(SITE)

    pacing.release(SITE, slot)
    pacing.close()


async def test_a_request_cancelled_while_it_waits_for_another_process_leaves_no_state(tmp_path: Path) -> None:
    lock_file = tmp_path / "turns.lock"
    pacing = Pacing(delay=0, lock_file=lock_file)
    with another_process_locks(lock_file, SITE), pytest.raises(TimeoutError):
        await asyncio.wait_for(pacing.acquire(SITE), 0.01)

    assert pacing.busy_sites == 0
    pacing.close()


async def test_ready_leaves_nothing_locked(tmp_path: Path) -> None:
    lock_file = tmp_path / "turns.lock"
    pacing = Pacing(lock_file=lock_file)
    assert pacing.ready(SITE)

    with another_process_locks(lock_file, SITE):
        assert not pacing.ready(SITE)
    pacing.close()


TRY_LOCK = """
import pathlib, sys
from ingestd.web.politeness.host_locks import HostLocks
sys.exit(0 if HostLocks(pathlib.Path(sys.argv[1])).lock(sys.argv[2], 0) else 1)
"""


async def test_a_site_stays_locked_for_other_processes_through_its_delay(tmp_path: Path) -> None:
    lock_file = tmp_path / "turns.lock"
    pacing = Pacing(delay=60, lock_file=lock_file)
    async with pacing.turn(SITE):
        pass

    during = await asyncio.create_subprocess_exec(sys.executable, "-c", TRY_LOCK, str(lock_file), SITE)
    assert await during.wait() == 1
    pacing.close()
    after = await asyncio.create_subprocess_exec(sys.executable, "-c", TRY_LOCK, str(lock_file), SITE)
    assert await after.wait() == 0


# Sleeps before it exits: a process that exits does not wait for its last delay to end.
FETCH_FIVE_TIMES = """
import asyncio, ipaddress, os, pathlib, sys
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing

async def main(url, lock_file):
    pacing = Pacing(delay=0.1, lock_file=pathlib.Path(lock_file))
    allowed = [ipaddress.ip_network("127.0.0.0/8")]
    async with Fetcher(user_agent=str(os.getpid()), allow_networks=allowed, pacing=pacing) as fetcher:
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(fetcher.get(url) for _ in range(5)))
        # An exit would unlock the site before the delay ends.
        await asyncio.sleep(0.3)
    pacing.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_are_as_polite_as_one(newsroom: Newsroom, tmp_path: Path) -> None:
    url = newsroom.publish("/feed.xml", body=b"news")
    arguments = [sys.executable, "-c", FETCH_FIVE_TIMES, url, str(tmp_path / "turns.lock")]

    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    processes = [await asyncio.create_subprocess_exec(*arguments, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
    await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [process.returncode for process in processes] == [0, 0]
    assert newsroom.most_at_once == 1
    agents = [request.headers["User-Agent"] for request in newsroom.requests]
    assert len(set(agents[:5])) == 2, "both processes get turns while each has more requests"
    for before, after in pairwise(newsroom.requests):
        assert before.ended is not None
        assert after.started - before.ended >= 0.099
