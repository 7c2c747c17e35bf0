"""Alembic environment: runs migrations on the connection that `ingestd.store.schema.migrate` opened."""

from alembic import context

lock_deadline = context.config.attributes.get("lock_deadline")
context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=lock_deadline is not None,
    lock_deadline=lock_deadline,
)
with context.begin_transaction():
    context.run_migrations()
