"""Settings of daemons that share their work with those of other machines."""

import re
import socket
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

#: Longest name of a node.
LONGEST = 64

_NAME = re.compile(rf"(?!-)[A-Za-z0-9-]{{1,{LONGEST}}}(?<!-)")


def _node_name(text: str) -> str:
    if text == "any":
        raise ValueError('"any" stands for all nodes; choose another name, as in fra1')
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"{text!r} should be a name of at most {LONGEST} letters, digits and dashes, as in fra1, "
            "that neither begins nor ends with a dash"
        )
    return text


def host_name() -> str:
    """Return the name of this host as the name of a node: without its domain, and with dashes for other characters."""
    first = socket.gethostname().partition(".")[0]
    return re.sub(r"[^A-Za-z0-9-]", "-", first)[:LONGEST].strip("-") or "localhost"


def numbered(name: str, number: int) -> str:
    """Return the name of a further node on a host with this name."""
    return f"{name[: LONGEST - 4]}-{number}"


Engine = Annotated[
    Literal["local", "procrastinate"],
    Field(
        description=(
            "Who shares out the work: local, the dispatchers of one daemon; procrastinate, a queue in PostgreSQL from "
            "which the daemons of several machines take turns at sites, so that each site is in one hand at a time. "
            "The queue needs an extra: pip install 'ingestd[cluster]'."
        )
    ),
]
NodeName = Annotated[
    str,
    AfterValidator(_node_name),
    Field(
        description=(
            "Name of this node, one of the daemons that work on the database: letters, digits and dashes, at most 64. "
            "Sources can belong to a node, such as drop folders on its disk. Default: the host name; further daemons "
            "on one host get a number, so name them if sources belong to them."
        )
    ),
]
