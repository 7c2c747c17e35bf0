"""Number the permissions to ask a site, and share its failures and the origin of its delay.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns(
        "manners",
        sa.Column("takes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("pace", sa.Float, nullable=False, server_default="0"),
        sa.Column("delay_origin", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_wait", sa.Float, nullable=False, server_default="0"),
        sa.Column("failing_until", Instant),
    )
