"""Why there are duplicates: worked out once for each state of the catalog, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cardcat import __version__
from cardcat.analysis import Recipe, Tables, WorkedOut, question
from cardcat.duplicates.tables import STATEMENTS

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    import pyarrow as pa

V = TypeVar("V")

_PROGRAM = b"".join(
    (__version__.encode(), *(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py"))))
)
"""The program that explains, as this process has it: what another one made is not taken for its own."""


def explanation(catalog: str | Path | None, view: Callable[[Tables], V]) -> WorkedOut[V]:
    """
    Why there are duplicates in the catalog as it is now, seen as *view* sees the `tables.TABLES`.

    Nothing is written to the catalog. CatalogError if there is none, or it can't be read.
    """
    sql = "\n".join(question(name).sql for name in STATEMENTS)
    return WorkedOut(catalog, Recipe("duplicates", sql, _PROGRAM, _read, _laid_out), view)


def _read(db: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    from cardcat.duplicates import gathering  # noqa: PLC0415 - it brings Polars, and is needed once a state

    return gathering.read(db)


def _laid_out(read: Mapping[str, pl.DataFrame]) -> dict[str, pa.Table]:
    from cardcat.duplicates import gathering  # noqa: PLC0415 - as above

    return gathering.laid_out(read)
