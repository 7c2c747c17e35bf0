import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, TextIO

import pytest

from ingestd.errors import (
    NoArticle,
    Refused,
    WorkerBug,
    WorkerDied,
    WorkerError,
    WorkerOutOfMemory,
    WorkerStalled,
    WorkerTimedOut,
)
from ingestd.workers.pool import Pool
from tests.workers import samples

ROOT = Path(__file__).parent.parent.parent
MIB = 2**20


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with Pool(processes=2, preload=()) as pool:
        yield pool


@pytest.fixture
def fifo(tmp_path: Path) -> str:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return str(path)


async def opened(fifo: str, mode: Literal["r", "w"] = "r") -> TextIO:
    """Open `fifo` once a worker has opened the other end."""
    return await asyncio.to_thread(Path(fifo).open, mode)


async def gone(pid: int) -> None:
    ended, pidfd = asyncio.Event(), os.pidfd_open(pid)
    asyncio.get_running_loop().add_reader(pidfd, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(pidfd)
    os.close(pidfd)


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_function_is_called_in_another_process(pool: Pool) -> None:
    assert await pool.run(samples.double, 21) == 42
    assert await pool.run(samples.join, "late", "edition", by="-") == "late-edition"
    assert await pool.run(samples.pid) != os.getpid()


async def test_a_function_can_be_named_as_text(pool: Pool) -> None:
    assert await pool.run("tests.workers.samples:join", "late", "edition", by="-") == "late-edition"


async def test_an_ingesterror_is_raised_to_the_caller_unchanged(pool: Pool) -> None:
    with pytest.raises(NoArticle, match="a page without paragraphs"):
        await pool.run(samples.no_article)
    with pytest.raises(Refused) as caught:
        await pool.run(samples.refuse)

    assert (caught.value.url, caught.value.status, caught.value.retry_after) == ("https://paper.example/1", 503, 120.0)
    assert pool.done == 2


@pytest.mark.parametrize(
    ("function", "name", "message"),
    [
        pytest.param("tests.workers.samples:raise_bug", "ZeroDivisionError", "columns", id="any other exception"),
        pytest.param("tests.workers.samples:exit_3", "SystemExit", "3", id="sys.exit"),
        pytest.param("tests.workers.samples:recurse", "RecursionError", "recursion", id="endless recursion"),
        pytest.param("tests.workers.samples:unportable", "Unportable", "onetwo", id="an error that doesn't unpickle"),
        pytest.param(
            "tests.workers.samples:unpicklable", "AttributeError", "unpicklable", id="a result that doesn't pickle"
        ),
        pytest.param("tests.workers.samples:nothing", "AttributeError", "nothing", id="no such function"),
        pytest.param("tests.workers.nowhere:double", "ModuleNotFoundError", "nowhere", id="no such module"),
    ],
)
async def test_any_other_exception_becomes_a_workerbug_with_its_traceback(
    pool: Pool, function: str, name: str, message: str
) -> None:
    with pytest.raises(WorkerBug) as caught:
        await pool.run(function)

    assert caught.value.name == name
    assert message in caught.value.message
    assert "Traceback" in caught.value.trace or name == "RecursionError"  # only its end is kept
    assert len(caught.value.trace) <= 10_000


async def test_a_function_that_cannot_be_pickled_is_refused_and_kills_no_worker(pool: Pool) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError)):
        await pool.run(lambda: None)

    assert (pool.busy, pool.deaths, pool.done) == (0, 0, 0)


@pytest.mark.parametrize(
    ("hang", "kind", "message", "counts"),
    [
        pytest.param("sleep", WorkerStalled, "made no progress within 300ms", (0, 1), id="asleep"),
        pytest.param("backtrack", WorkerTimedOut, "needed more than 300ms of CPU time", (1, 0), id="in C"),
        pytest.param("spin", WorkerTimedOut, "needed more than 300ms of CPU time", (1, 0), id="in Python"),
    ],
)
async def test_a_job_that_hangs_fails_alone(
    hang: str, kind: type[WorkerError], message: str, counts: tuple[int, int]
) -> None:
    async with Pool(processes=2, timeout=0.3, preload=()) as pool:
        hung, *others = await asyncio.gather(
            pool.run(f"tests.workers.samples:{hang}"),
            *(pool.run(samples.double, number) for number in range(20)),
            return_exceptions=True,
        )

        assert others == [2 * number for number in range(20)]
        assert type(hung) is kind
        assert message in str(hung)
        assert await asyncio.gather(*(pool.run(samples.double, number) for number in range(4))) == [0, 2, 4, 6]
        assert (pool.timeouts, pool.stalls, pool.deaths) == (*counts, 0)


async def test_a_stopped_worker_is_a_local_failure_and_is_replaced() -> None:
    async with Pool(processes=1, timeout=0.5, preload=()) as pool:
        stopped = await pool.run(samples.pid)
        os.kill(stopped, signal.SIGSTOP)

        with pytest.raises(WorkerStalled, match="made no progress") as caught:
            await pool.run(samples.double, 21)

        assert caught.value.local
        assert await pool.run(samples.pid) != stopped


async def test_the_limit_is_the_cpu_time_of_one_job_not_of_the_process() -> None:
    async with Pool(processes=1, timeout=1.0, preload=()) as pool:
        pids = {await pool.run(samples.burn, 0.25) for _ in range(5)}

        assert len(pids) == 1
        assert (pool.timeouts, pool.stalls, pool.deaths) == (0, 0, 0)


async def test_a_busy_host_fails_no_job_that_needs_little_cpu_time() -> None:
    loop = (sys.executable, "-c", "import signal; signal.alarm(60)\nwhile True: pass")
    busy = [await asyncio.create_subprocess_exec(*loop) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        async with Pool(processes=2, timeout=1.0, preload=()) as pool:
            await asyncio.gather(*(pool.run(samples.burn, 0.2) for _ in range(8)))

            assert (pool.timeouts, pool.stalls, pool.deaths) == (0, 0, 0)
    finally:
        for process in busy:
            with suppress(ProcessLookupError):  # the alarm has ended it
                process.kill()
            await process.wait()


async def test_a_job_that_a_busy_host_never_finishes_is_a_local_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.workers.pool._WALL_FACTOR", 0.01)
    monkeypatch.setattr("ingestd.workers.pool._MIN_WALL", 0.2)
    async with Pool(processes=1, timeout=20.0, preload=()) as pool:
        with pytest.raises(WorkerStalled, match="took longer than 200ms on a busy host"):
            await pool.run(samples.spin)


@pytest.mark.parametrize(
    ("function", "arguments", "ending"),
    [
        pytest.param("os:_exit", (3,), "ended with status 3", id="exit"),
        pytest.param("os:kill", (0, signal.SIGTERM), "was killed by SIGTERM", id="signal"),
        pytest.param("tests.workers.samples:abort", (), "was killed by SIGABRT", id="abort"),
    ],
)
async def test_the_error_of_a_job_whose_worker_ended_says_how_it_ended(
    pool: Pool, function: str, arguments: tuple[int, ...], ending: str
) -> None:
    if function == "os:kill":
        arguments = (await pool.run(samples.pid), arguments[1])

    with pytest.raises(WorkerDied, match=f"{ending} during {function}"):
        await pool.run(function, *arguments)

    assert await pool.run(samples.double, 21) == 42
    assert pool.deaths == 1


async def test_a_job_that_exceeds_its_memory_fails_and_its_worker_is_replaced() -> None:
    async with Pool(processes=1, memory=64 * MIB, preload=()) as pool:
        before = await pool.run(samples.pid)
        assert await pool.run(samples.hoard, 32 * MIB) == 32 * MIB

        with pytest.raises(WorkerOutOfMemory):
            await pool.run(samples.hoard, 80 * MIB)

        assert await pool.run(samples.pid) != before
        assert (pool.recycled, pool.deaths) == (1, 0)


async def test_jobs_that_kill_their_worker_do_not_affect_the_others(pool: Pool) -> None:
    deadly = (7, 60, 61, 130, 199)
    answers = await asyncio.gather(
        *(pool.run(samples.sometimes_die, number, deadly) for number in range(200)), return_exceptions=True
    )

    assert tuple(number for number, answer in enumerate(answers) if isinstance(answer, WorkerDied)) == deadly
    assert [answer for answer in answers if not isinstance(answer, WorkerDied)] == [
        number for number in range(200) if number not in deadly
    ]
    assert (pool.deaths, pool.done, pool.busy, pool.waiting) == (5, 195, 0, 0)


async def test_a_worker_is_replaced_after_recycle_after_jobs() -> None:
    async with Pool(processes=1, recycle_after=3, preload=()) as pool:
        pids = [await pool.run(samples.pid) for _ in range(7)]

        assert len(set(pids[:3])) == len(set(pids[3:6])) == 1
        assert len(set(pids)) == 3
        assert pool.recycled == 2


async def test_jobs_run_in_the_order_of_their_arrival() -> None:
    done = []

    async def run(pool: Pool, number: int) -> None:
        done.append(await pool.run(samples.double, number))

    async with Pool(processes=1, preload=()) as pool:
        await asyncio.gather(*(run(pool, number) for number in range(20)))

    assert done == [2 * number for number in range(20)]


async def test_cancelling_a_running_job_kills_its_worker(pool: Pool, fifo: str) -> None:
    job = asyncio.create_task(pool.run(samples.sleep, fifo))
    with await opened(fifo) as worker:
        assert int(worker.readline()) != os.getpid()

        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

        assert await asyncio.to_thread(worker.read) == ""  # EOF: the worker has ended
    assert (pool.busy, pool.deaths, pool.timeouts) == (0, 0, 0)
    assert await pool.run(samples.double, 21) == 42


async def test_cancelling_a_waiting_job_kills_no_worker(fifo: str) -> None:
    async with Pool(processes=1, preload=()) as pool:
        before = await pool.run(samples.pid)
        first = asyncio.create_task(pool.run(samples.wait, fifo))
        second = asyncio.create_task(pool.run(samples.abort))
        third = asyncio.create_task(pool.run(samples.pid))
        with await opened(fifo, "w"):
            assert (pool.busy, pool.waiting) == (1, 2)
            second.cancel()
        await first

        assert await third == before
        assert second.cancelled()
        assert pool.deaths == 0


async def test_large_jobs_and_results_are_transferred_concurrently(pool: Pool) -> None:
    bodies = [bytes([letter]) * (8 * MIB) for letter in b"abcd"]

    assert await asyncio.gather(*(pool.run(samples.echo, body) for body in bodies)) == bodies


async def test_a_worker_that_dies_while_it_receives_a_job_raises_workerdied(pool: Pool) -> None:
    victim = await pool.run(samples.pid)
    os.kill(victim, signal.SIGSTOP)  # it stops reading, so the job is stuck half-way in the socket
    job = asyncio.create_task(pool.run(samples.echo, bytes(8 * MIB)))
    await asyncio.sleep(0)  # the job starts
    os.kill(victim, signal.SIGKILL)

    with pytest.raises(WorkerDied, match="SIGKILL"):
        await job


async def test_a_worker_that_died_while_idle_fails_no_job(pool: Pool) -> None:
    victim = await pool.run(samples.pid)
    os.kill(victim, signal.SIGKILL)
    await gone(victim)

    assert await pool.run(samples.pid) != victim
    assert pool.deaths == 1


async def test_the_pool_survives_its_forkserver(pool: Pool) -> None:
    forkserver = await pool.run("os:getppid")
    os.kill(forkserver, signal.SIGKILL)

    assert await pool.run(samples.double, 21) == 42  # the worker itself is still alive
    with pytest.raises(WorkerDied, match="unknown status"):
        await pool.run(samples.abort)
    assert await pool.run(samples.double, 21) == 42
    assert await pool.run("os:getppid") != forkserver


async def test_a_worker_is_nicer_than_the_daemon_and_ignores_interrupts(pool: Pool) -> None:
    assert await pool.run(samples.process_state) == {
        "nice": min(os.nice(0) + 5, 19),
        "interrupt": True,
        "terminate": True,
    }


async def test_closing_the_pool_ends_every_worker_and_running_job(fifo: str) -> None:
    async with Pool(processes=2, preload=()) as pool:
        idle = await pool.run(samples.pid)
        job = asyncio.create_task(pool.run(samples.sleep, fifo))
        waiting = [asyncio.create_task(pool.run(samples.double, 1)) for _ in range(3)]
        with await opened(fifo) as worker:
            busy = int(worker.readline())

    assert not exists(idle)
    assert not exists(busy)
    with pytest.raises(WorkerDied):
        await job
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(answer == 2 or isinstance(answer, WorkerDied) for answer in answers)
    with pytest.raises(WorkerDied, match="closed"):
        await pool.run(samples.double, 1)


DAEMON = (sys.executable, "-m", "tests.workers.daemon")


def output(what: str) -> str:
    """Run the small daemon to its end in its own process group; return its output."""
    finished = subprocess.run(
        [*DAEMON, what],
        cwd=ROOT, check=True, start_new_session=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return finished.stdout


def test_a_killed_daemon_leaves_no_process_behind() -> None:
    with subprocess.Popen([*DAEMON, "hang"], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == "hanging\n"

        process.kill()

        # All its processes hold this pipe, so EOF means that the last of them has ended.
        process.communicate(timeout=60)


def test_workers_survive_ctrl_c() -> None:
    assert output("be_interrupted") == "True\n"


def test_workers_load_the_parsers_and_the_daemon_does_not() -> None:
    assert output("load") == "True []\n"
