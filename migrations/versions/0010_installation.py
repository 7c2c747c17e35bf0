"""Describe the installation in a table of one row.

Revision ID: 0010
Revises: 0009
"""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(length=36), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("copy_state", sa.String(length=10)),
        sa.PrimaryKeyConstraint("id", name="installation_pk"),
    )
    row = {"id": 1, "data_version": 1, "epoch": str(uuid4()), "created_at": datetime.now(UTC)}
    op.bulk_insert(installation, [row])
