"""Which catalog this is: what tells it from every other one, wherever it lies."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from cardcat.catalog.tables.base import metadata

catalog_identity = Table(
    "catalog_identity",  # one row, made with the catalog; a copy that is restored has the same one
    metadata,
    Column("uuid", Text, primary_key=True),
    sqlite_with_rowid=False,
)
