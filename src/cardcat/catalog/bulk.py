"""Many rows at a time, the same way on every engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Table, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update

CHUNK = 5_000  # rows a statement: far below SQLite's 32,766 variables, and enough to be fast

T = TypeVar("T")
Value = str | int | float | bytes | None


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut *rows* into lists of at most *size*."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_new(c: Connection, table: Table) -> Insert:
    """An insert that passes over rows whose unique columns are already there."""
    return _insert_new(dialect_of(c), table)


def insert_or_renew(c: Connection, table: Table, *renewed: str, key: Sequence[str] = ()) -> Insert:
    """
    An insert that, where a row with the same *key* is there, writes the columns *renewed* over it.

    *key*: columns that are unique together; without it, the primary key.
    """
    return _insert_or_renew(dialect_of(c), table, renewed, tuple(key))


@lru_cache
def _insert_new(dialect: Any, table: Table) -> Insert:
    insert: Insert = dialect.insert(table).on_conflict_do_nothing()
    return insert


@lru_cache
def _insert_or_renew(dialect: Any, table: Table, renewed: tuple[str, ...], key: tuple[str, ...]) -> Insert:
    new = dialect.insert(table)
    insert: Insert = new.on_conflict_do_update(
        index_elements=key or list(table.primary_key), set_={name: new.excluded[name] for name in renewed}
    )
    return insert


def dialect_of(c: Connection) -> Any:
    """What writes statements for the engine of *c*."""
    if c.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - few need it, and every command waits

        return postgresql
    return sqlite


def insert_many(c: Connection, statement: Insert, rows: Iterable[dict[str, Value]]) -> None:
    """
    Run an insert for all *rows*, thousands at a time.

    They have the same columns, those with a default too: it is the driver that gets them.
    """
    for chunk in chunks(rows):
        _run(c, _compiled(statement, c.dialect, tuple(chunk[0])), chunk)


def update_many(c: Connection, statement: Update, rows: Iterable[dict[str, Value]]) -> None:
    """Run an update for all *rows*, which have a value for each `bindparam` of it, thousands at a time."""
    compiled = _compiled(statement, c.dialect)
    for chunk in chunks(rows):
        _run(c, compiled, chunk)


@lru_cache
def _compiled(statement: Insert | Update, dialect: Dialect, names: tuple[str, ...] = ()) -> SQLCompiler:
    """
    The statement as SQL for the driver.

    It is kept for the statement object: one that is made once, in a module or by a cached function here, is
    compiled once.
    """
    compiled = statement.compile(
        dialect=dialect, column_keys=[*names] if names else None, for_executemany=bool(names)
    )
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _run(c: Connection, compiled: SQLCompiler, rows: Sequence[dict[str, Value]]) -> None:
    """
    Hand *rows* to the driver as they are: text, numbers and bytes, which need no conversion.

    To have SQLAlchemy look at each of them takes longer than it takes SQLite to write them.
    """
    fixed = {  # values that stand in the statement itself
        name: bind.value for bind, name in compiled.bind_names.items() if not bind.required
    }
    names = compiled.positiontup
    if names is None:
        c.exec_driver_sql(compiled.string, [{**fixed, **row} for row in rows])
        return
    if any(name not in rows[0] for name in names):
        rows = [{**fixed, **row} for row in rows]
    values = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    c.exec_driver_sql(compiled.string, [values(row) for row in rows])


def among(c: Connection, column: ColumnElement[Any], values: Sequence[str | int]) -> ColumnElement[bool]:
    """The condition that *column* is one of *values*: for SQLite one parameter, not thousands to look at."""
    if c.dialect.name != "sqlite":
        return column.in_(values)
    listed = func.json_each(json.dumps(values)).table_valued("value")
    return column.in_(select(listed.c.value))


def unique(values: Iterable[T]) -> Sequence[T]:
    """*values* without repetition, in order."""
    return list(dict.fromkeys(values))
