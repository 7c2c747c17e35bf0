"""Add the budgets of networks whose sites throttle together, and the network of each site.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("manners", sa.Column("network", sa.Text))
    op.create_table(
        "host_groups",
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("budget", sa.Float, nullable=False),
        sa.Column("burst_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("network", name="host_groups_pk"),
        if_not_exists=True,
    )
