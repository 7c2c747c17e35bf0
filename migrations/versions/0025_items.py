"""Remember the items of each source's last document, so that a poll parses only those that are not known.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("windows", sa.Column("items", sa.LargeBinary))
