"""Add the source and rules of a revision's extraction, so that it can be reprocessed.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("records", sa.Column("rules", sa.String(length=12), nullable=True))
    for column in (
        sa.Column("rules", sa.String(length=12), nullable=True),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
    ):
        op.add_column("revisions", column)
    if op.get_bind().dialect.name == "postgresql":
        # Room for "reprocessed".  SQLite does not enforce lengths, and would have to rebuild the tables.
        op.alter_column("revisions", "change", type_=sa.String(length=12))
        op.alter_column("events", "kind", type_=sa.String(length=12))
