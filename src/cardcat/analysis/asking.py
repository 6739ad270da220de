"""Asks the catalog one of the questions in sql/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cardcat.analysis import statements
from cardcat.analysis.opening import answered
from cardcat.analysis.rows import as_frame
from cardcat.analysis.statements import Question
from cardcat.analysis.working import Recipe, WorkedOut
from cardcat.catalog.engine import open_catalog
from cardcat.errors import UsageError

if TYPE_CHECKING:
    import duckdb
    import polars as pl

KEPT = "waste_by_"
"""How questions begin whose whole answer is kept with the snapshot: it is small, and a scan of all copies."""

_ANSWER = "answer"


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
    if name.startswith(KEPT) and not values and (limit is None or limit >= 0):
        kept = WorkedOut(catalog, _recipe(asked), lambda tables: tables[_ANSWER])
        found = kept.ask(lambda rows: as_frame(rows.columns()))
        return found if limit is None else found.head(limit)
    with open_catalog(catalog, create=False) as opened:
        return answered(opened, lambda db: _answer(db, asked, values, limit))


def _recipe(asked: Question) -> Recipe[pl.DataFrame]:
    return Recipe(
        asked.name,
        asked.sql,
        b"",
        read=lambda db: _answer(db, asked, {}, None),
        make=lambda found: {_ANSWER: found.to_arrow()},
    )


def _answer(
    db: duckdb.DuckDBPyConnection, asked: Question, values: dict[str, object], limit: int | None
) -> pl.DataFrame:
    import duckdb  # noqa: PLC0415 - heavy, and not every answer is made here

    sql = asked.sql if limit is None else f"SELECT * FROM ({asked.sql}\n) LIMIT {limit:d}"  # noqa: S608
    try:
        found: pl.DataFrame = db.sql(sql, params=values).pl()
    except duckdb.ConversionException as error:
        raise UsageError(
            f"The question '{asked.name}' can't take these values: {str(error).splitlines()[0]}",
            hint="To see what it takes: cardcat ask",
        ) from error
    return found
