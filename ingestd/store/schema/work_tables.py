"""Tables of work: runs, entries, backfills, and the manners at sites that machines share."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

_claimed = text("run_id IS NOT NULL")

#: One row for each process at work on this database.
runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),  # last heartbeat
    Column("generation", Integer),  # later runs of the installation have higher ones
    Column("place", String(120)),  # where `pid` is valid: the boot of a host, and a namespace of its process ids
    Column("pid_started", String(40)),  # tells the process from a later one with its pid
    Column("beats", Integer, nullable=False, server_default="0"),  # heartbeats so far: a run is gone when they stop
)

#: Nodes: daemons by name.  `state`: active, draining, drained; a node whose run is dead is shown as lost.
nodes = Table(
    "nodes",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("run_id", String(36)),  # the run that has the name; null: the daemon has stopped
    Column("state", String(8), nullable=False),
    Column("version", String(40), nullable=False),  # of ingestd
    Column("data_version", Integer, nullable=False),  # that it reads and writes, as in `installation`
    Column("rules", String(12), nullable=False),  # digest of the rules by which it extracts articles
    Column("host", String(255), nullable=False),
    Column("address", Text),  # of its health endpoint; null: it does not listen yet
    Column("cpus", Integer, nullable=False),  # that it may use
    Column("work", Json, nullable=False),  # what it has at work: numbers by kind
    Column("logins", Json, nullable=False),  # origins for which it has logins
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),  # last sign of life, by the clock of the database
    Column("engine", String(16)),  # who shares out its work, as in the setting
)

#: Entries of all sources: pending ones are the queue of work, the others its history.  `state`: pending, done,
#: quarantined, expired (its record was deleted for its age).
entries = Table(
    "entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("id_origin", String(8), nullable=False),  # where `guid` is from
    Column("url", Text),
    Column("site", Text),  # registrable domain of `url`
    Column("address", Text),  # `page_address` of `url`; null in rows of earlier versions until they are revisited
    Column("fingerprint", String(64), nullable=False),  # of its content: another one means the entry changed
    Column("announced", Json, nullable=False),  # the `Entry`; without its content once the record is saved
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),  # failed attempts, local failures excluded
    Column("due_at", Instant, nullable=False),
    Column("run_id", String(36)),  # the run that has claimed it
    Column("claims", Integer, nullable=False, server_default="0"),  # claims so far: the number of the present one
    Column("backfill_id", Id, ForeignKey("backfills.id")),  # null: the daemon's work
    Column("record_id", Id),  # no foreign key: `records` refers to `entries`
    Column("etag", Text),  # validators of its page
    Column("last_modified", Text),
    Column("raw", String(64)),  # SHA-256 of the feed document that listed it
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),  # stale while the entry is in its source's window (`windows`)
    Column("visits", Integer, nullable=False, server_default="0"),  # revisits of its page so far
    Column("visited_at", Instant),  # last fetch of its page
    Column("revisit_at", Instant),  # next revisit; null: none
    Column("gone", String(3)),  # status by which its page is gone: 404, 410, 451; null: it is there
    Column("gone_since", Instant),
    UniqueConstraint("source_id", "guid"),
    Index("entries_by_first_seen", "source_id", "first_seen_at"),
)
_due_entry = text("state = 'pending' AND run_id IS NULL")
# Claims read these two: by due time, and site by site where the longest due may not be taken (`work.due`).
Index("entries_queue", entries.c.backfill_id, entries.c.due_at, sqlite_where=_due_entry, postgresql_where=_due_entry)
Index(
    "entries_queue_by_site", entries.c.backfill_id, entries.c.site, entries.c.due_at,
    sqlite_where=_due_entry, postgresql_where=_due_entry,
)  # fmt: skip
Index("entries_claimed", entries.c.run_id, sqlite_where=_claimed, postgresql_where=_claimed)
_due_revisit = text("state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL")
Index("entries_revisits", entries.c.revisit_at, sqlite_where=_due_revisit, postgresql_where=_due_revisit)
Index(
    "entries_revisits_by_site", entries.c.site, entries.c.revisit_at,
    sqlite_where=_due_revisit, postgresql_where=_due_revisit,
)  # fmt: skip
Index("entries_visited", entries.c.visited_at, sqlite_where=_due_revisit, postgresql_where=_due_revisit)
QUARANTINED = text("state = 'quarantined'")
Index("entries_quarantined", entries.c.source_id, sqlite_where=QUARANTINED, postgresql_where=QUARANTINED)
# Pages of them.  With `state`, SQLite takes it for a smaller part of the table than what comes after a number.
Index(
    "entries_quarantined_by_id", entries.c.state, entries.c.id,
    sqlite_where=QUARANTINED, postgresql_where=QUARANTINED,
)  # fmt: skip
Index("entries_by_address", entries.c.address, postgresql_using="hash")
# A new entry touches a page of each index that has it, so these have only the rows that queries find by them
# (`work.addresses`): most URLs are in their normal form, and many guids are URLs.
_written = text("address IS NULL OR address <> url")
Index(
    "entries_by_written_url", entries.c.url,
    postgresql_using="hash", sqlite_where=_written, postgresql_where=_written,
)  # fmt: skip
_own_guid = text("url IS NULL OR guid <> url")
Index(
    "entries_by_own_guid", entries.c.guid,
    postgresql_using="hash", sqlite_where=_own_guid, postgresql_where=_own_guid,
)  # fmt: skip
_has_record = text("record_id IS NOT NULL")
Index("entries_of_records", entries.c.record_id, sqlite_where=_has_record, postgresql_where=_has_record)
_of_backfill = text("backfill_id IS NOT NULL")
Index(
    "entries_of_backfills", entries.c.backfill_id, entries.c.state,
    sqlite_where=_of_backfill, postgresql_where=_of_backfill,
)  # fmt: skip

#: Backfills.  `state`: running (interrupted if `run_id` is null), done, failed, cancelled.  `cursor`: the position to
#: resume from, and the counts up to it.
backfills = Table(
    "backfills",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(10), nullable=False),  # archive, sitemap, urls, files
    Column("argument", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("state", String(10), nullable=False),
    Column("cursor", Json, nullable=False),
    Column("message", Text),  # why it failed
    Column("run_id", String(36)),  # the run that has claimed it
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

#: When each site may be asked again, for all machines at work on this database; times are of the database's clock.
manners = Table(
    "manners",
    metadata,
    Column("site", Text, primary_key=True),  # registrable domain
    Column("run_id", String(36)),  # the run that has the site: no other one asks it
    Column("next_at", Instant, nullable=False),  # no other run asks before
    Column("delay", Float, nullable=False, server_default="0"),  # longest Crawl-delay of its origins, in seconds
    Column("held_until", Instant),  # as it asked for itself (Retry-After)
    Column("takes", Integer, nullable=False, server_default="0"),  # permissions so far: the number of the last one
    Column("pace", Float, nullable=False, server_default="0"),  # seconds that `run_id` leaves between two requests
    Column("delay_origin", Text),  # the origin that asks for `delay`
    Column("failures", Integer, nullable=False, server_default="0"),  # consecutive failed requests
    Column("failing_wait", Float, nullable=False, server_default="0"),  # seconds of its open breaker; 0: closed
    Column("failing_until", Instant),  # end of that wait
    Column("network", Text),  # where the site was last reached: a key of `host_groups`
    Index("manners_of_runs", "run_id", sqlite_where=_claimed, postgresql_where=_claimed),
)

#: Networks whose sites throttle together, and share a budget of requests (`policy.host_budgets`).
host_groups = Table(
    "host_groups",
    metadata,
    Column("network", Text, primary_key=True),
    Column("budget", Float, nullable=False),  # requests a second, just after the last burst
    Column("burst_at", Instant, nullable=False),
)
