"""Add wire items: guid, version, content and status of each, and the release time of embargoes.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Instant, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("item_guid", sa.Text(), nullable=True),
        sa.Column("item_key", sa.Text(), nullable=True),
        sa.Column("id_origin", sa.String(length=8), nullable=True),
        sa.Column("release_at", Instant(), nullable=True),
    ):
        op.add_column("records", column)
    op.create_index("records_by_item_key", "records", ["item_key"], unique=True)
    op.create_index("records_by_item_guid", "records", ["item_guid"])
    embargoed = sa.text("release_at IS NOT NULL")
    op.create_index("records_to_release", "records", ["release_at"], sqlite_where=embargoed, postgresql_where=embargoed)
    for column in (
        sa.Column("pubstatus", sa.String(length=10), server_default="usable", nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("item", Json, nullable=True),
        sa.Column("item_hash", sa.String(length=64), nullable=True),
    ):
        op.add_column("revisions", column)
    op.add_column("events", sa.Column("pubstatus", sa.String(length=10), nullable=True))
    op.create_index("events_by_record", "events", ["record_id"])
