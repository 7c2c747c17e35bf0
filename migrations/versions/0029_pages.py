"""Index what pages of the API read: stories by time, and records and entries of a rare state.

A record that is usable and an entry that is not quarantined have no row in these indexes.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_INDEXES = (
    ("stories_by_time", "stories", ["last_at"], "merged_into IS NULL"),
    ("records_not_usable", "records", ["updated_at"], "pubstatus <> 'usable'"),
    ("entries_quarantined_by_id", "entries", ["state", "id"], "state = 'quarantined'"),
)


def upgrade() -> None:
    for name, table, columns, condition in _INDEXES:
        where = sa.text(condition)
        online.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
