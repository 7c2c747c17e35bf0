"""Add what polls learn: pace, hints, windows, gaps, redirects, robots.txt, decisions, hub subscriptions.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.add_columns(
        "sources",
        sa.Column("condition", sa.String(length=10), server_default="ok", nullable=False),
        sa.Column("quiet_since", Instant(), nullable=True),
        sa.Column("obeys_robots", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hints", Json, nullable=True),
        sa.Column("arrivals", sa.Double(), nullable=True),
        sa.Column("observed", sa.Double(), nullable=True),
        sa.Column("squares", sa.Double(), nullable=True),
        sa.Column("window", sa.Integer(), server_default="0", nullable=False),
        sa.Column("watched_since", Instant(), nullable=True),
        sa.Column("last_read_at", Instant(), nullable=True),
        sa.Column("last_new_at", Instant(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("same_as", Id, nullable=True),
        sa.Column("pushed_until", Instant(), nullable=True),
    )
    online.add_columns("polls", sa.Column("overlap", sa.Integer(), nullable=True))
    # Gaps before the upgrade cannot be known any more, so coverage of a source starts at its last success.
    op.execute("UPDATE sources SET watched_since = last_success_at")
    make_tables()
    online.create_index("entries_by_url", "entries", ["url"], postgresql_using="hash")


def make_tables() -> None:
    op.create_table(
        "aliases",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="aliases_source_id_fk"),
        sa.PrimaryKeyConstraint("url", name="aliases_pk"),
        if_not_exists=True,
    )
    op.create_table(
        "gaps",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_id", Id, nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("to_at", Instant(), nullable=False),
        sa.Column("older", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="gaps_source_id_fk"),
        sa.PrimaryKeyConstraint("id", name="gaps_pk"),
        if_not_exists=True,
    )
    op.create_index("gaps_by_source", "gaps", ["source_id", "from_at"], if_not_exists=True)
    op.create_table(
        "robots_files",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("origin", name="robots_files_pk"),
        if_not_exists=True,
    )
    op.create_table(
        "decisions",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="decisions_entry_id_fk"),
        sa.PrimaryKeyConstraint("id", name="decisions_pk"),
        if_not_exists=True,
    )
    op.create_index("decisions_by_entry", "decisions", ["entry_id"], if_not_exists=True)
    op.create_index("decisions_by_time", "decisions", ["at"], if_not_exists=True)
    op.create_table(
        "subscriptions",
        sa.Column("source_id", Id, autoincrement=False, nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pushes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="subscriptions_source_id_fk"),
        sa.PrimaryKeyConstraint("source_id", name="subscriptions_pk"),
        sa.UniqueConstraint("token", name="subscriptions_token_key"),
        if_not_exists=True,
    )
