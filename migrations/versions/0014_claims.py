"""Number claims and runs, and say where a run's process is, so that late results and dead runs can be told.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("sources", "entries"):
        op.add_column(table, sa.Column("claims", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sources", sa.Column("last_result", sa.String(length=32)))
    op.add_column("installation", sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("generation", sa.Integer()))
    op.add_column("runs", sa.Column("place", sa.String(length=120)))
    op.add_column("runs", sa.Column("pid_started", sa.String(length=40)))
    op.add_column("runs", sa.Column("beats", sa.Integer(), nullable=False, server_default="0"))
