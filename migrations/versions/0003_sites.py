"""Add `sites`, the blocks that articles of a site have in common, and an index of entries by guid.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant, Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("habits", Json, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("site", name="sites_pk"),
        if_not_exists=True,
    )
    op.create_index("sites_by_update", "sites", ["updated_at"], if_not_exists=True)
    online.create_index("entries_by_guid", "entries", ["guid"], postgresql_using="hash")
