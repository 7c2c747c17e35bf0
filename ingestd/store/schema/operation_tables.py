"""Tables of failures, decisions, recurring blocks of sites, and cached robots.txt files."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

#: Failed polls and failed attempts at an entry.  `stage`: fetch, parse, extract, save, bug.
failures = Table(
    "failures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("stage", String(10), nullable=False),
    Column("error", String(40), nullable=False),  # class name of the exception
    Column("status", Integer),  # HTTP status; null: no response
    Column("message", Text, nullable=False),
    Column("attempt", Integer, nullable=False),  # failures in a row, this one included
    Column("url", Text),
    Column("source_id", Id, ForeignKey("sources.id")),
    Column("entry_id", Id, ForeignKey("entries.id")),  # null: the poll failed
    Index("failures_by_time", "at"),
    Index("failures_by_entry", "entry_id"),
)

#: Decisions about entries that no other table shows, for `ingestd why`.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("stage", String(10), nullable=False),  # robots, limit, identity, repair
    Column("verdict", String(12), nullable=False),  # see `operations.decisions.Decision`
    Column("reason", Text, nullable=False),
    Index("decisions_by_entry", "entry_id"),
    Index("decisions_by_time", "at"),
)

#: Recurring blocks of sites, learned from their articles.  `habits` is a `policy.articles.recurrence.Habits` as
#: `store.operations.sites` encodes it.
sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),  # registrable domain
    Column("habits", Json, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("sites_by_update", "updated_at"),
)

#: Cached robots.txt files.  `verdict`: rules (`body` is the file), allow, deny.
robots_files = Table(
    "robots_files",
    metadata,
    Column("origin", Text, primary_key=True),  # scheme, host and port
    Column("verdict", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("until", Instant, nullable=False),  # valid until
)

#: One row about this installation.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("data_version", Integer, nullable=False),  # of the values in JSON columns
    Column("generation", Integer, nullable=False, server_default="0"),  # of the latest run
    Column("epoch", String(36), nullable=False),  # of the event log: a restore begins a new one
    Column("created_at", Instant, nullable=False),
    Column("copy_state", String(10)),  # of a copy that no daemon has used: unfinished, finished
    Column("keeps_all", Boolean, nullable=False, server_default=false()),  # older than retention: only limits set count
    Column("likeness_base", BigInteger),  # secret base of the hashes of shingles
    Column("min_version", String(40)),  # older releases of ingestd do not start; null: all do
)

#: Rewrites of rows of older releases that are not finished, one row each (`store.operations.conversions`).
conversions = Table(
    "conversions",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("below", Id, nullable=False),  # rows from this number on are done
)

#: Purges of records: who erased them, when and why.
purges = Table(
    "purges",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),  # name of the user of the operating system
    Column("reason", Text),
    Column("record_ids", Json, nullable=False),
    Column("revisions", Integer, nullable=False),  # how many were erased
    Column("documents", Integer, nullable=False),
    Column("shared", Integer),  # documents that other entries were in; null: not counted
)

#: Chores that one run does for all on this database (`store.operations.chore_claims`).
chores = Table(
    "chores",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("run_id", String(36)),  # of the run that does it now
    Column("next_at", Instant, nullable=False),  # not before that again
)
