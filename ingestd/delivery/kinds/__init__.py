"""Kinds of consumers.

Each kind is one module or folder here, exports `KIND` and has a line in KINDS.
"""

from ingestd.delivery.kinds import feed, files, kafka, nats, pull, rabbitmq, redis, sse, webhook
from ingestd.delivery.kinds.kind import Kind

#: All kinds, in the order in which the documentation describes them.
KINDS: tuple[Kind, ...] = (
    pull.KIND,
    sse.KIND,
    webhook.KIND,
    nats.KIND,
    kafka.KIND,
    rabbitmq.KIND,
    redis.KIND,
    files.KIND,
    feed.KIND,
)


def find_kind(name: str) -> Kind | None:
    """Return the kind with this name."""
    return next((kind for kind in KINDS if kind.name == name), None)
