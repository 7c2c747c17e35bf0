"""The state of a source in one word that a person can act on."""

from typing import Literal

#: ok; throttled: it asked us to slow down; failing; gone: it said so (410); paused: by the operator;
#: quiet: it answers, and should have published something.
Condition = Literal["ok", "throttled", "failing", "gone", "paused", "quiet"]


def condition_of(*, state: str, last: str, quiet: bool) -> Condition:
    """Return the condition of a source: its `state` as set, how its `last` poll went, whether it is too quiet."""
    if state == "paused":
        return "paused"
    if state == "gone":
        return "gone"
    if last in ("throttled", "failing", "gone"):
        return "throttled" if last == "throttled" else "failing"
    return "quiet" if quiet else "ok"
