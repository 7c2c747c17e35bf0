"""Arguments of the commands about nodes, and how a node is shown."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from ingestd.store.nodes.listing import Node
from ingestd.times import iso

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a node, as `ingestd nodes list` shows it.")]


def as_json(node: Node) -> dict[str, Any]:
    """Return a node for JSON output."""
    return {
        **asdict(node), "logins": list(node.logins), "started_at": iso(node.started_at), "seen_at": iso(node.seen_at),
        "silent_for": round(node.silent_for, 1),
    }  # fmt: skip
