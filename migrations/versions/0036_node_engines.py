"""Note the engine of each node.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("nodes", sa.Column("engine", sa.String(16)))
