"""Kinds of consumers.

Each kind is one module or folder here, exports `KIND` and has its name in KINDS.  A kind is imported when it is looked
up, and what opens its senders when a sender is opened: a command that lists consumers needs no HTTP client.
"""

from functools import cache
from importlib import import_module

from ingestd.delivery.kinds.kind import Kind

#: Names of all kinds, in the order in which the documentation describes them.  Each is the name of a module here.
KINDS = ("pull", "sse", "webhook", "nats", "kafka", "rabbitmq", "redis", "files", "feed")


def find_kind(name: str) -> Kind | None:
    """Return the kind with this name."""
    return _load(name) if name in KINDS else None


@cache
def _load(name: str) -> Kind:
    kind: Kind = import_module(f"{__name__}.{name}").KIND
    return kind
