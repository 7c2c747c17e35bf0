"""Add the chores that one run does for all on a database.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Instant

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chores",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("run_id", sa.String(36)),
        sa.Column("next_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="chores_pk"),
        if_not_exists=True,
    )
