"""Tables of stories: which records have one another's text, and the index that finds them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ingestd.store.schema.columns import Id, Instant, Json
from ingestd.store.schema.metadata import metadata

#: A JSON value that is mostly absent, which is NULL and not JSON's null.
_OrNull = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: Stories: sets of records that have one another's text.
stories = Table(
    "stories",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # from `last_numbers`: never given twice
    # When its first document, and its latest one, were seen; of a backfill when they were published.
    Column("created_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("round_up", Boolean, nullable=False, server_default=false()),  # parts of several stories: attracts nothing
    Column("pinned", Boolean, nullable=False, server_default=false()),  # an operator has put it together
    Column("merged_into", Id),  # the story that has its records now; null: it has them itself
    Column("first_record", Id),  # who carried it first, the origin aside; null: nobody did
    Column("first_entry", Id),  # the entry that did; null: the one that created that record
    Column("indexed", Boolean, nullable=False, server_default=text("true")),  # false: its shingles are deleted
)
_indexed = text("indexed")
Index("stories_indexed", stories.c.last_at, sqlite_where=_indexed, postgresql_where=_indexed)
_listed = stories.c.merged_into.is_(None)
Index("stories_by_time", stories.c.last_at, sqlite_where=_listed, postgresql_where=_listed)
_merged = stories.c.merged_into.is_not(None)
Index("stories_merged", stories.c.merged_into, sqlite_where=_merged, postgresql_where=_merged)

#: Sampled shingles (48 bits) of the texts of each story within the window.
shingles = Table(
    "shingles",
    metadata,
    Column("hash", BigInteger, nullable=False),
    Column("story_id", Id, nullable=False),
    PrimaryKeyConstraint("hash", "story_id"),
    sqlite_with_rowid=False,
)

#: What a short text or a headline says, as a hash, and the story that has it (`likeness`).
story_keys = Table(
    "story_keys",
    metadata,
    Column("kind", SmallInteger, nullable=False),
    Column("key", BigInteger, nullable=False),
    Column("story_id", Id, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("kind", "key"),
    Index("story_keys_by_story", "story_id"),
    sqlite_with_rowid=False,
)

#: What each text has added to the index of its story.  Hashes are packed in three bytes, in order (`store.stories`).
story_samples = Table(
    "story_samples",
    metadata,
    Column("record_id", Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("story_id", Id, nullable=False),
    Column("at", Instant, nullable=False),  # when it was placed; members stand in this order
    Column("size", Integer, nullable=False),  # shingles of the whole text
    Column("sampled", LargeBinary),  # its sampled shingles while it stands for its story; null: it does not
    Column("added", LargeBinary),  # those that it brought to the index; null: the same as `sampled`
    PrimaryKeyConstraint("record_id", "revision"),
    Index("story_samples_by_story", "story_id"),
)

#: The story of each record, and the evidence of the decision.  Kept for as long as the record.
copies = Table(
    "copies",
    metadata,
    Column("record_id", Id, ForeignKey("records.id"), primary_key=True, autoincrement=False),
    Column("story_id", Id, nullable=False),
    Column("revision", Integer, nullable=False),  # its newest one with a text
    Column("publisher", Text, nullable=False),  # registrable domain of its first source
    Column("seen_at", Instant, nullable=False),  # when it was first seen; of a backfill when it was published
    Column("printed_at", Instant),  # when it was published, by its own words; null: not known or not plausible
    Column("tokens", Integer, nullable=False),
    Column("how", String(16), nullable=False),  # `likeness`: how it came to its story
    Column("of_record", Id),  # the member that it was compared with
    Column("of_document", Double),  # how much of this text is in the member's, 0 to 1
    Column("of_member", Double),  # and the other way round
    Column("leads", SmallInteger),  # whose beginning is in the other text: 0, 1 or 2 of them
    Column("clashes", Double),  # facts that differ where both texts run in parallel, and all that were compared
    Column("facts", Double),
    Column("changed", _OrNull),  # pairs of facts that differ
    Column("also", _OrNull),  # other stories that have a part of it, with their share
    Column("agency", String(40)),  # code of the agency whose own document it is
    Column("credits", _OrNull),  # codes of the agencies that it names as where it is from
    Column("named", _OrNull),  # hosts that it says it is from
    Column("origin_record", Id),  # whose text it has; null: it is the origin itself, or that is not known
    Column("second_origin", Id),  # of a text out of two agencies' stories, the other one
    Column("origin_agency", String(40)),  # code of the agency that issued the text, if one did
    Column("origin_evidence", _OrNull),  # each rung that was tried, and its result
    Column("share", Double),  # how much of its text is the origin's, 0 to 1
    Column("via_record", Id),  # the copy that it was copied from
    Column("pinned", Boolean, nullable=False, server_default=false()),  # an operator has put it into its story
    Index("copies_by_story", "story_id"),
    Index("copies_by_time", "seen_at", "story_id"),
)

#: How far the event log has been placed into stories; one row, which every writer of stories locks.
story_cursor = Table(
    "story_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("seq", Id, nullable=False),  # number of the last event that is placed
    Column("generation", BigInteger, nullable=False),  # rises with every change of stories
    Column("rebuild", Json),  # how far stored records are gone through (`rebuilding`); null: they are not
    Column("run_id", String(36)),  # the run that places events; void once the run has ended
)
