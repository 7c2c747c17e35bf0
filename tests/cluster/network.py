"""Where nodes, sites and database are: on the loopback, or each node in a network namespace of its own (root only).

In namespaces a node is in a process namespace as well, so that it sees the others as it would see other machines.
All of them hang on one bridge in a namespace of the rig; the network of the machine itself stays as it is.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

#: Seconds for a command of ip(8).
_PATIENCE = 30


class Network(Protocol):
    """How processes reach each other."""

    #: First two parts of the addresses of sites, and all addresses (CIDR) that nodes may connect to.
    sites: str
    allowed: str
    #: Address of the database.
    database: str
    #: Whether a node's process is the child of what was started.
    is_wrapped: bool

    def inside(self, place: str, command: Sequence[str]) -> list[str]:
        """Return a command that runs where a node is, or at the "hub" of database and sites."""

    def add(self, node: str) -> None:
        """Connect a node."""

    def cut(self, node: str) -> None:
        """Cut a node off: nothing that it sends arrives, and nothing arrives there."""

    def mend(self, node: str) -> None:
        """Connect a node again that was cut off."""


class Loopback:
    """All processes on the loopback of this machine."""

    sites, allowed, database, is_wrapped = "127.77", "127.0.0.0/8", "127.0.0.1", False

    def inside(self, place: str, command: Sequence[str]) -> list[str]:  # noqa: ARG002 - of the protocol
        """Return the command."""
        return [*command]

    def add(self, node: str) -> None:
        """Do nothing."""

    def cut(self, node: str) -> None:
        """Raise: the loopback cannot be cut."""
        raise NotImplementedError("needs network namespaces")

    mend = cut


@dataclass
class Namespaces:
    """Namespaces with addresses of the network for benchmarks (RFC 2544), which exists nowhere else."""

    name: str
    sites, allowed, database, is_wrapped = "198.18", "198.18.0.0/16", "198.18.0.1", True

    def __post_init__(self) -> None:
        self._nodes: list[str] = []

    def inside(self, place: str, command: Sequence[str]) -> list[str]:
        """Return the command within its namespaces."""
        within = ["ip", "netns", "exec", f"{self.name}-{place}"]
        if place != "hub":
            within += ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
        return [*within, *command]

    def open(self) -> None:
        """Make the hub: a bridge with the database's address, and all addresses of sites."""
        hub = f"{self.name}-hub"
        _ip("netns", "add", hub)
        for command in (
            "link set lo up",
            "link add hub type bridge",
            "addr add 198.18.0.1/16 dev hub",
            "link set hub up",
            *(f"route add local 198.18.{2**bit}.0/{24 - bit} dev lo" for bit in range(1, 8)),
        ):
            _ip("-n", hub, *command.split())

    def close(self) -> None:
        """Remove all namespaces."""
        for place in [*self._nodes, "hub"]:
            subprocess.run(["ip", "netns", "del", f"{self.name}-{place}"], check=False, timeout=_PATIENCE)

    def add(self, node: str) -> None:
        """Make the namespace of a node and plug it into the bridge."""
        if node in self._nodes:
            return
        self._nodes.append(node)
        hub, inside, number = f"{self.name}-hub", f"{self.name}-{node}", len(self._nodes)
        _ip("netns", "add", inside)
        _ip("-n", hub, "link", "add", node, "type", "veth", "peer", "name", "eth0", "netns", inside)
        _ip("-n", hub, "link", "set", node, "master", "hub", "up")
        for command in ("link set lo up", f"addr add 198.18.0.{10 + number}/16 dev eth0", "link set eth0 up"):
            _ip("-n", inside, *command.split())

    def cut(self, node: str) -> None:
        """Take a node's link down."""
        _ip("-n", f"{self.name}-hub", "link", "set", node, "down")

    def mend(self, node: str) -> None:
        """Take a node's link up."""
        _ip("-n", f"{self.name}-hub", "link", "set", node, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=_PATIENCE)


@contextmanager
def open_network() -> Iterator[Network]:
    """Open namespaces where this is allowed, else the loopback."""
    namespaces = Namespaces(f"rig{os.getpid()}")
    try:
        if os.geteuid() or not shutil.which("unshare"):
            raise FileNotFoundError("needs root")
        namespaces.open()
    except (OSError, subprocess.SubprocessError):
        namespaces.close() if shutil.which("ip") and not os.geteuid() else None
        yield Loopback()
        return
    try:
        yield namespaces
    finally:
        namespaces.close()
