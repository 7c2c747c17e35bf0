"""The tables.  `migrations/` makes them; a test compares the two."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from ingestd.store.columns import Id, Instant, Json

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fk",
    }
)

#: One row for each process at work on this database; a claim whose run is not here is void.
runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

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

#: Durable work, and what became of it.  `state`: pending, done, quarantined.
entries = Table(
    "entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("id_origin", String(8), nullable=False),
    Column("url", Text),
    Column("site", Text),
    Column("fingerprint", String(64), nullable=False),
    Column("announced", Json, nullable=False),  # the Entry; its content only until the record is saved
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("run_id", String(36)),
    Column("backfill_id", Id, ForeignKey("backfills.id")),
    Column("record_id", Id),  # no foreign key: records point at entries already
    Column("etag", Text),  # of its page
    Column("last_modified", Text),
    Column("raw", String(64)),  # of the feed it was announced in
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("visits", Integer, nullable=False, server_default="0"),  # of its page, after the one that made its record
    Column("visited_at", Instant),  # the last one, be it the first
    Column("revisit_at", Instant),  # the next one, null: no more
    Column("gone", String(3)),  # what its page is gone by: 404, 410, 451
    Column("gone_since", Instant),
    UniqueConstraint("source_id", "guid"),
    Index("entries_by_record", "record_id"),
    Index("entries_by_first_seen", "source_id", "first_seen_at"),
)
_due_entry = text("state = 'pending' AND run_id IS NULL")
Index("entries_due", entries.c.due_at, sqlite_where=_due_entry, postgresql_where=_due_entry)
Index("entries_claimed", entries.c.run_id, sqlite_where=_claimed, postgresql_where=_claimed)
_due_revisit = text("state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL")
Index("entries_revisits", entries.c.revisit_at, sqlite_where=_due_revisit, postgresql_where=_due_revisit)
_quarantined = text("state = 'quarantined'")
Index("entries_quarantined", entries.c.source_id, sqlite_where=_quarantined, postgresql_where=_quarantined)

#: One row a story text; what it says is in its revisions.
records = Table(
    "records",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given out by the book
    Column("guid", String(64), nullable=False, unique=True),
    Column("uri", Text, unique=True),
    Column("origin_entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("pubstatus", String(10), nullable=False),
    Column("revision", Integer, nullable=False),  # the current one
    Column("rules", String(12)),  # by which it was made, or was made again and came out the same
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("item_guid", Text),  # of a wire item: as its agency sent it
    Column("item_key", Text),  # the same, with its source where other sources may mean something else by it
    Column("id_origin", String(8)),  # where that guid is from
    Column("release_at", Instant),  # when an embargo ends; null: not by itself
    Index("records_by_update", "updated_at"),
    Index("records_by_item_key", "item_key", unique=True),
    Index("records_by_item_guid", "item_guid"),
)
_embargoed = text("release_at IS NOT NULL")
Index("records_to_release", records.c.release_at, sqlite_where=_embargoed, postgresql_where=_embargoed)

#: Immutable, but for `pubstatus`: a kill takes all versions back.  `change`: new, text, headline, corrected,
#: reprocessed; of wire items also fields (anything else), silent (other content under the same version), killed,
#: withheld, released, and late (an older version, which is never the current one).
revisions = Table(
    "revisions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("change", String(12), nullable=False),
    Column("headline", Text),
    Column("body_text", Text, nullable=False),
    Column("body_html", Text, nullable=False),
    Column("description_text", Text),
    Column("byline", Text),
    Column("authors", Json, nullable=False),
    Column("firstcreated", Instant),
    Column("versioncreated", Instant),
    Column("date_precision", String(12)),
    Column("language", String(35)),  # RFC 5646 asks for no less
    Column("dateline", Text),
    Column("source", Text),
    Column("usageterms", Text),
    Column("associations", Json, nullable=False),
    Column("agencies", Json, nullable=False, server_default="[]"),
    Column("paywall", Boolean),
    Column("truncated", Boolean, nullable=False, server_default=false()),
    Column("provenance", Json, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("extractor", String(40), nullable=False),
    Column("rules", String(12)),  # a digest of those that made it
    Column("page_url", Text),  # where the bytes were found, redirects followed
    Column("content_type", Text),
    Column("fragment", Boolean, nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("raw", String(64)),
    Column("seen_at", Instant, nullable=False),
    Column("pubstatus", String(10), nullable=False, server_default="usable"),
    Column("version", Text),  # of a wire item, as sent
    Column("item", Json),  # what a wire item says besides
    Column("item_hash", String(64)),  # of all that it says
    UniqueConstraint("record_id", "revision"),
)

#: Which record has a text; the first one to have it keeps it.
texts = Table(
    "texts",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
)

#: Who carried a record's text, where, and since when.
carriers = Table(
    "carriers",
    metadata,
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("url", Text),
    Column("seen_at", Instant, nullable=False),
    PrimaryKeyConstraint("record_id", "entry_id"),
)

#: What the archive holds.
raws = Table(
    "raws",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("stored_size", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

#: Every failure, typed.  `stage`: fetch, parse, extract, save.
failures = Table(
    "failures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("stage", String(10), nullable=False),
    Column("error", String(40), nullable=False),  # the class
    Column("status", Integer),  # HTTP
    Column("message", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("url", Text),
    Column("source_id", Id, ForeignKey("sources.id")),
    Column("entry_id", Id, ForeignKey("entries.id")),
    Index("failures_by_time", "at"),
    Index("failures_by_entry", "entry_id"),
)

#: What happened to records, in the order it was committed, without holes.
events = Table(
    "events",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(12), nullable=False),  # as in `events.Kind`
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("pubstatus", String(10)),  # of the record from then on; null: as before
    Index("events_by_record", "record_id"),
)

#: One-off jobs.  `state`: running (interrupted where `run_id` is null), done, failed, cancelled.  `cursor`: the
#: position where a resumed one goes on, and what was counted up to there.
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
    Column("message", Text),
    Column("run_id", String(36)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("entries_by_backfill", entries.c.backfill_id, entries.c.state)

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

#: What robots.txt said, by origin; `verdict`: rules, allow, deny.
robots_files = Table(
    "robots_files",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("verdict", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("until", Instant, nullable=False),
)

#: What speaks for a story being taken back; it stays.  `kind`: deleted-entry (RFC 6721); 404, 410, 451 (its page);
#: absent (from its feed); back.
evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("kind", String(13), nullable=False),
    Column("at", Instant, nullable=False),
    Column("words", Text, nullable=False),
    Index("evidence_by_entry", "entry_id"),
)

#: What was decided about an address and why, where nothing else says so.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("stage", String(10), nullable=False),  # robots, limit, identity, repair
    Column("verdict", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Index("decisions_by_entry", "entry_id"),
    Index("decisions_by_time", "at"),
)
Index("entries_by_url", entries.c.url, postgresql_using="hash")
Index("entries_by_guid", entries.c.guid, postgresql_using="hash")

#: What is learned of sites, by registrable domain: `habits` is `policy.recurrence.Habits`, as `store.sites` writes it.
sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    Column("habits", Json, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("sites_by_update", "updated_at"),
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
