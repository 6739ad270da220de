"""Many rows at a time, the same way on every engine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, Table, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update

_AT_ONCE = 400  # rows that one step of SQLite inserts or updates
CHUNK = 12 * _AT_ONCE  # rows a statement: far below SQLite's 32,766 variables, and enough to be fast
_MOST_VALUES = 32_766  # that it takes in one step

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
        compiled = _compiled(statement, c.dialect, tuple(chunk[0]))
        _run_all(c, compiled, _insert_of_many(compiled), chunk)


def update_many(c: Connection, statement: Update, rows: Iterable[dict[str, Value]]) -> None:
    """
    Run an update for all *rows*, which have a value for each `bindparam` of it, thousands at a time.

    Each row of the table is meant by one of them at most: which of two would win is not defined.
    """
    compiled = _compiled(statement, c.dialect)
    for chunk in chunks(rows):
        _run_all(c, compiled, _update_of_many(compiled), chunk)


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


def _run_all(c: Connection, compiled: SQLCompiler, of_many: str, rows: Sequence[dict[str, Value]]) -> None:
    """
    Run *compiled* for each of *rows*, by *of_many*, which does so for `_AT_ONCE` of them in one step.

    After each step the driver waits for Python's lock, which threads that read files have in turn: with a
    step for each row, that would be most of the time.
    """
    whole = len(rows) - len(rows) % _AT_ONCE if of_many else 0
    for some in chunks(rows[:whole], _AT_ONCE):
        c.exec_driver_sql(of_many, tuple(chain.from_iterable(_values(compiled, some))))
    if whole < len(rows):
        _run(c, compiled, rows[whole:])


@lru_cache
def _insert_of_many(compiled: SQLCompiler) -> str:
    """The insert of `_AT_ONCE` rows; '' if it has another form, or too many values."""
    row = _row(compiled)
    head, found, tail = compiled.string.partition(f" VALUES {row}")
    return f"{head}{found}{f', {row}' * (_AT_ONCE - 1)}{tail}" if found and _fits(compiled) else ""


@lru_cache
def _update_of_many(compiled: SQLCompiler) -> str:
    """
    The update by `_AT_ONCE` rows of values; '' if it has another form, or too many of them.

    SQLite calls the columns of VALUES column1, column2 and so on.
    """
    numbers = count(1)
    text, found = re.subn(r"\?", lambda _: f"given.column{next(numbers)}", compiled.string)
    head, where, condition = text.partition(" WHERE ")
    if not where or found != len(compiled.positiontup or ()) or not _fits(compiled):
        return ""
    return f"{head} FROM (VALUES {', '.join([_row(compiled)] * _AT_ONCE)}) AS given WHERE {condition}"


def _row(compiled: SQLCompiler) -> str:
    return f"({', '.join('?' * len(compiled.positiontup or ()))})"


def _fits(compiled: SQLCompiler) -> bool:
    return 0 < len(compiled.positiontup or ()) * _AT_ONCE <= _MOST_VALUES


def _run(c: Connection, compiled: SQLCompiler, rows: Sequence[dict[str, Value]]) -> None:
    """
    Hand *rows* to the driver as they are: text, numbers and bytes, which need no conversion.

    To have SQLAlchemy look at each of them takes longer than it takes SQLite to write them.
    """
    if compiled.positiontup is None:
        c.exec_driver_sql(compiled.string, [{**_fixed(compiled), **row} for row in rows])
    else:
        c.exec_driver_sql(compiled.string, _values(compiled, rows))


def _values(compiled: SQLCompiler, rows: Sequence[dict[str, Value]]) -> list[tuple[Value, ...]]:
    """What stands for each `?`, row by row."""
    names = compiled.positiontup or ()
    if any(name not in rows[0] for name in names):
        rows = [{**_fixed(compiled), **row} for row in rows]
    if len(names) == 1:
        return [(row[names[0]],) for row in rows]
    return list(map(itemgetter(*names), rows))


def _fixed(compiled: SQLCompiler) -> dict[str, Value]:
    """Values that stand in the statement itself."""
    return {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}


def among(c: Connection, column: ColumnElement[Any], values: Sequence[str | int]) -> ColumnElement[bool]:
    """The condition that *column* is one of *values*: for SQLite one parameter, not thousands to look at."""
    if c.dialect.name != "sqlite":
        return column.in_(values)
    listed = func.json_each(json.dumps(values)).table_valued("value")
    return column.in_(select(listed.c.value))


def looked_up(
    c: Connection, key: ColumnElement[str], value: ColumnElement[int], keys: Sequence[str]
) -> dict[str, int]:
    """The *value* of each row whose *key* is one of *keys*, by its key; from SQLite in one step."""
    found: dict[str, int] = {}
    for chunk in chunks(unique(keys)):
        is_wanted = among(c, key, chunk)
        if c.dialect.name == "sqlite":
            found |= json.loads(c.scalar(select(func.json_group_object(key, value)).where(is_wanted)) or "{}")
        else:
            found.update(c.execute(select(key, value).where(is_wanted)).tuples())
    return found


def unique(values: Iterable[T]) -> Sequence[T]:
    """*values* without repetition, in order."""
    return list(dict.fromkeys(values))
