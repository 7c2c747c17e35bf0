"""Consumers: who gets the events of the log, and how far they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

#: active: it gets events; paused: an operator has paused it; disabled: its endpoint refused for good or failed for too
#: long; expired: its cursor is older than `keep_events`, or of an epoch that has ended.  All but active keep their
#: cursor.
ConsumerState = Literal["active", "paused", "disabled", "expired"]

#: waiting: it is tried again at `next_at`; blocked: it waits for an earlier message of its record; dead: it is not
#: tried again before an operator says so.
FailedState = Literal["waiting", "blocked", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A consumer of the event log, with its cursor."""

    id: int
    name: str
    #: Name of a kind: pull, sse, webhook, nats, kafka, rabbitmq, redis, files, feed.
    kind: str
    #: In the filter language; empty: everything.
    filter: str = ""
    #: Name of a form: thin, full, ninjs, cloudevents.
    form: str = "full"
    state: ConsumerState = "active"
    #: Why it is disabled or expired, in words.
    reason: str | None = None
    #: The epoch of its numbers.
    epoch: str
    #: Every event up to this number was delivered, did not match, or has a row in `consumer_failures`.
    cursor: int = 0
    #: The same for kills, which overtake other events; never below `cursor`.
    kill_cursor: int = 0
    #: As the kind's settings model has them; may hold secrets.
    settings: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
    #: Raised whenever another process or an operator takes over: a result of an older generation is not written.
    generation: int = 0
    #: The run that delivers to it; None: nobody does.
    run_id: str | None = None
    #: Since when its endpoint has failed, and when it is tried again; None: it does not fail.
    failing_since: datetime | None = None
    waits_until: datetime | None = None
    #: When the last message was delivered.
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that could not be delivered to a consumer."""

    consumer_id: int
    seq: int
    record_id: int
    state: FailedState
    #: Attempts so far.
    attempts: int
    first_at: datetime
    last_at: datetime
    #: None: it is not tried again by itself.
    next_at: datetime | None
    #: HTTP status, or None.
    status: int | None
    #: What went wrong, in words, and the first kilobyte of the answer.
    error: str
    excerpt: str | None
