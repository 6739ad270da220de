"""What Alembic runs: on the connection it is handed, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from cardcat.catalog.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by rebuilding it
)
context.run_migrations()
