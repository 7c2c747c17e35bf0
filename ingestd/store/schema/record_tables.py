"""Tables of records: revisions, texts, carriers, raw bytes, evidence and events.

Every foreign key to `entries` has an index: a database looks for rows that refer to an entry whenever one is deleted.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
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

#: One row for each article or wire item; its content is in `revisions`.
records = Table(
    "records",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # assigned by `UnitOfWork`
    Column("guid", String(64), nullable=False, unique=True),  # urn:uuid:..., assigned by ingestd
    Column("uri", Text, unique=True),  # canonical URL
    Column("origin_entry_id", Id, ForeignKey("entries.id"), nullable=False),  # the entry that created it
    Column("pubstatus", String(10), nullable=False),  # usable, withheld, canceled
    Column("revision", Integer, nullable=False),  # number of the current revision
    Column("rules", String(12)),  # digest of the rules that produced, or reproduced, the current revision
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),  # last change other than `reprocessed`
    Column("item_guid", Text),  # wire items: the guid the agency sent; null: not a wire item
    Column("item_key", Text),  # wire items: `item_guid`, qualified by the source unless globally unique
    Column("id_origin", String(8)),  # wire items: where `item_guid` is from
    Column("release_at", Instant),  # when the embargo ends; null: no embargo, or one without an end
    # When a version came that is a kill by its words alone; null: none did, or an operator has decided.
    Column("unconfirmed_kill_at", Instant),
    Column("purged_at", Instant),  # when its content was erased; null: it was not
    Column("merged_into", Id),  # the record that has its revisions now; null: it has them itself
    Index("records_by_update", "updated_at"),
    Index("records_by_item_key", "item_key", unique=True),
    Index("records_by_item_guid", "item_guid"),
    Index("records_by_origin", "origin_entry_id"),
)
_embargoed = text("release_at IS NOT NULL")
Index("records_to_release", records.c.release_at, sqlite_where=_embargoed, postgresql_where=_embargoed)
_to_confirm = text("unconfirmed_kill_at IS NOT NULL")
Index("records_to_confirm", records.c.unconfirmed_kill_at, sqlite_where=_to_confirm, postgresql_where=_to_confirm)
NOT_USABLE = text("pubstatus <> 'usable'")
Index("records_not_usable", records.c.updated_at, sqlite_where=NOT_USABLE, postgresql_where=NOT_USABLE)
_merged = text("merged_into IS NOT NULL")
Index("records_merged", records.c.merged_into, sqlite_where=_merged, postgresql_where=_merged)

#: Versions of a record.  Immutable except for `pubstatus`: a kill sets it to canceled, the end of an embargo
#: to usable.  `content` has the values of several columns, compressed (`store.records.content`).
#: `change`: new, text, headline, corrected, reprocessed; wire items also have fields (any other field changed),
#: silent (other content under the same version), killed, withheld, released, and late (an older version that arrived
#: after a newer one; never the current revision).
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
    Column("language", String(35)),  # RFC 5646, 4.4.1: at least 35 characters
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
    Column("rules", String(12)),  # digest of the extraction rules
    Column("page_url", Text),  # where the bytes came from, after redirects
    Column("content_type", Text),
    Column("fragment", Boolean, nullable=False),  # extracted from the entry's own content, not from a page
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("raw", String(64)),  # SHA-256 of the raw bytes; null: not archived
    Column("seen_at", Instant, nullable=False),
    Column("pubstatus", String(10), nullable=False, server_default="usable"),
    Column("version", Text),  # wire items: the version as sent
    Column("item", Json),  # `model.item.Item` without its text: a wire item, or a page's fields that only the feed has
    Column("item_hash", String(64)),  # wire items: hash of the whole item
    Column("content", LargeBinary),  # null: not packed yet
    UniqueConstraint("record_id", "revision"),
    Index("revisions_by_entry", "entry_id"),
)

#: The record each text belongs to: the first one that had it.
texts = Table(
    "texts",
    metadata,
    Column("content_hash", String(64), primary_key=True),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Index("texts_by_record", "record_id"),
)

#: The entries that carried a record's text.
carriers = Table(
    "carriers",
    metadata,
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("source_id", Id, ForeignKey("sources.id"), nullable=False),
    Column("url", Text),
    Column("seen_at", Instant, nullable=False),
    PrimaryKeyConstraint("record_id", "entry_id"),
    Index("carriers_by_entry", "entry_id"),
    Index("carriers_by_source", "source_id", "record_id"),
)

#: Raw bytes in the archive.
raws = Table(
    "raws",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),  # bytes
    Column("stored_size", Integer, nullable=False),  # bytes, compressed
    Column("seen_at", Instant, nullable=False),  # last, to the day (`records.raws`)
    Column("kind", String(5), nullable=False, server_default="page"),  # `records.raws.RawKind`
    Index("raws_by_kind", "kind", "seen_at"),
)

#: Evidence that a story was withdrawn; never deleted.  `kind`: deleted-entry (the feed says so, RFC 6721); 404, 410,
#: 451 (status of its page); absent (missing from its feed); back (the page answers again).
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

#: The event log: changes of records in commit order; `seq` is consecutive.
events = Table(
    "events",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("record_id", Id, ForeignKey("records.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(20), nullable=False),  # `model.event.EventKind`
    Column("entry_id", Id, ForeignKey("entries.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("pubstatus", String(10)),  # of the record from this event on; null: unchanged
    Column("story_id", Id),  # the story that the event is about; null: none
    Column("other_id", Id),  # the other record, or the other story, that it is about; null: none
    Index("events_by_record", "record_id"),
    Index("events_by_entry", "entry_id"),
    Index("events_by_kind", "kind", "seq"),
)

#: The last number that was given out.  `name`: record, revision, event, story.  After the newest rows were deleted it
#: is larger than any that is left: a number must never name two things.
last_numbers = Table(
    "last_numbers",
    metadata,
    Column("name", String(10), primary_key=True),
    Column("number", Id, nullable=False),
)
