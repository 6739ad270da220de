"""Whether a catalog of this program's version is whole: its pages, its rows, and what its columns hold."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

from sqlalchemy import Column, Table, types

from cardcat.catalog import sqlite
from cardcat.catalog.tables import metadata
from cardcat.metadata import DateSource

_HELD = ((types.Integer, "integer"), (types.Boolean, "integer"), (types.LargeBinary, "blob"))
_HELD_ELSE = "text"
_POLL_SECONDS = 0.2
_STEPS = 100_000  # of the engine, a few milliseconds
_WORDS = ", ".join(f"'{word}'" for word in DateSource)
_RULES = (  # what is read as more than text, and no constraint looks at
    ("session_details", "excludes", "json_valid(excludes)"),
    ("media_details", "date_source", f"date_source IN ({_WORDS})"),
)


def problems(path: Path) -> list[str]:
    """
    Read the whole catalog *path* and say what is wrong with it; nothing if it is sound.

    A flipped bit may give a column another name, or a value another type, and break no rule of the engine.
    Two readers are at work, one on the pages, one on the values. It can be interrupted from the keyboard,
    which the engine alone would not notice until it is done.
    """
    with closing(sqlite.connect(path)) as one, closing(sqlite.connect(path)) as other, _two() as pool:
        ending = threading.Event()
        for connection in (one, other):
            connection.set_progress_handler(ending.is_set, _STEPS)
        try:
            pages, values = pool.submit(sqlite.problems, one), pool.submit(_misfits, other)
            return _awaited(pages) or _awaited(values)  # of damaged pages the other reader tells nothing
        finally:
            ending.set()  # what has not begun yet will end by it
            one.interrupt()
            other.interrupt()


def problems_in(connection: sqlite3.Connection) -> list[str]:
    """The same, by one that is open already."""
    return sqlite.problems(connection) or _misfits(connection)


def _awaited(reading: Future[list[str]]) -> list[str]:
    """What was found. Waiting without an end would miss a key that was pressed just before."""
    while not reading.done():
        wait([reading], timeout=_POLL_SECONDS)
    return reading.result()


def _two() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="catalog")


def _misfits(connection: sqlite3.Connection) -> list[str]:
    """What no rule of the engine is broken by."""
    return [*_missing_columns(connection)] or [*_wrong_values(connection)]


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
    """
    One reading of *table*; SQLite itself keeps any value in any column.

    Looking for a row takes half as long as looking at each column, so a second reading tells the columns.
    """
    rules = [f"typeof({c.name}) NOT IN ('{_held(c)}', 'null')" for c in table.columns]
    any_row = f"SELECT 1 FROM {table.name} WHERE {' OR '.join(rules)} LIMIT 1"  # noqa: S608 - all of it is ours
    if connection.execute(any_row).fetchone() is None:
        return
    sums = ", ".join(f"sum({rule})" for rule in rules)
    (found,) = connection.execute(f"SELECT {sums} FROM {table.name}").fetchall()  # noqa: S608 - the same
    yield from (c.name for c, wrong in zip(table.columns, found, strict=True) if wrong)


def _held(column: Column[object]) -> str:
    """What SQLite calls a value of *column*; it turns what looks like a number into one by itself."""
    if isinstance(column.type, types.Float):
        return "real"
    return next((name for kind, name in _HELD if isinstance(column.type, kind)), _HELD_ELSE)
