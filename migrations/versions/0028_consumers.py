"""Add consumers of the event log, what could not be delivered to them, and API tokens; list gaps by an index.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from ingestd.store.schema import online
from ingestd.store.schema.columns import Id, Instant, Json

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_consumers()
    _create_failures()
    online.create_index("gaps_by_time", "gaps", ["from_at"])
    op.create_table(
        "tokens",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("filter", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("used_at", Instant),
        sa.PrimaryKeyConstraint("id", name="tokens_pk"),
        sa.UniqueConstraint("name", name="tokens_name_key"),
        sa.UniqueConstraint("sha256", name="tokens_sha256_key"),
        if_not_exists=True,
    )


def _create_consumers() -> None:
    op.create_table(
        "consumers",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("filter", sa.Text, nullable=False, server_default=""),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("epoch", sa.String(36), nullable=False),
        sa.Column("cursor", Id, nullable=False),
        sa.Column("kill_cursor", Id, nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False, server_default="0"),
        sa.Column("run_id", sa.String(36)),
        sa.Column("failing_since", Instant),
        sa.Column("waits_until", Instant),
        sa.Column("delivered_at", Instant),
        sa.PrimaryKeyConstraint("id", name="consumers_pk"),
        sa.UniqueConstraint("name", name="consumers_name_key"),
        if_not_exists=True,
    )
    op.create_table(
        "consumer_leases",
        sa.Column("consumer_id", Id, nullable=False),
        sa.Column("first_seq", Id, nullable=False),
        sa.Column("last_seq", Id, nullable=False),
        sa.Column("token", sa.String(36), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("kills", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("acknowledged", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("consumer_id", "token", name="consumer_leases_pk"),
        sa.ForeignKeyConstraint(["consumer_id"], ["consumers.id"], name="consumer_leases_consumer_id_fk"),
        if_not_exists=True,
    )


def _create_failures() -> None:
    op.create_table(
        "consumer_failures",
        sa.Column("consumer_id", Id, nullable=False),
        sa.Column("seq", Id, nullable=False),
        sa.Column("record_id", Id, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.Column("next_at", Instant),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("excerpt", sa.Text),
        sa.PrimaryKeyConstraint("consumer_id", "seq", name="consumer_failures_pk"),
        sa.ForeignKeyConstraint(["consumer_id"], ["consumers.id"], name="consumer_failures_consumer_id_fk"),
        if_not_exists=True,
    )
    online.create_index("consumer_failures_by_state", "consumer_failures", ["consumer_id", "state", "seq"])
    op.create_table(
        "consumer_attempts",
        sa.Column("id", Id, nullable=False),
        sa.Column("consumer_id", Id, nullable=False),
        sa.Column("seq", Id, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("excerpt", sa.Text),
        sa.PrimaryKeyConstraint("id", name="consumer_attempts_pk"),
        sa.ForeignKeyConstraint(["consumer_id"], ["consumers.id"], name="consumer_attempts_consumer_id_fk"),
        if_not_exists=True,
    )
    online.create_index("consumer_attempts_by_message", "consumer_attempts", ["consumer_id", "seq"])
    online.create_index("consumer_attempts_by_time", "consumer_attempts", ["at"])
