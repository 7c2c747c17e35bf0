"""A cluster keeps its manners and loses nothing, whatever happens to its nodes, its database and its network.

In `make test` two nodes with 20 sites lose one to SIGKILL.  `make soak-cluster` runs every fault with 300 sites, each
for its share of $CLUSTER_SECONDS (20 minutes by default, with what starts and ends them), and prints a table.
"""

import math
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.arrivals import first_of
from tests.cluster.network import Loopback, Network, open_network
from tests.cluster.rig import FAKETIME, Cluster, Proof, open_cluster

#: Whether the long proofs run.
LONG = os.environ.get("SOAK_CLUSTER", "") == "1"

#: Seconds for all long proofs.
SECONDS = float(os.environ.get("CLUSTER_SECONDS", "1200"))

#: The engine that is proven.
ENGINE = os.environ.get("CLUSTER_ENGINE", "procrastinate")

#: Seconds within which the sites of a dead node are asked by others, and within which a node that joins asks one.
ORPHANED, JOINED = 45.0, 15.0

long = pytest.mark.skipif(not LONG, reason="runs in make soak-cluster")


def share(seconds: float) -> float:
    """Return the seconds of a fault that takes so many when all of them have 20 minutes."""
    return seconds * SECONDS / 1200


@pytest.fixture(scope="module")
def table() -> Iterator[list[Proof]]:
    """The proofs so far; printed at the end."""
    proofs: list[Proof] = []
    yield proofs
    if proofs:
        print("", Proof.HEADER, *(proof.row for proof in proofs), sep="\n")


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with open_network() as network:
        print(f"nodes run in: {type(network).__name__}")
        yield network


@pytest.fixture
def cluster(tmp_path: Path, network: Network) -> Iterator[Cluster]:
    """A cluster of 300 sites and three nodes that has asked each site."""
    with open_cluster(tmp_path, network, engine=ENGINE) as cluster:
        for number in (1, 2, 3):
            cluster.start(number)
        cluster.begin()
        yield cluster


def is_whole(proof: Proof, table: list[Proof]) -> None:
    """Add a proof to the table, and check what must always hold."""
    table.append(proof)
    print("", Proof.HEADER, proof.row, *proof.verdict.breaches[:20], *proof.verdict.apart[:10], sep="\n")
    if proof.verdict.breaches:
        print(*(f"{fault.kind} {fault.node} from {fault.began:.3f} to {fault.ended:.3f}" for fault in proof.faults),
              sep="\n")  # fmt: skip
    assert proof.verdict.breaches == []
    assert proof.lost == []
    assert proof.doubled == []
    assert max(proof.orphans, default=0.0) <= ORPHANED
    assert proof.notes == []


def test_a_small_cluster_survives_a_kill(tmp_path: Path) -> None:
    with open_cluster(tmp_path, Loopback(), engine=ENGINE, sites=20, period=5.0, most=6) as cluster:
        cluster.start(1)
        cluster.start(2)
        cluster.begin()
        victim = cluster.requests()[-1].node
        cluster.kill(victim)

        proof = cluster.finish("SIGKILL, small", longest_wait=10)

    is_whole(proof, [])
    assert proof.records > 20
    assert proof.orphans


@long
def test_none(cluster: Cluster, table: list[Proof]) -> None:
    time.sleep(share(60))

    is_whole(cluster.finish("none"), table)


@long
def test_a_node_joins_and_one_leaves(cluster: Cluster, table: list[Proof]) -> None:
    time.sleep(share(15))
    joined = cluster.join(4)
    since = time.monotonic()
    time.sleep(share(30))
    status = cluster.terminate("node-1")
    time.sleep(share(20))

    proof = cluster.finish("a node joins, one leaves with SIGTERM")
    first = first_of(cluster.requests(), joined.name, since)
    proof.seen.append(f"first request of the new node {first:.1f} s after its start")
    is_whole(proof, table)
    assert status == 0
    assert first <= JOINED


@long
def test_kills(cluster: Cluster, table: list[Proof]) -> None:
    draw = random.Random(20)
    until = time.monotonic() + share(100)
    while time.monotonic() < until:
        name = draw.choice([*cluster.nodes])
        cluster.kill(name)
        cluster.start(int(name.removeprefix("node-")))
        time.sleep(20)

    is_whole(cluster.finish("SIGKILL of a random node every 20 s"), table)


@long
def test_a_node_dies_for_good(cluster: Cluster, table: list[Proof]) -> None:
    cluster.kill("node-2")
    time.sleep(share(60))

    is_whole(cluster.finish("SIGKILL of a node that stays away"), table)


@long
def test_a_node_is_stopped_for_a_minute(cluster: Cluster, table: list[Proof]) -> None:
    cluster.pause("node-3", 60)
    time.sleep(share(20))

    is_whole(cluster.finish("SIGSTOP for 60 s"), table)


@long
def test_the_database_restarts(cluster: Cluster, table: list[Proof]) -> None:
    for mode in ("fast", "immediate"):
        cluster.restart_database(mode)
        time.sleep(share(20))

    is_whole(cluster.finish("PostgreSQL restarted, fast and immediate"), table)


@long
def test_a_node_is_cut_off(cluster: Cluster, network: Network, table: list[Proof]) -> None:
    if isinstance(network, Loopback):
        pytest.skip("the loopback cannot be cut: network namespaces need root")
    cluster.cut("node-2", share(60))
    time.sleep(share(20))

    is_whole(cluster.finish("network of a node cut for a minute"), table)


@long
@pytest.mark.skipif(not FAKETIME, reason="needs libfaketime: apt-get install faketime")
def test_clocks_differ(tmp_path: Path, network: Network, table: list[Proof]) -> None:
    with open_cluster(tmp_path, network, engine=ENGINE) as cluster:
        for number, clock in ((1, "-300"), (2, ""), (3, "+300")):
            cluster.start(number, clock=clock)
        cluster.begin()
        time.sleep(share(40))
        cluster.kill("node-3")
        cluster.start(3, clock="+300")
        time.sleep(share(20))

        is_whole(cluster.finish("clocks 5 minutes fast and slow, one SIGKILL"), table)


@long
def test_all_together(tmp_path: Path, network: Network, table: list[Proof]) -> None:
    draw = random.Random(21)
    clocks = {1: "-300", 5: "+300"} if FAKETIME else {}
    with open_cluster(tmp_path, network, engine=ENGINE) as cluster:
        for number in (1, 2, 3, 5):
            cluster.start(number, clock=clocks.get(number, ""))
        cluster.begin()
        cluster.join(4)
        rounds = max(1, math.floor(share(200) / 20))
        for number in range(rounds):
            name = draw.choice([*cluster.nodes])
            cluster.kill(name)
            match number:
                case 1:
                    cluster.restart_database("fast")
                case 3:
                    cluster.pause(draw.choice([*cluster.nodes]), 60)
                case 4:
                    cluster.restart_database("immediate")
                case 5 if not isinstance(network, Loopback):
                    cluster.cut(draw.choice([*cluster.nodes]), 45)
                case 7 if len(cluster.nodes) > 2:
                    cluster.terminate(draw.choice([*cluster.nodes]))
                case _:
                    time.sleep(20)
            again = int(name.removeprefix("node-"))
            cluster.start(again, clock=clocks.get(again, ""))

        is_whole(cluster.finish("all together"), table)


@long
def test_two_daemons_without_a_queue_break_manners(tmp_path: Path) -> None:
    """The judge sees what it is for: each daemon paces its own requests only."""
    with open_cluster(tmp_path, Loopback(), engine="local", sites=40, period=10) as cluster:
        cluster.start(1)
        cluster.start(2)
        cluster.begin()
        time.sleep(20)
        proof = cluster.finish("two daemons, engine = local")

    print("", Proof.HEADER, proof.row, *proof.verdict.breaches[:3], sep="\n")
    assert proof.verdict.early
