"""Add the nodes: daemons with a name, the sources that belong to one, and the oldest release that may start.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant, Json

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(36)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("data_version", sa.Integer, nullable=False),
        sa.Column("rules", sa.String(12), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("cpus", sa.Integer, nullable=False),
        sa.Column("work", Json, nullable=False),
        sa.Column("logins", Json, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="nodes_pk"),
        if_not_exists=True,
    )
    online.add_columns("sources", sa.Column("node", sa.String(64)))
    online.add_columns("subscriptions", sa.Column("node", sa.String(64)))
    online.add_columns("installation", sa.Column("min_version", sa.String(40)))
    labelled = sa.text("node IS NOT NULL")
    online.create_index("sources_of_nodes", "sources", ["node"], sqlite_where=labelled, postgresql_where=labelled)
