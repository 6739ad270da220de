"""The catalog's tables as Arrow, for analysis: read-only, whole columns, without a Python object a row."""

from __future__ import annotations

from pathlib import Path

import adbc_driver_sqlite.dbapi as driver
import pyarrow as pa
from sqlalchemy import Column, LargeBinary, Table, Text
from sqlalchemy.types import Double

from cardcat.catalog.tables import metadata
from cardcat.catalog.trouble import told

TABLES: dict[str, Table] = dict(metadata.tables)
"""Every table that can be read, by its name."""


def read_table(path: Path, name: str) -> pa.Table:
    """All rows of the table *name* of the catalog *path*, its columns in the catalog's order."""
    columns = list(TABLES[name].columns)
    # The driver takes a column's type from its first rows, which may be NULL: a row of samples goes first.
    samples = ", ".join(f'{_sample(column)} AS "{column.name}"' for column in columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    with told(path), driver.connect(f"{path.as_uri()}?mode=ro") as c, c.cursor() as cursor:
        cursor.execute(f'SELECT {samples} UNION ALL SELECT {names} FROM "{name}"')  # noqa: S608 - our names
        return cursor.fetch_arrow_table().slice(1)


def _sample(column: Column[object]) -> str:
    if isinstance(column.type, Text):
        return "''"
    if isinstance(column.type, LargeBinary):
        return "x'00'"
    return "0.5" if isinstance(column.type, Double) else "0"
