"""Add the indexes that a database of some years needs, and the last numbers given out.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "last_numbers",
        sa.Column("name", sa.String(length=10), nullable=False),
        sa.Column("number", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", name="last_numbers_pk"),
        if_not_exists=True,
    )
    # A deleted entry is looked for in each of these.
    online.create_index("records_by_origin", "records", ["origin_entry_id"])
    online.create_index("revisions_by_entry", "revisions", ["entry_id"])
    online.create_index("carriers_by_entry", "carriers", ["entry_id"])
    online.create_index("events_by_entry", "events", ["entry_id"])
    # Records of a source, events of a kind.
    online.create_index("carriers_by_source", "carriers", ["source_id", "record_id"])
    online.create_index("events_by_kind", "events", ["kind", "seq"])
    # Work that is due.
    due_entry = sa.text("state = 'pending' AND run_id IS NULL")
    online.create_index(
        "entries_due_by_site", "entries", ["site", "due_at"], sqlite_where=due_entry, postgresql_where=due_entry
    )
    due_revisit = sa.text("state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL")
    online.create_index(
        "entries_visited", "entries", ["visited_at"], sqlite_where=due_revisit, postgresql_where=due_revisit
    )
    open_gap = sa.text("state = 'open'")
    online.create_index("gaps_due", "gaps", ["due_at"], sqlite_where=open_gap, postgresql_where=open_gap)
