"""Call an entry without attempts left "quarantined" in decisions, too, as `entries.state` does.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE decisions SET verdict = 'quarantined' WHERE verdict = 'given up'")
