"""The Python examples of docs/client.md run against a daemon, in the order of the page."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.client.conftest import TOKEN, Desk
from tests.docs.examples import PAGES, of_ingestd

PAGE = "docs/client.md"


async def test_the_examples_of_the_client_run(desk: Desk, tmp_path: Path) -> None:
    await desk.send(("ferry", 1), ("bridge", 1), ("bridge", 2, "canceled"))
    for arguments in of_ingestd(PAGE):
        await asyncio.to_thread(desk.run, *arguments)
    examples = re.findall(r"```python\n(.*?)```", PAGES[PAGE], re.DOTALL)

    printed = []
    for example in examples:
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-W", "error", "-c", example],
            env={**os.environ, "INGESTD_URL": desk.address, "INGESTD_TOKEN": TOKEN}, cwd=tmp_path,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)

    events, pulled, records = printed
    assert [line.split()[1:] for line in events.splitlines()] == [["new", "ferry", "1"], ["killed", "None"]]
    assert pulled == "killed None\n"  # kills go first, in a lease of their own
    assert shlex.split(records.splitlines()[0])[1:] == ["ferry", "1"]
    assert "404 " in records
