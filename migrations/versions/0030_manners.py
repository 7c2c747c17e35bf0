"""Add the manners at sites that machines on one database share.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "manners",
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(36)),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("delay", sa.Float, nullable=False, server_default="0"),
        sa.Column("held_until", Instant),
        sa.PrimaryKeyConstraint("site", name="manners_pk"),
        if_not_exists=True,
    )
    claimed = sa.text("run_id IS NOT NULL")
    op.create_index(
        "manners_of_runs", "manners", ["run_id"], if_not_exists=True, sqlite_where=claimed, postgresql_where=claimed
    )
