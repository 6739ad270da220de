"""The contracts of the exported tables: types, what may be NULL, and the words that a column may hold."""

from __future__ import annotations

import pandera.polars as pandera
import polars as pl
import pyarrow as pa

from cardcat.catalog import arrow
from cardcat.catalog.arrow import Field

PARTITIONS = {"file_locations": "volume_id", "media_files": "year"}
"""The large tables, and by which column of theirs the exported files are parted."""

_TYPES = {
    "string": pl.String,
    "int64": pl.Int64,
    "double": pl.Float64,
    "binary": pl.Binary,
    "bool": pl.Boolean,
}


def fields(table: str) -> list[Field]:
    """The columns of an exported table: those of the catalog, and the one that it is parted by."""
    found = arrow.fields_of(table)
    if table in PARTITIONS:
        found.append(Field(PARTITIONS[table], pa.int64(), nullable=False, words=()))
    return found


def schema(table: str) -> pandera.DataFrameSchema:
    """What every file of an exported table keeps."""
    return pandera.DataFrameSchema(
        {field.name: _column(field) for field in fields(table)}, strict=True, ordered=True
    )


def _column(field: Field) -> pandera.Column:
    checks = [pandera.Check.isin(list(field.words))] if field.words else []
    return pandera.Column(_TYPES[str(field.type)], checks, nullable=field.nullable)
