"""Create the first schema.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Id, Instant, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_tables()
    if op.get_bind().dialect.name == "postgresql":
        make_search_postgresql()
    else:
        make_search_sqlite()


def make_search_sqlite() -> None:
    # An external-content index.  Headline and text of a revision never change, so a trigger on inserts is enough.
    op.execute(
        "CREATE VIRTUAL TABLE revisions_search USING fts5("
        "headline, body_text, content='revisions', content_rowid='id', tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute(
        "CREATE TRIGGER revisions_search_insert AFTER INSERT ON revisions BEGIN "
        "INSERT INTO revisions_search (rowid, headline, body_text) VALUES (new.id, new.headline, new.body_text); END"
    )


def make_search_postgresql() -> None:
    # 'simple' splits words the same way in every language; the cut keeps the vector below its limit of 1 MB.
    op.execute(
        "ALTER TABLE revisions ADD COLUMN search tsvector GENERATED ALWAYS AS ("
        "setweight(to_tsvector('simple', coalesce(headline, '')), 'A') || "
        "setweight(to_tsvector('simple', left(body_text, 200000)), 'B')) STORED"
    )
    op.execute("CREATE INDEX revisions_search ON revisions USING gin (search)")


def make_tables() -> None:
    op.create_table(
        "raws",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_size", sa.Integer(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="raws_pk"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="runs_pk"),
    )
    op.create_table(
        "sources",
        sa.Column("id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("home", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("interval", sa.Double(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_polled_at", Instant(), nullable=True),
        sa.Column("last_success_at", Instant(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="sources_pk"),
        sa.UniqueConstraint("url", name="sources_url_key"),
    )
    op.create_index(
        "sources_claimed",
        "sources",
        ["run_id"],
        unique=False,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_index(
        "sources_due",
        "sources",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'active' AND run_id IS NULL"),
        postgresql_where=sa.text("state = 'active' AND run_id IS NULL"),
    )
    op.create_table(
        "backfills",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cursor", Json, nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="backfills_source_id_fk"),
        sa.PrimaryKeyConstraint("id", name="backfills_pk"),
    )
    op.create_table(
        "polls",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("listed", sa.Integer(), nullable=True),
        sa.Column("known", sa.Integer(), nullable=True),
        sa.Column("added", sa.Integer(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="polls_source_id_fk"),
        sa.PrimaryKeyConstraint("id", name="polls_pk"),
    )
    op.create_index("polls_by_source", "polls", ["source_id", "at"], unique=False)
    op.create_index("polls_by_time", "polls", ["at"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("id_origin", sa.String(length=8), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("announced", Json, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("backfill_id", Id, nullable=True),
        sa.Column("record_id", Id, nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["backfill_id"], ["backfills.id"], name="entries_backfill_id_fk"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="entries_source_id_fk"),
        sa.PrimaryKeyConstraint("id", name="entries_pk"),
        sa.UniqueConstraint("source_id", "guid", name="entries_source_id_guid_key"),
    )
    op.create_index("entries_by_backfill", "entries", ["backfill_id", "state"], unique=False)
    op.create_index("entries_by_record", "entries", ["record_id"], unique=False)
    op.create_index(
        "entries_claimed",
        "entries",
        ["run_id"],
        unique=False,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )
    op.create_index(
        "entries_due",
        "entries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending' AND run_id IS NULL"),
        postgresql_where=sa.text("state = 'pending' AND run_id IS NULL"),
    )
    op.create_index(
        "entries_quarantined",
        "entries",
        ["source_id"],
        unique=False,
        sqlite_where=sa.text("state = 'quarantined'"),
        postgresql_where=sa.text("state = 'quarantined'"),
    )
    op.create_table(
        "failures",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("source_id", Id, nullable=True),
        sa.Column("entry_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="failures_entry_id_fk"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="failures_source_id_fk"),
        sa.PrimaryKeyConstraint("id", name="failures_pk"),
    )
    op.create_index("failures_by_entry", "failures", ["entry_id"], unique=False)
    op.create_index("failures_by_time", "failures", ["at"], unique=False)
    op.create_table(
        "records",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("guid", sa.String(length=64), nullable=False),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("origin_entry_id", Id, nullable=False),
        sa.Column("pubstatus", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["origin_entry_id"], ["entries.id"], name="records_origin_entry_id_fk"),
        sa.PrimaryKeyConstraint("id", name="records_pk"),
        sa.UniqueConstraint("guid", name="records_guid_key"),
        sa.UniqueConstraint("uri", name="records_uri_key"),
    )
    op.create_index("records_by_update", "records", ["updated_at"], unique=False)
    op.create_table(
        "carriers",
        sa.Column("record_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="carriers_entry_id_fk"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="carriers_record_id_fk"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="carriers_source_id_fk"),
        sa.PrimaryKeyConstraint("record_id", "entry_id", name="carriers_pk"),
    )
    op.create_table(
        "events",
        sa.Column("seq", Id, autoincrement=False, nullable=False),
        sa.Column("record_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="events_entry_id_fk"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="events_record_id_fk"),
        sa.PrimaryKeyConstraint("seq", name="events_pk"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("record_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("description_text", sa.Text(), nullable=True),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("authors", Json, nullable=False),
        sa.Column("firstcreated", Instant(), nullable=True),
        sa.Column("versioncreated", Instant(), nullable=True),
        sa.Column("date_precision", sa.String(length=12), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("dateline", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("usageterms", sa.Text(), nullable=True),
        sa.Column("associations", Json, nullable=False),
        sa.Column("provenance", Json, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("extractor", sa.String(length=40), nullable=False),
        sa.Column("fragment", sa.Boolean(), nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("raw", sa.String(length=64), nullable=True),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="revisions_entry_id_fk"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="revisions_record_id_fk"),
        sa.PrimaryKeyConstraint("id", name="revisions_pk"),
        sa.UniqueConstraint("record_id", "revision", name="revisions_record_id_revision_key"),
    )
    op.create_table(
        "texts",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("record_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="texts_record_id_fk"),
        sa.PrimaryKeyConstraint("content_hash", name="texts_pk"),
    )
