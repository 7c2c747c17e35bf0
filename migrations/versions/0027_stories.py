"""Keep which records are one story, whose text each has, and the index of shingles that finds it.

The event log is followed from its present end.  Records of the window are placed by the daemon, older ones by
`ingestd stories rebuild`.

Revision ID: 0027
Revises: 0026
"""

from secrets import randbits

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant, Json

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.widen("events", "kind", 20)
    online.add_columns("events", sa.Column("story_id", Id), sa.Column("other_id", Id))
    online.add_columns("installation", sa.Column("likeness_base", sa.BigInteger))
    _create_stories()
    _create_copies()
    op.execute(
        sa.text("UPDATE installation SET likeness_base = :base WHERE likeness_base IS NULL").bindparams(
            base=randbits(62) | 1
        )
    )
    last = (
        "(SELECT COALESCE(MAX(seq), 0) FROM events)",
        "(SELECT COALESCE(MAX(number), 0) FROM last_numbers WHERE name = 'event')",
    )
    larger = f"CASE WHEN {last[0]} > {last[1]} THEN {last[0]} ELSE {last[1]} END"
    op.execute(
        "INSERT INTO story_cursor (id, seq, generation) "  # noqa: S608 - the words above
        f"SELECT 1, {larger}, 0 WHERE NOT EXISTS (SELECT 1 FROM story_cursor)"
    )
    op.execute(
        """UPDATE story_cursor SET rebuild = '{"after": null, "anew": false, "whole": false, "run_id": null}' """
        "WHERE rebuild IS NULL AND EXISTS (SELECT 1 FROM revisions)"
    )


def _create_stories() -> None:
    op.create_table(
        "stories",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.Column("round_up", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("merged_into", Id),
        sa.Column("first_record", Id),
        sa.Column("first_entry", Id),
        sa.Column("indexed", sa.Boolean, nullable=False, server_default=sa.text("true")),
        sa.PrimaryKeyConstraint("id", name="stories_pk"),
        if_not_exists=True,
    )
    indexed = sa.text("indexed")
    online.create_index("stories_indexed", "stories", ["last_at"], sqlite_where=indexed, postgresql_where=indexed)
    merged = sa.text("merged_into IS NOT NULL")
    online.create_index("stories_merged", "stories", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
    op.create_table(
        "shingles",
        sa.Column("hash", sa.BigInteger, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("hash", "story_id", name="shingles_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "story_keys",
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="story_keys_pk"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    online.create_index("story_keys_by_story", "story_keys", ["story_id"])
    op.create_table(
        "story_samples",
        sa.Column("record_id", Id, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sampled", sa.LargeBinary),
        sa.Column("added", sa.LargeBinary),
        sa.PrimaryKeyConstraint("record_id", "revision", name="story_samples_pk"),
        if_not_exists=True,
    )
    online.create_index("story_samples_by_story", "story_samples", ["story_id"])
    op.create_table(
        "story_cursor",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", Id, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("rebuild", Json),
        sa.Column("run_id", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name="story_cursor_pk"),
        if_not_exists=True,
    )


def _create_copies() -> None:
    op.create_table(
        "copies",
        sa.Column("record_id", Id, autoincrement=False, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("publisher", sa.Text, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("printed_at", Instant),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("of_record", Id),
        sa.Column("of_document", sa.Double),
        sa.Column("of_member", sa.Double),
        sa.Column("leads", sa.SmallInteger),
        sa.Column("clashes", sa.Double),
        sa.Column("facts", sa.Double),
        sa.Column("changed", Json),
        sa.Column("also", Json),
        sa.Column("agency", sa.String(40)),
        sa.Column("credits", Json),
        sa.Column("named", Json),
        sa.Column("origin_record", Id),
        sa.Column("second_origin", Id),
        sa.Column("origin_agency", sa.String(40)),
        sa.Column("origin_evidence", Json),
        sa.Column("share", sa.Double),
        sa.Column("via_record", Id),
        sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("record_id", name="copies_pk"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="copies_record_id_fk"),
        if_not_exists=True,
    )
    online.create_index("copies_by_story", "copies", ["story_id"])
    online.create_index("copies_by_time", "copies", ["seen_at", "story_id"])
