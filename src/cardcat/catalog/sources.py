"""
Two ways to read a catalog's tables as Arrow, both within one transaction.

The driver is ten times as fast, and brings an SQLite of its own. Two of them in one process take each other's
locks on a file away (sqlite.org/howtocorrupt.html, 2.2.1), and a writer without its lock damages the catalog:
so it may only be used in a process that does nothing else with the catalog. One that has to be at work at
once asks by `fast_rows`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
from adbc_driver_manager import Error
from sqlalchemy import Connection

from cardcat.catalog import pages
from cardcat.catalog.engine import Catalog
from cardcat.catalog.fast_rows import BATCH, read_only, sampled
from cardcat.catalog.pages import Pages

if TYPE_CHECKING:
    import adbc_driver_sqlite.dbapi as driver

TROUBLE = (Error, pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)
"""What either way raises for a catalog that can't be read, or holds values of another type."""


class Source(Protocol):
    """Where a reader has its rows from. *pages* are None where nothing is told of them."""

    pages: Pages | None

    def one(self, query: str) -> int | None:
        """The one number that a query answers."""

    def batches(self, schema: pa.Schema, rest: str, rows: int) -> Iterator[tuple[pa.Table, pa.Table]]:
        """
        The columns of *schema* by `SELECT … rest`, at most *rows* at once: as read, and without samples.

        What is read of the same rows is the same, byte for byte.
        """


class OwnSqlite:
    """Python's own SQLite, for every process and not for millions of rows."""

    def __init__(self, connection: Connection) -> None:
        self.pages: Pages | None = None  # closing a file that it has open would take its locks away too
        self._connection = connection

    def one(self, query: str) -> int | None:
        """The one number that a query answers."""
        value = self._connection.exec_driver_sql(query).scalar()
        return None if value is None else int(value)

    def batches(self, schema: pa.Schema, rest: str, rows: int) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Rows become columns one value after the other."""
        types = [pa.int64() if pa.types.is_boolean(field.type) else field.type for field in schema]
        cursor = self._connection.connection.cursor()
        try:
            cursor.execute(f"SELECT {_named(schema)} {rest}")
            while found := cursor.fetchmany(rows):
                columns = [pa.array(c, kind) for c, kind in zip(zip(*found, strict=True), types, strict=True)]
                read = pa.Table.from_arrays(columns, names=schema.names)
                yield read, read
        finally:
            cursor.close()


class FastDriver:
    """The driver, for a process of its own."""

    def __init__(self, connection: driver.Connection, found: Pages | None) -> None:
        self.pages = found
        self._connection = connection

    def one(self, query: str) -> int | None:
        """The one number that a query answers."""
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            (row,) = cursor.fetchall()
        return None if row[0] is None else int(row[0])

    def batches(self, schema: pa.Schema, rest: str, rows: int) -> Iterator[tuple[pa.Table, pa.Table]]:
        """As the driver gives them, and without its row of samples."""
        with self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{BATCH: str(rows + 1)})
            cursor.execute(sampled(schema, f"SELECT {_named(schema)} {rest}"))
            for number, batch in enumerate(cursor.fetch_record_batch()):
                read = pa.Table.from_batches([batch])
                yield read, read.slice(0 if number else 1)


@contextmanager
def own_sqlite(opened: Catalog) -> Iterator[Source]:
    """Read an open catalog by Python's own SQLite."""
    with opened.read() as connection:
        yield OwnSqlite(connection)


@contextmanager
def fast_driver(opened: Catalog) -> Iterator[Source]:
    """
    Read an open catalog by the driver, in a process that does nothing else with it.

    Until it has ended no other file of the catalog is closed, or its own locks would be gone.
    """
    import adbc_driver_sqlite.dbapi as driver  # noqa: PLC0415 - it brings Polars, and other ways do without

    path = opened.path
    with opened.read() as c:  # or a log that the driver, which may not write, leaves beside the catalog
        c.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()
        connection = driver.connect(read_only(path))  # a transaction, until it is closed
        with pages.held(path) as look:
            try:
                source = FastDriver(connection, None)
                source.one("SELECT count(*) FROM sqlite_schema")  # it begins with what is read first
                source.pages = look()
                yield source
            finally:
                connection.close()


def _named(schema: pa.Schema) -> str:
    return ", ".join(f'"{name}"' for name in schema.names)
