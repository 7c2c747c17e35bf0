"""Tables of consumers of the event log, of what could not be delivered to them, and of API tokens."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text, false

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

#: Consumers of the event log: `model.consumer.Consumer`.  An event writes nothing here but a cursor, now and then.
consumers = Table(
    "consumers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("filter", Text, nullable=False, server_default=""),
    Column("form", String(16), nullable=False),
    Column("state", String(10), nullable=False),  # `model.consumer.ConsumerState`
    Column("reason", Text),  # why it is disabled or expired
    Column("epoch", String(36), nullable=False),
    Column("cursor", Id, nullable=False),
    Column("kill_cursor", Id, nullable=False),
    Column("settings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("run_id", String(36)),  # the run that delivers to it
    Column("failing_since", Instant),
    Column("waits_until", Instant),
    Column("delivered_at", Instant),
)

#: Messages that could not be delivered, and those of the same records that wait behind them.
consumer_failures = Table(
    "consumer_failures",
    metadata,
    Column("consumer_id", Id, ForeignKey("consumers.id"), nullable=False),
    Column("seq", Id, nullable=False),
    Column("record_id", Id, nullable=False),
    Column("state", String(8), nullable=False),  # `model.consumer.FailedState`
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("status", Integer),
    Column("error", Text, nullable=False),
    Column("excerpt", Text),
    PrimaryKeyConstraint("consumer_id", "seq"),
    Index("consumer_failures_by_state", "consumer_id", "state", "seq"),
)

#: Each attempt at a message that failed at least once.
consumer_attempts = Table(
    "consumer_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("consumer_id", Id, ForeignKey("consumers.id"), nullable=False),
    Column("seq", Id, nullable=False),
    Column("attempt", Integer, nullable=False),  # 1, 2, ...
    Column("at", Instant, nullable=False),
    Column("delivered", Boolean, nullable=False, server_default=false()),
    Column("status", Integer),  # HTTP status; null: no answer
    Column("error", Text),  # null: it was delivered
    Column("excerpt", Text),  # the first kilobyte of the answer
    Index("consumer_attempts_by_message", "consumer_id", "seq"),
    Index("consumer_attempts_by_time", "at"),
)

#: Messages that readers of pull consumers have leased.
consumer_leases = Table(
    "consumer_leases",
    metadata,
    Column("consumer_id", Id, ForeignKey("consumers.id"), nullable=False),
    Column("first_seq", Id, nullable=False),  # the range of events that was handed out
    Column("last_seq", Id, nullable=False),
    Column("token", String(36), nullable=False),  # names the lease to its reader
    Column("until", Instant, nullable=False),  # then it is handed out again
    Column("kills", Boolean, nullable=False, server_default=false()),  # only the kills of the range were handed out
    Column("acknowledged", Boolean, nullable=False, server_default=false()),  # before those below it
    PrimaryKeyConstraint("consumer_id", "token"),
)

#: Tokens of the API; only their hashes are kept.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False, unique=True),  # of the token, which has 256 random bits
    Column("role", String(8), nullable=False),  # read, operate, admin
    Column("filter", Text, nullable=False, server_default=""),  # in the filter language; empty: everything
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),  # null: never
    Column("used_at", Instant),  # to the hour
)
