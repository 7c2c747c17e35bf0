"""Add what retention needs: windows of sources, kinds of raw bytes, and whether the database is older than retention.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Tables from which rows are deleted all the time.  By default PostgreSQL reclaims their space only once a fifth of the
# table is dead; at 2% the dead rows of a batch are reused within hours.
_SHRINKING = ("polls", "decisions", "failures", "events", "raws", "entries", "revisions", "carriers")


def upgrade() -> None:
    op.create_table(
        "windows",
        sa.Column("source_id", Id, autoincrement=False, nullable=False),
        sa.Column("entry_ids", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="windows_source_id_fk"),
        sa.PrimaryKeyConstraint("source_id", name="windows_pk"),
        if_not_exists=True,
    )
    online.add_columns("raws", sa.Column("kind", sa.String(length=5), nullable=False, server_default="page"))
    online.create_index("raws_by_kind", "raws", ["kind", "seen_at"])
    online.create_index("texts_by_record", "texts", ["record_id"])
    online.add_columns("installation", sa.Column("keeps_all", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE installation SET keeps_all = EXISTS (SELECT 1 FROM sources)")
    if op.get_bind().dialect.name == "postgresql":
        for table in _SHRINKING:
            op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02)")
