"""Give the full-text index of PostgreSQL parts, in which a text takes a seventh of the space.

The daemon moves the terms of stored revisions into parts, in small transactions, and then drops the GIN index; until
then, both are searched.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NOTHING_DONE = 2**62


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("CREATE SEQUENCE IF NOT EXISTS record_search_part_numbers")
    op.execute(
        "CREATE TABLE IF NOT EXISTS record_search_parts ("
        "id bigint CONSTRAINT record_search_parts_pk PRIMARY KEY, first_id bigint NOT NULL, last_id bigint NOT NULL, "
        "revisions integer NOT NULL, members bytea NOT NULL, must_be_rewritten boolean NOT NULL DEFAULT false)"
    )
    op.execute(
        "CREATE TABLE IF NOT EXISTS record_search_blocks ("
        'part bigint NOT NULL, first_key text COLLATE "C" NOT NULL, block bytea NOT NULL, '
        "CONSTRAINT record_search_blocks_pk PRIMARY KEY (part, first_key))"
    )
    # They are compressed already.
    op.execute("ALTER TABLE record_search_blocks ALTER block SET STORAGE EXTERNAL")
    if op.get_bind().execute(sa.text("SELECT 1 FROM record_search LIMIT 1")).first() is None:
        op.execute("DROP INDEX IF EXISTS record_search_terms")
    else:
        op.execute(
            f"INSERT INTO conversions (name, below) VALUES ('search parts', {_NOTHING_DONE}) "  # noqa: S608 - a number
            "ON CONFLICT DO NOTHING"
        )
