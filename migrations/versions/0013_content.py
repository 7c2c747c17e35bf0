"""Compress the content of revisions, and index the same terms on both databases.

The daemon converts stored revisions and indexes them, in small batches; nothing is rewritten here.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


# Larger than any number of a revision: also those that an older program saves from now on are converted.
_ALL = 2**62


def upgrade() -> None:
    op.create_table(
        "conversions",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("below", Id, nullable=False),
        sa.PrimaryKeyConstraint("name", name="conversions_pk"),
        if_not_exists=True,
    )
    online.add_columns("revisions", sa.Column("content", sa.LargeBinary()))
    has_rows = op.get_bind().execute(sa.text("SELECT 1 FROM revisions LIMIT 1")).first() is not None
    if has_rows:
        op.execute(
            f"INSERT INTO conversions (name, below) VALUES ('revisions', {_ALL}), ('old index', 0) "  # noqa: S608 - a number
            "ON CONFLICT DO NOTHING"
        )
    if op.get_bind().dialect.name == "postgresql":
        index_terms_postgresql()
    else:
        index_terms_sqlite()
    if not has_rows:
        drop_old_index()


def index_terms_sqlite() -> None:
    # Terms are separated by spaces and have no other ASCII signs.  Their positions are not stored: phrases are compared
    # with the text.
    op.execute("CREATE VIRTUAL TABLE record_search USING fts5(terms, content='', detail=none, tokenize='ascii')")
    op.execute("DROP TRIGGER revisions_search_insert")


def index_terms_postgresql() -> None:
    op.execute(
        "CREATE TABLE IF NOT EXISTS record_search ("
        "revision_id bigint CONSTRAINT record_search_pk PRIMARY KEY "
        "CONSTRAINT record_search_revision_id_fk REFERENCES revisions ON DELETE CASCADE, terms text NOT NULL)"
    )
    op.execute(
        "CREATE INDEX IF NOT EXISTS record_search_terms ON record_search "
        "USING gin (array_to_tsvector(string_to_array(terms, ' ')))"
    )


def drop_old_index() -> None:
    # Of a database with records, the daemon drops it at the end of the conversion.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE revisions DROP COLUMN IF EXISTS search")
    else:
        op.execute("DROP TABLE revisions_search")
