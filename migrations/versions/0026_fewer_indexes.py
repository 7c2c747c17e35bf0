"""Leave rows out of indexes by which no query finds them, so that a poll writes fewer pages.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INDEXES = (
    ("entries_by_written_url", ["url"], "address IS NULL OR address <> url", "hash"),
    ("entries_by_own_guid", ["guid"], "url IS NULL OR guid <> url", "hash"),
    ("entries_of_records", ["record_id"], "record_id IS NOT NULL", "btree"),
    ("entries_of_backfills", ["backfill_id", "state"], "backfill_id IS NOT NULL", "btree"),
)
#: `entries_queue` has what `entries_due` had.
_REPLACED = ("entries_by_url", "entries_by_guid", "entries_by_record", "entries_by_backfill", "entries_due")


def upgrade() -> None:
    for name, columns, condition, kind in _INDEXES:
        where = sa.text(condition)
        online.create_index(name, "entries", columns, sqlite_where=where, postgresql_where=where, postgresql_using=kind)
    for name in _REPLACED:
        online.drop_index(name, "entries")
