"""Give the full-text index filters of phrases, so that few texts are compared with a phrase.

The daemon makes those of stored revisions, in small batches; until then, the texts of revisions without are compared.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema.columns import Id

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Larger than any number of a revision: also those that an older program saves from now on are converted.
_ALL = 2**62


def upgrade() -> None:
    op.create_table(
        "record_search_phrases",
        sa.Column("revision_id", Id, autoincrement=False, nullable=False),
        sa.Column("phrases", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("revision_id", name="record_search_phrases_pk"),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name="record_search_phrases_revision_id_fk", ondelete="CASCADE"
        ),
        if_not_exists=True,
    )
    if op.get_bind().execute(sa.text("SELECT 1 FROM revisions LIMIT 1")).first() is not None:
        op.execute(
            f"INSERT INTO conversions (name, below) VALUES ('phrases', {_ALL}) "  # noqa: S608 - a number
            "ON CONFLICT DO NOTHING"
        )
