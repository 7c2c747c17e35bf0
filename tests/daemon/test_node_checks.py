"""What /health and /metrics say of nodes."""

from dataclasses import replace

import pytest

from ingestd.daemon import checks, node_checks
from ingestd.store.nodes.listing import Node, ShownState
from tests.daemon.test_checks import NOON, figures


def node(name: str, state: ShownState, **work: int) -> Node:
    return Node(
        name=name, state=state, version="1.2.0", data_version=1, rules="0123456789ab", host="host", address=None,
        cpus=2, work=work, logins=(), started_at=NOON, seen_at=NOON, silent_for=3.0, sites=4, claimed_sources=0,
        claimed_entries=0, own_sources=2,
    )  # fmt: skip


NODES = (node("fra1", "lost"), node("ams1", "active", polls=2, pages=3, streams=9), node("nyc1", "drained"))


@pytest.mark.parametrize(
    ("engines", "status"),
    [
        pytest.param(("local", "local"), "warn", id="two local daemons"),
        pytest.param(("procrastinate", "procrastinate"), "pass", id="two nodes that share the manners"),
        pytest.param(("procrastinate", "local"), "warn", id="a local daemon beside a node"),
    ],
)
def test_health_warns_of_daemons_that_do_not_share_the_manners(engines: tuple[str, str], status: str) -> None:
    known = figures(daemons=2)
    nodes = tuple(replace(node(f"fra{number}", "active"), engine=engine) for number, engine in enumerate(engines))

    count, verdict = checks.daemons(replace(known, health=replace(known.health, nodes=nodes)))

    assert (count, verdict.status) == (2, status)


def test_health_warns_of_lost_nodes_without_their_names() -> None:
    known = figures()
    seen = replace(known, health=replace(known.health, nodes=NODES))

    assert node_checks.at_work(seen)[0] == 1
    count, verdict = node_checks.lost(seen)
    assert (count, verdict.status) == (1, "warn")
    assert "fra1" not in (verdict.output or "")
    assert node_checks.lost(known)[1].status == "pass"


def test_the_metrics_have_each_node_in_each_state() -> None:
    found = {
        (family.name, *sample.labels.values()): sample.value
        for family in node_checks.metrics(NODES)
        for sample in family.samples
    }

    assert found["ingestd_node_state", "fra1", "lost"] == 1
    assert found["ingestd_node_state", "fra1", "active"] == 0
    assert found["ingestd_node_at_work", "ams1"] == 5
    assert (found["ingestd_node_silent_seconds", "nyc1"], found["ingestd_node_sources", "nyc1"]) == (3.0, 2)
