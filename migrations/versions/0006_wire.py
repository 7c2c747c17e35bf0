"""Add wire items: guid, version, content and status of each, and the release time of embargoes.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns(
        "records",
        sa.Column("item_guid", sa.Text(), nullable=True),
        sa.Column("item_key", sa.Text(), nullable=True),
        sa.Column("id_origin", sa.String(length=8), nullable=True),
        sa.Column("release_at", Instant(), nullable=True),
    )
    online.add_columns(
        "revisions",
        sa.Column("pubstatus", sa.String(length=10), server_default="usable", nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("item", Json, nullable=True),
        sa.Column("item_hash", sa.String(length=64), nullable=True),
    )
    online.add_columns("events", sa.Column("pubstatus", sa.String(length=10), nullable=True))
    online.create_index("records_by_item_key", "records", ["item_key"], unique=True)
    online.create_index("records_by_item_guid", "records", ["item_guid"])
    embargoed = sa.text("release_at IS NOT NULL")
    online.create_index(
        "records_to_release", "records", ["release_at"], sqlite_where=embargoed, postgresql_where=embargoed
    )
    online.create_index("events_by_record", "events", ["record_id"])
