"""Add the agencies of a revision, its paywall, and whether its text is truncated.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("agencies", Json, server_default="[]", nullable=False),
        sa.Column("paywall", sa.Boolean(), nullable=True),
        sa.Column("truncated", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("revisions", column)
