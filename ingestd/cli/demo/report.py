"""What the newsroom says in the end: how its publishers were asked, and what is stored of what they published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingestd.cli.demo.node import Node
from ingestd.cli.output import show_json_lines, show_table
from ingestd.demo.arrivals import Arrivals, judge
from ingestd.demo.holdings import Holdings
from ingestd.demo.receiver import Receiver

_COUNTS = ("entries", "records", "duplicates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """The node that was killed, and when by the monotonic clock."""

    node: str
    at: float


def is_polite(arrivals: Arrivals, *, delay: float) -> bool:
    """Return whether no publisher was asked too early after an answer, or before it."""
    judged = [judge(arrivals.of(site), delay=delay) for site in arrivals.sites]
    return not any(one.early or one.at_once > 1 for one in judged)


def show_manners(arrivals: Arrivals, nodes: Sequence[Node], killed: Killed | None, *, delay: float, json: bool) -> None:
    """Print how often each publisher was asked, by whom, and the shortest time that it was left alone."""
    rows = [_manners(arrivals, site, nodes, killed, delay) for site in arrivals.sites]
    if json:
        show_json_lines(rows)
    else:
        show_table(tuple(rows[0]), (tuple(row.values()) for row in rows))


def _manners(
    arrivals: Arrivals, site: str, nodes: Sequence[Node], killed: Killed | None, delay: float
) -> Mapping[str, object]:
    asked = arrivals.of(site)
    manners = judge(asked, delay=delay)
    after = [one.began for one in asked if killed and one.began > killed.at]
    by_node = {node.name: sum(1 for one in asked if node.is_client(one.client)) for node in nodes}
    return {
        "publisher": site,
        "requests": len(asked),
        **by_node,
        "delay": delay,
        "shortest": None if manners.shortest is None else round(manners.shortest, 3),
        "too early": len(manners.early),
        "at once": manners.at_once,
        "asked again after the kill": round(after[0] - killed.at, 1) if killed and after else None,
    }


def is_complete(stored: Holdings, due: Holdings) -> bool:
    """Return whether all is stored once, in its last version.

    A version that is replaced while no node asks its publisher has never been seen, so revisions are not counted.
    """
    return stored.counts[:3] == due.counts[:3] and replace(stored, counts=due.counts) == due


def show_holdings(stored: Holdings, due: Holdings, receiver: Receiver, *, json: bool) -> None:
    """Print what was published, and what is stored of it."""
    pairs = list(zip(_COUNTS, due.counts, stored.counts, strict=False))
    pairs.append(("texts as last published", len(due.texts), len(stored.texts)))
    pairs += [(f"{kind} events of the agency", count, stored.events.get(kind, 0)) for kind, count in due.events.items()]
    rows = [
        {"what": what, "published": published, "stored": found, "missing": published - found}
        for what, published, found in pairs
    ]
    if json:
        show_json_lines([*rows, {"webhooks": len(receiver.received), "webhooks_refused": receiver.refused}])
    else:
        show_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
