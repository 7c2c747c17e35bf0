"""Brokers of tests end with the tests, also when those are killed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

#: The server is a script that starts another process, as that of RabbitMQ; both keep the pipe open.
_TESTS = """
import asyncio
from pathlib import Path

from tests.support.brokers.process import ServerProcess


async def main():
    script = "exec 9<>held; sleep 600 & echo ready; wait"
    await ServerProcess(["sh", "-c", script], b"ready", Path.cwd()).start()
    print("started", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
"""


async def test_a_server_ends_with_all_that_it_started_when_the_tests_are_killed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    tests = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _TESTS, stdout=PIPE, cwd=tmp_path, env=environment
    )
    assert tests.stdout
    assert await tests.stdout.readline() == b"started\n"
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(held, "rb")
    )

    tests.kill()
    await tests.wait()

    with closing(transport):
        async with asyncio.timeout(60):
            assert await reader.read() == b""  # nobody has it open any more
