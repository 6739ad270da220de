"""
Rows of a catalog as Arrow by the fast driver alone, for a process that does nothing else with the catalog.

Why it has to be such a process, `sources` tells. Little is imported here, so that it is soon at work.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcStatement

from cardcat.catalog.pragmas import WARY

BATCH = "adbc.sqlite.query.batch_rows"
"""The option of a statement that says how many rows come at once."""

_AT_ONCE = 1 << 16  # rows
EARLIER = pa.schema(
    {
        "path": pa.binary(),
        "size": pa.int64(),
        "mtime_ns": pa.int64(),
        "hash": pa.string(),
        "destination_path": pa.binary(),
        "copy": pa.int64(),
        "copy_size": pa.int64(),
        "copy_mtime_ns": pa.int64(),
        "evidence": pa.string(),
    }
)
"""What a session has left: columns as `frames.HELD`, but for what is not in the catalog."""


def earlier_batches(catalog: str, query: str) -> Iterator[pa.RecordBatch]:
    """
    What `items.earlier_words` asks for, some thousand files at a time; columns as EARLIER.

    Another process must keep the catalog open meanwhile: a reader that may not write leaves a log beside it.
    Raises `sources.TROUBLE` for a catalog that can't be read, or holds values of another type.
    """
    import adbc_driver_sqlite  # noqa: PLC0415 - `sources`, which any process may import, needs the rest

    with (
        adbc_driver_sqlite.connect(read_only(Path(catalog))) as database,
        AdbcConnection(database) as connection,
        AdbcStatement(connection) as statement,
    ):
        for pragma in WARY:
            statement.set_sql_query(f"PRAGMA {pragma}")
            statement.execute_update()
        statement.set_options(**{BATCH: str(_AT_ONCE)})
        statement.set_sql_query(sampled(EARLIER, query))
        found, _ = statement.execute_query()
        for number, batch in enumerate(pa.RecordBatchReader.from_stream(found)):
            yield batch.slice(0 if number else 1).cast(EARLIER)


def read_only(path: Path) -> str:
    """How the driver is told to open the catalog at *path*."""
    return f"{path.as_uri()}?mode=ro"


def sampled(schema: pa.Schema, query: str) -> str:
    """
    A row of samples, then what *query* finds: the driver takes a column's type from the first rows.

    The columns of *query* are those of *schema* by their order; their names don't count.
    """
    samples = ", ".join(f'{_sample(field.type)} AS "{field.name}"' for field in schema)
    return f"SELECT {samples} UNION ALL {query}"


def _sample(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "''"
    if pa.types.is_binary(kind):
        return "x'00'"
    return "0.5" if pa.types.is_floating(kind) else "0"
