"""What is polled, and how it went: sources, their polls, gaps, former addresses and subscriptions."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
    true,
)

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

#: What is polled, and (kind "list") what backfills took from elsewhere.
sources = Table(
    "sources",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("kind", String(10), nullable=False),  # feed, list
    Column("state", String(10), nullable=False),  # active, paused, gone, removed
    Column("title", Text),
    Column("home", Text),
    Column("site", Text, nullable=False),
    Column("interval", Double),  # seconds; null: the daemon's setting
    Column("due_at", Instant),
    Column("run_id", String(36)),  # who polls it now
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", LargeBinary(32)),
    Column("failures", Integer, nullable=False),  # in a row
    Column("last_polled_at", Instant),
    Column("last_success_at", Instant),
    Column("last_error", Text),  # class and message of the last poll, null when it went well
    Column("created_at", Instant, nullable=False),
    Column("condition", String(10), nullable=False, server_default="ok"),  # ok, throttled, failing, gone
    Column("quiet_since", Instant),  # it should have published something since
    Column("obeys_robots", Boolean, nullable=False, server_default=false()),
    Column("hints", Json),  # what the publisher says of when to come back
    Column("arrivals", Double),  # learned: so many entries ...
    Column("observed", Double),  # ... in so many hours, older ones counting less
    Column("squares", Double),  # and how unevenly: squared deviations of the polls
    Column("window", Integer, nullable=False, server_default="0"),  # entries in the last document
    Column("watched_since", Instant),  # the first poll that went well
    Column("last_read_at", Instant),  # the last one whose document listed entries
    Column("last_new_at", Instant),  # the last one that found new ones
    Column("moved_to", Text),  # where permanent redirects lead
    Column("moved_seen", Integer, nullable=False, server_default="0"),  # polls in a row that saw it
    Column("same_as", Id),  # the source that has the address this one moved to
    Column("pushed_until", Instant),  # a hub pushes what is new until then
    Column("revisits", Boolean, nullable=False, server_default=true()),  # whether its pages are visited again
    Column("cursor", Text),  # where to ask instead of `url`: the list that was read last goes on there
    Column("cursor_kind", String(5)),  # since, newer, older
)
# The tick reads its rows off this index in order, however many sources there are; claimed ones leave it.
_due_source = text("state = 'active' AND run_id IS NULL")
Index("sources_due", sources.c.due_at, sqlite_where=_due_source, postgresql_where=_due_source)
_claimed = text("run_id IS NOT NULL")
Index("sources_claimed", sources.c.run_id, sqlite_where=_claimed, postgresql_where=_claimed)

#: One row a poll.  `outcome`: new, known (nothing new), unchanged (same bytes), not_modified (304), failed,
#: pushed (by a hub or to an inbox, or dropped as a file).
polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("status", Integer),
    Column("size", Integer),  # bytes of the body
    Column("listed", Integer),  # entries in the document
    Column("known", Integer),  # of these, seen in any earlier poll
    Column("added", Integer),
    Column("changed", Integer),
    Column("error", Text),
    Column("raw", String(64)),
    Column("overlap", Integer),  # of the entries, those that the document before had as well
    Index("polls_by_source", "source_id", "at"),
    Index("polls_by_time", "at"),
)

#: Addresses that a source had before, as redirects told.
aliases = Table(
    "aliases",
    metadata,
    Column("url", Text, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("until", Instant, nullable=False),
)

#: Times in which entries of a source may have come and gone unseen.  `state`: open, repaired, accepted.
gaps = Table(
    "gaps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("from_at", Instant, nullable=False),  # the last look at the window before
    Column("to_at", Instant, nullable=False),  # the first look at one that does not overlap it
    Column("older", Text),  # where that document says its older entries are
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant),  # when repair looks at it; null: no more
    Column("found", Integer, nullable=False, server_default="0"),  # entries that repair found
    Column("note", Text),  # how it was repaired, why not, or why that was accepted
    Column("closed_at", Instant),
    Index("gaps_by_source", "source_id", "from_at"),
)

#: W3C WebSub: who pushes what a source publishes.  `state`: asked, active, denied, silent (a poll found what was not
#: pushed).
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("source_id", Id, ForeignKey("sources.id"), primary_key=True, autoincrement=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("token", String(64), nullable=False, unique=True),  # the last part of the callback's path
    Column("secret", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_until", Instant),
    Column("due_at", Instant, nullable=False),  # when the hub is asked again
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("pushes", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),  # with a bad signature
    Column("last_error", Text),
)
