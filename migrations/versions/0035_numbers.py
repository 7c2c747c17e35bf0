"""Add sequences from which transactions that save records side by side take numbers.

Revision ID: 0035
Revises: 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # `store.records.sharing` moves them behind the numbers that are given out.
    op.execute("CREATE SEQUENCE IF NOT EXISTS record_numbers")
    op.execute("CREATE SEQUENCE IF NOT EXISTS revision_numbers")
