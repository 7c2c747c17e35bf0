"""The condition of a source, as shown to the operator."""

from typing import Literal

#: throttled: the server asked us to slow down; failing: its last poll failed; gone: it answered HTTP 410; paused: by
#: the operator; quiet: its polls succeed, but it published less than expected; ok: none of these.
Condition = Literal["ok", "throttled", "failing", "gone", "paused", "quiet"]


def condition_of(*, state: str, last: str, quiet: bool) -> Condition:
    """Return the condition of a source from its `state`, the result of its `last` poll and whether it is quiet."""
    if state == "paused":
        return "paused"
    if state == "gone":
        return "gone"
    if last in ("throttled", "failing", "gone"):
        return "throttled" if last == "throttled" else "failing"
    return "quiet" if quiet else "ok"
