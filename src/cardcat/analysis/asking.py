"""Asks the catalog one of the questions in sql/."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from cardcat.analysis import statements
from cardcat.analysis.opening import answered
from cardcat.analysis.statements import Question
from cardcat.catalog.engine import open_catalog
from cardcat.errors import UsageError


def ask(
    name: str, catalog: str | Path | None = None, *, limit: int | None = None, **parameters: object
) -> pl.DataFrame:
    """
    What `sql/NAME.sql` answers, at most *limit* rows. Its parameters that are not given are NULL.

    UsageError if there is no such question, or it takes no such parameter; CatalogError if there is no
    catalog, or it can't be read.
    """
    asked = statements.question(name)
    values = statements.filled(asked, parameters)
    with open_catalog(catalog, create=False) as opened:
        return answered(opened, lambda db: _answer(db, asked, values, limit))


def _answer(
    db: duckdb.DuckDBPyConnection, asked: Question, values: dict[str, object], limit: int | None
) -> pl.DataFrame:
    sql = asked.sql if limit is None else f"SELECT * FROM ({asked.sql}\n) LIMIT {limit:d}"  # noqa: S608
    try:
        found: pl.DataFrame = db.sql(sql, params=values).pl()
    except duckdb.ConversionException as error:
        raise UsageError(
            f"The question '{asked.name}' can't take these values: {str(error).splitlines()[0]}",
            hint="To see what it takes: cardcat ask",
        ) from error
    return found
