"""What /health and /metrics say of nodes."""

from collections.abc import Callable, Iterable
from typing import get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from ingestd.daemon.checks import Component, Figures, Measured, warn_when
from ingestd.store.nodes.listing import Node, ShownState


def at_work(figures: Figures) -> Measured:
    """Return the number of nodes that take work."""
    return sum(node.state == "active" for node in figures.health.nodes), warn_when(False, "")


def lost(figures: Figures) -> Measured:
    """Return the number of nodes that have died or give no sign of life, until they are removed or start again."""
    # Health is public: no name of a node.
    count = sum(node.state == "lost" for node in figures.health.nodes)
    return count, warn_when(count > 0, "nodes are lost; start them, or see `ingestd nodes list` and `nodes remove`")


#: The checks of nodes, as `checks.DATABASE_CHECKS`.
CHECKS: tuple[tuple[str, Component, str, Callable[[Figures], Measured]], ...] = (
    ("nodes:atWork", "component", "nodes", at_work),
    ("nodes:lost", "component", "nodes", lost),
)


def metrics(nodes: Iterable[Node]) -> Iterable[Metric]:
    """Yield the metrics of all nodes, as any of them can tell."""
    state = GaugeMetricFamily("ingestd_node_state", "The state of a node: 1 for the one it is in.", labels=_STATE)
    gauges = (
        GaugeMetricFamily("ingestd_node_silent_seconds", "Time since a node's last sign of life.", labels=_LABELS),
        GaugeMetricFamily("ingestd_node_at_work", "Polls, pages and revisits of a node in progress.", labels=_LABELS),
        GaugeMetricFamily("ingestd_node_sites", "Sites that a node has for its turns.", labels=_LABELS),
        GaugeMetricFamily("ingestd_node_sources", "Sources that belong to a node.", labels=_LABELS),
    )
    for node in nodes:
        for name in get_args(ShownState):
            state.add_metric((node.name, name), node.state == name)
        for gauge, value in zip(gauges, (node.silent_for, node.at_work, node.sites, node.own_sources), strict=True):
            gauge.add_metric((node.name,), value)
    yield state
    yield from gauges


_LABELS, _STATE = ("node",), ("node", "state")
