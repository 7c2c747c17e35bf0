"""Say how many purged documents other entries were in.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("purges", sa.Column("shared", sa.Integer()))
