"""The reader in docs/brokers.md gets what ingestd publishes, and goes on where it was."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from ingestd.web.fetcher import Fetcher
from tests.delivery.kinds.contract import make_messages, opened, render
from tests.docs.examples import PAGES
from tests.support.brokers.nats import NatsServer
from tests.support.brokers.process import running


async def test_the_reader_of_nats_goes_on_where_it_was(tmp_path: Path, fetcher: Fetcher) -> None:
    server = NatsServer(tmp_path)
    [code] = re.findall(r"^```python\n(.+?)^```", PAGES["docs/brokers.md"], re.DOTALL | re.MULTILINE)
    script = tmp_path / "reader.py"
    script.write_text(code.replace("127.0.0.1:4222", f"127.0.0.1:{server.port}"))
    async with running(server):
        async with opened(server.kind, server.settings, fetcher) as sender:
            for message in make_messages(3, records=1):
                await sender.send(render(message))
        first = await run_until(script, "-3 ingestd.revised Headline 1")
        async with opened(server.kind, server.settings, fetcher) as sender:
            for message in make_messages(5, records=1):
                await sender.send(render(message))
        second = await run_until(script, "-5 ingestd.revised Headline 1")

    assert [re.search(r"-(\d+) ", line)[1] for line in first] == ["1", "2", "3"]
    # What is printed and not acknowledged yet comes again.
    assert [re.search(r"-(\d+) ", line)[1] for line in second] in (["4", "5"], ["3", "4", "5"])


async def run_until(script: Path, last: str) -> list[str]:
    """Run a script until it prints a line with this end; return its lines."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-W", "ignore", str(script), stdout=PIPE)
    assert process.stdout
    lines = []
    async with asyncio.timeout(120):
        while not (lines and lines[-1].endswith(last)):
            line = await process.stdout.readline()
            assert line, lines
            lines.append(line.decode().rstrip())
    process.kill()
    await process.wait()
    return lines
