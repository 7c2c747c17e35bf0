"""Index the queue of each backfill, and of the daemon, by due time and by site.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    due_entry = sa.text("state = 'pending' AND run_id IS NULL")
    due_revisit = sa.text("state = 'done' AND run_id IS NULL AND revisit_at IS NOT NULL")
    for name, columns, where in (
        ("entries_queue", ["backfill_id", "due_at"], due_entry),
        ("entries_queue_by_site", ["backfill_id", "site", "due_at"], due_entry),
        ("entries_revisits_by_site", ["site", "revisit_at"], due_revisit),
    ):
        online.create_index(name, "entries", columns, sqlite_where=where, postgresql_where=where)
    online.drop_index("entries_due_by_site", "entries")
