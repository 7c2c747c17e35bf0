"""The nodes of the demo, as processes."""

import os
import select
from pathlib import Path

import pytest

from ingestd.cli.demo.node import Node
from ingestd.errors import IngestError
from tests.support.loop_clock import until


def make_node(directory: Path, database_url: str) -> Node:
    node = Node("node1", directory)
    node.write_settings(database_url, "127.0.0.1:9", host_delay=0.5)
    return node


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for thread in threads for child in thread.read_text().split()]


def is_running(node: Node) -> bool:
    return node.runs


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_killed_node_leaves_no_worker(database_url: str, tmp_path: Path) -> None:
    node = make_node(tmp_path, database_url)
    try:
        await node.start()
        assert node.address.startswith("http://127.0.0.1:")
        await until(lambda: children_of(node.pid))
        workers = [os.pidfd_open(pid) for pid in children_of(node.pid)]

        await node.kill()
    finally:
        await node.stop()

    for worker in workers:
        ended, _, _ = select.select([worker], [], [], 30)
        assert ended
        os.close(worker)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_stopped_node_has_ended(database_url: str, tmp_path: Path) -> None:
    node = make_node(tmp_path, database_url)
    try:
        await node.start()
        assert is_running(node)
    finally:
        await node.stop()

    assert not is_running(node)


async def test_a_node_that_does_not_start_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    node = make_node(tmp_path, "postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(IngestError, match=r"node1 did not start: .*127\.0\.0\.1"):
        await node.start()
    await node.stop()

    assert "node1: " in capsys.readouterr().err
    assert not node.runs
