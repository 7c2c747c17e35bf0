"""Say which records were purged, by whom and why.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant, Json

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purges",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("record_ids", Json, nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="purges_pk"),
        if_not_exists=True,
    )
    online.add_columns("records", sa.Column("purged_at", Instant()))
