"""Small daemon that tests start, interrupt and kill: `python -m tests.workers.daemon hang|be_interrupted|load`."""

import asyncio
import os
import signal
import sys

from ingestd.workers.pool import Pool
from tests.workers import samples

PARSERS = ("py3langid", "trafilatura", "feedparser", "lxml.html", "ingestd.workers.jobs")


async def hang() -> None:
    """Run one idle worker and one that hangs."""
    async with Pool(processes=2, timeout=0.5, preload=()) as pool:
        await asyncio.gather(pool.run(samples.pid), pool.run(samples.pid))
        await pool.run(samples.announce_and_backtrack)


async def be_interrupted() -> None:
    """Interrupt the process group; print whether the worker is still the same."""
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    async with Pool(processes=1, preload=()) as pool:
        before = await pool.run(samples.pid)
        os.killpg(0, signal.SIGINT)
        await interrupted.wait()
        print(await pool.run(samples.pid) == before)


async def load() -> None:
    """Print whether a worker has imported all parsers, and the parsers that this process has imported."""
    async with Pool(processes=1) as pool:
        print(await pool.run("tests.workers.samples:loaded", *PARSERS) == list(PARSERS), samples.loaded(*PARSERS))


if __name__ == "__main__":
    asyncio.run({"hang": hang, "be_interrupted": be_interrupted, "load": load}[sys.argv[1]]())
