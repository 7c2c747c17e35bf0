"""What operators ask for: failures and decisions; and what is learned of sites."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

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

#: What is learned of sites, by registrable domain.  `habits` is `policy.articles.recurrence.Habits`, as
#: `store.operations.sites` writes it.
sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    Column("habits", Json, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("sites_by_update", "updated_at"),
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
