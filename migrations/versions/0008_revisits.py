"""Add revisits of pages, whether a page is gone, and evidence that a story was withdrawn.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("sources", sa.Column("revisits", sa.Boolean(), server_default=sa.true(), nullable=False))
    online.add_columns(
        "entries",
        sa.Column("visits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("visited_at", Instant, nullable=True),
        sa.Column("revisit_at", Instant, nullable=True),
        sa.Column("gone", sa.String(3), nullable=True),
        sa.Column("gone_since", Instant, nullable=True),
    )
    op.create_table(
        "evidence",
        sa.Column("id", Id, primary_key=True),
        sa.Column("entry_id", Id, sa.ForeignKey("entries.id", name="evidence_entry_id_fk"), nullable=False),
        sa.Column("kind", sa.String(13), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="evidence_pk"),
        if_not_exists=True,
    )
    op.create_index("evidence_by_entry", "evidence", ["entry_id"], if_not_exists=True)
    due = sa.text("state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL")
    online.create_index("entries_revisits", "entries", ["revisit_at"], sqlite_where=due, postgresql_where=due)
    online.create_index("entries_by_first_seen", "entries", ["source_id", "first_seen_at"])
