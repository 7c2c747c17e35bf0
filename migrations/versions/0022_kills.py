"""Let a record say that a version is a kill by its words alone, until an operator decides.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("records", sa.Column("unconfirmed_kill_at", Instant))
    unconfirmed = sa.text("unconfirmed_kill_at IS NOT NULL")
    online.create_index(
        "records_to_confirm", "records", ["unconfirmed_kill_at"], sqlite_where=unconfirmed, postgresql_where=unconfirmed
    )
