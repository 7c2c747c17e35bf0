"""What is kept: records, their revisions, texts, carriers, raw bytes, evidence and events."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

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
