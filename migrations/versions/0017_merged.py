"""Let a record name the one that it was merged into.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("records", sa.Column("merged_into", Id))
    merged = sa.text("merged_into IS NOT NULL")
    online.create_index("records_merged", "records", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
