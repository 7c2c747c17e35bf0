"""Tables of polling: sources, polls, former addresses, gaps and hub subscriptions."""

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

#: Sources: polled feeds and folders (kind "feed"), and lists that only backfills read (kind "list").
sources = Table(
    "sources",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("kind", String(10), nullable=False),  # feed, list
    Column("state", String(10), nullable=False),  # active, paused, gone, removed
    Column("title", Text),
    Column("home", Text),  # URL of the publisher's home page
    Column("site", Text, nullable=False),  # registrable domain
    Column("interval", Double),  # seconds between polls; null: learned
    Column("due_at", Instant),  # null: never polled (inbox)
    Column("run_id", String(36)),  # the run that has claimed it
    Column("claims", Integer, nullable=False, server_default="0"),  # claims so far: the number of the present one
    Column("last_result", String(32)),  # id of the last result that was saved: a repeated commit finds it
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", LargeBinary(32)),  # of the last document
    Column("failures", Integer, nullable=False),  # remote failures in a row
    Column("last_polled_at", Instant),
    Column("last_success_at", Instant),
    Column("last_error", Text),  # class and message; null: the last poll succeeded
    Column("created_at", Instant, nullable=False),
    Column("condition", String(10), nullable=False, server_default="ok"),  # ok, throttled, failing, gone
    Column("quiet_since", Instant),  # last new entry of a source that published less than expected; null: not quiet
    Column("obeys_robots", Boolean, nullable=False, server_default=false()),
    Column("hints", Json),  # when the publisher wants to be polled: `model.source.Hints`
    Column("arrivals", Double),  # learned: weighted number of new entries ...
    Column("observed", Double),  # ... in this many hours, older ones weigh less
    Column("squares", Double),  # ... and weighted squared deviations from the expected number
    Column("window", Integer, nullable=False, server_default="0"),  # entries in the last document
    Column("watched_since", Instant),  # first successful poll
    Column("last_read_at", Instant),  # last poll whose document listed entries
    Column("last_new_at", Instant),  # last poll or push that brought new entries
    Column("moved_to", Text),  # target of the permanent redirects seen
    Column("moved_seen", Integer, nullable=False, server_default="0"),  # polls in a row that saw them
    Column("same_as", Id),  # another source that has the address `moved_to`
    Column("pushed_until", Instant),  # end of the hub's lease; null: no hub pushes
    Column("revisits", Boolean, nullable=False, server_default=true()),  # whether its pages are revisited
    Column("cursor", Text),  # URL to request instead of `url`: the next page of the list
    Column("cursor_kind", String(5)),  # since, newer, older
    Column("warnings", Json),  # of its last documents: `policy.polling.document_warnings`; null: none
    Column("full_answer_at", Instant),  # last answer that was no 304
    Column("distrusted_until", Instant),  # until when its validators are not sent, which proved wrong
    Column("node", String(64)),  # name of the only node that polls it; null: any node
)
# The scheduler reads due sources in index order, so its cost does not grow with the number of sources.
_due_source = text("state = 'active' AND run_id IS NULL")
Index("sources_due", sources.c.due_at, sqlite_where=_due_source, postgresql_where=_due_source)
# A turn at a site claims what is due there, however much is due elsewhere.
Index(
    "sources_due_by_site", sources.c.site, sources.c.due_at,
    sqlite_where=_due_source, postgresql_where=_due_source,
)  # fmt: skip
_claimed = text("run_id IS NOT NULL")
Index("sources_claimed", sources.c.run_id, sqlite_where=_claimed, postgresql_where=_claimed)
# What is rare among a million sources has an index of its own, which the polls of all others do not touch.  Queries
# have the condition in the same words, not with parameters: else PostgreSQL does not see that the index has the rows.
FAILING = text("failures > 0 AND kind = 'feed' AND state <> 'removed'")
Index("sources_failing", sources.c.failures.desc(), sources.c.id, sqlite_where=FAILING, postgresql_where=FAILING)
HAVE_PROBLEM = text(
    "kind = 'feed' AND state <> 'removed' AND "
    "(condition <> 'ok' OR state <> 'active' OR quiet_since IS NOT NULL OR same_as IS NOT NULL)"
)
Index("sources_with_problem", sources.c.id, sqlite_where=HAVE_PROBLEM, postgresql_where=HAVE_PROBLEM)
UNLISTED = text("(state = 'removed' OR kind <> 'feed')")
Index("sources_unlisted", sources.c.id, sqlite_where=UNLISTED, postgresql_where=UNLISTED)
#: Drop folders and inboxes.
NOT_HTTP = text("substr(url, 1, 4) <> 'http'")
Index("sources_not_http", sources.c.id, sqlite_where=NOT_HTTP, postgresql_where=NOT_HTTP)
_pushed = text("pushed_until IS NOT NULL")
_labelled = text("node IS NOT NULL")
Index("sources_of_nodes", sources.c.node, sqlite_where=_labelled, postgresql_where=_labelled)
Index("sources_pushed", sources.c.pushed_until, sqlite_where=_pushed, postgresql_where=_pushed)

#: One row for each poll.  `outcome`: new, known (nothing new), unchanged (same bytes, or HTTP 204), not_modified (HTTP
#: 304), failed, pushed (by a hub, to an inbox, or as a file in a drop folder).
polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("status", Integer),  # HTTP status; null: no response
    Column("size", Integer),  # of the body, in bytes
    Column("listed", Integer),  # entries in the document
    Column("known", Integer),  # of these, entries seen in an earlier poll
    Column("added", Integer),
    Column("changed", Integer),
    Column("error", Text),  # class name of the exception
    Column("raw", String(64)),  # SHA-256 of the archived body; null: not archived
    Column("overlap", Integer),  # entries that the previous document had as well
    Index("polls_by_source", "source_id", "at"),
    Index("polls_by_time", "at"),
)

#: The last document of each source that was read.  An entry in it was last seen at `at`, whatever its own row says.
windows = Table(
    "windows",
    metadata,
    Column("source_id", Id, ForeignKey("sources.id"), primary_key=True, autoincrement=False),
    Column("entry_ids", LargeBinary, nullable=False),  # `polls.windows` encodes them
    Column("at", Instant, nullable=False),
    Column("items", LargeBinary),  # its items that need not be parsed again: `polls.known_items` encodes them
)

#: Former addresses of sources that moved.
aliases = Table(
    "aliases",
    metadata,
    Column("url", Text, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("until", Instant, nullable=False),  # when it moved
)

#: Intervals in which entries may have appeared and disappeared between polls.  `state`: open, repaired, accepted.
gaps = Table(
    "gaps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("from_at", Instant, nullable=False),  # the last poll before the gap
    Column("to_at", Instant, nullable=False),  # the first poll whose window does not overlap the previous one
    Column("older", Text),  # URL of older entries, from the document at `to_at`
    Column("state", String(10), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant),  # next attempt at a repair; null: no more
    Column("found", Integer, nullable=False, server_default="0"),  # entries that repairs found
    Column("note", Text),  # how it was repaired, why it could not be, or why it was accepted
    Column("closed_at", Instant),
    Index("gaps_by_source", "source_id", "from_at"),
    Index("gaps_by_time", "from_at"),
)
_open_gap = text("state = 'open'")
Index("gaps_due", gaps.c.due_at, sqlite_where=_open_gap, postgresql_where=_open_gap)

#: W3C WebSub subscriptions, one for each source with a hub.  `state`: asked, active, denied, silent (a poll found
#: entries that the hub had not pushed).
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("source_id", Id, ForeignKey("sources.id"), primary_key=True, autoincrement=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("token", String(64), nullable=False, unique=True),  # last segment of the callback's path
    Column("secret", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_until", Instant),
    Column("due_at", Instant, nullable=False),  # next subscription request
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("pushes", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),  # pushes without a valid signature
    Column("last_error", Text),
    Column("node", String(64)),  # name of the node to whose address the hub pushes; null: not known
    Index("subscriptions_due", "due_at"),
)
