"""Whether a catalog of this program's version is whole: its pages, its rows, and what its columns hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy import Column, Table, types

from cardcat.catalog import sqlite
from cardcat.catalog.tables import metadata
from cardcat.metadata import DateSource

_HELD = ((types.Integer, "integer"), (types.Boolean, "integer"), (types.LargeBinary, "blob"))
_HELD_ELSE = "text"
_WORDS = ", ".join(f"'{word}'" for word in DateSource)
_RULES = (  # what is read as more than text, and no constraint looks at
    ("session_details", "excludes", "json_valid(excludes)"),
    ("media_details", "date_source", f"date_source IN ({_WORDS})"),
)


def problems(connection: sqlite3.Connection) -> list[str]:
    """
    Read the whole catalog and say what is wrong with it; nothing if it is sound.

    A flipped bit may give a column another name, or a value another type, and break no rule of the engine.
    """
    return sqlite.problems(connection) or [*_missing_columns(connection)] or [*_wrong_values(connection)]


def _missing_columns(connection: sqlite3.Connection) -> Iterator[str]:
    for table in metadata.sorted_tables:
        names = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
        for column in table.columns:
            if column.name not in names:
                yield f"the table {table.name} lacks its column {column.name}"


def _wrong_values(connection: sqlite3.Connection) -> Iterator[str]:
    for table in metadata.sorted_tables:
        for column in _columns_with_wrong_values(connection, table):
            yield f"the column {column} of {table.name} holds values of another type"
    for name, column, rule in _RULES:
        broken = f"SELECT 1 FROM {name} WHERE NOT {rule} LIMIT 1"  # noqa: S608 - all of it is ours
        if connection.execute(broken).fetchone():
            yield f"the column {column} of {name} holds what is none"


def _columns_with_wrong_values(connection: sqlite3.Connection, table: Table) -> Iterator[str]:
    """One reading of *table*; SQLite itself keeps any value in any column."""
    sums = ", ".join(f"sum(typeof({c.name}) NOT IN ('{_held(c)}', 'null'))" for c in table.columns)
    query = f"SELECT {sums} FROM {table.name}"  # noqa: S608 - all of it is ours
    (found,) = connection.execute(query).fetchall()
    return (c.name for c, wrong in zip(table.columns, found, strict=True) if wrong)


def _held(column: Column[object]) -> str:
    """What SQLite calls a value of *column*; it turns what looks like a number into one by itself."""
    if isinstance(column.type, types.Float):
        return "real"
    return next((name for kind, name in _HELD if isinstance(column.type, kind)), _HELD_ELSE)
