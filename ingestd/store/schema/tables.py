"""All tables.  `migrations/` creates them; a test compares the result with these definitions."""

from ingestd.store.schema.consumer_tables import (
    consumer_attempts,
    consumer_failures,
    consumer_leases,
    consumers,
    tokens,
)
from ingestd.store.schema.metadata import metadata
from ingestd.store.schema.operation_tables import (
    chores,
    conversions,
    decisions,
    failures,
    installation,
    purges,
    robots_files,
    sites,
)
from ingestd.store.schema.record_tables import carriers, events, evidence, last_numbers, raws, records, revisions, texts
from ingestd.store.schema.source_tables import aliases, gaps, polls, sources, subscriptions, windows
from ingestd.store.schema.story_tables import copies, shingles, stories, story_cursor, story_keys, story_samples
from ingestd.store.schema.work_tables import backfills, entries, host_groups, manners, nodes, runs

__all__ = [
    "aliases",
    "backfills",
    "carriers",
    "chores",
    "consumer_attempts",
    "consumer_failures",
    "consumer_leases",
    "consumers",
    "conversions",
    "copies",
    "decisions",
    "entries",
    "events",
    "evidence",
    "failures",
    "gaps",
    "host_groups",
    "installation",
    "last_numbers",
    "manners",
    "metadata",
    "nodes",
    "polls",
    "purges",
    "raws",
    "records",
    "revisions",
    "robots_files",
    "runs",
    "shingles",
    "sites",
    "sources",
    "stories",
    "story_cursor",
    "story_keys",
    "story_samples",
    "subscriptions",
    "texts",
    "tokens",
    "windows",
]
