"""A node that dies at a commit, before or after the database has it, leaves manners that its successor keeps.

In full, the sites of the simulator ask for a Crawl-delay of two minutes and a Retry-After of ten.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.network import Loopback
from tests.cluster.rig import Cluster, open_cluster
from tests.cluster.test_cluster import LONG
from tests.daemon.processes import PATIENCE
from tests.support.commit_proxy import CommitProxy, Outcome

#: Seconds for which a node lives, with its start, if nothing is committed that it has to die at.
LIFE = 15.0


@contextmanager
def proxied(url: str) -> Iterator[CommitProxy]:
    """Run a proxy in front of the database, in a thread."""
    loop = asyncio.new_event_loop()
    ready, ended = threading.Event(), asyncio.Event()
    found: list[CommitProxy] = []

    async def serve() -> None:
        async with CommitProxy.open(url) as proxy:
            found.append(proxy)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE)
        loop.close()


def die_at(cluster: Cluster, proxy: CommitProxy, words: str, outcome: Outcome, passed_over: int) -> bool:
    """Start a node that dies at a commit with these words, so many passed over; returns whether there was one."""
    died = threading.Event()
    node = cluster.start(1, url=proxy.url)

    def kill() -> None:
        os.kill(node.pid, signal.SIGKILL)
        died.set()

    proxy.cut(words, outcome, passed_over=passed_over, on_cut=kill)
    was_cut = died.wait(LIFE)
    cluster.kill("node-1")
    return was_cut


@pytest.mark.skipif(not LONG, reason="runs in make soak-cluster")
@pytest.mark.parametrize("outcome", ["committed", "lost"])
def test_a_node_dies_at_each_commit_about_a_slow_site(tmp_path: Path, outcome: Outcome) -> None:
    with open_cluster(tmp_path, Loopback(), sites=20, period=30.0, most=3) as cluster:
        slow = [site.address for site in cluster.sites if site.longest_wait > 60]
        assert len(slow) == 2
        cluster.add_sources()
        with proxied(cluster.url) as proxy:
            deaths = [die_at(cluster, proxy, address, outcome, n) for n in (0, 1, 2) for address in slow]
        cluster.start(1)
        cluster.start(2)

        proof = cluster.finish(f"SIGKILL at {sum(deaths)} commits about slow sites, {outcome}", seconds=90)

    print("", proof.HEADER, proof.row, *proof.verdict.breaches[:20], sep="\n")
    assert sum(deaths) >= 3
    assert proof.verdict.breaches == []
    assert proof.lost == []
    assert proof.doubled == []
