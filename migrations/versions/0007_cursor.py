"""Add the cursor of a source, where its paginated list continues.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("cursor", sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("cursor_kind", sa.String(length=5), nullable=True))
