"""Keep the warnings of a source's documents, its last whole answer, and until when its validators are not believed.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa

from ingestd.store.schema import online
from ingestd.store.schema.columns import Instant, Json

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns(
        "sources",
        sa.Column("warnings", Json),
        sa.Column("full_answer_at", Instant),
        sa.Column("distrusted_until", Instant),
    )
