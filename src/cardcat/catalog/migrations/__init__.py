"""The catalog's migrations, for Alembic; `cardcat.catalog.migrate` runs them."""
