"""Alembic's entry: run on the connection, and in the transaction, that `upgrade` has begun."""

from alembic import context

from service.store.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transaction_per_migration=False,
)
context.run_migrations()
