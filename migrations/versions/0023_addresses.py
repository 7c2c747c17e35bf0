"""Store the address of each entry's page in its normal form, so that spellings of one address share one fetch.

Rows that exist are filled when they are revisited.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns("entries", sa.Column("address", sa.Text))
    online.create_index("entries_by_address", "entries", ["address"], postgresql_using="hash")
    # Without statistics of the column, PostgreSQL takes an address for one that thousands of entries have.
    online.analyse("entries", "address")
