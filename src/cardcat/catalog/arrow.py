"""The catalog's tables as Arrow, for analysis: read-only, whole columns, without a Python object a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from sqlalchemy import Boolean, CheckConstraint, Column, Integer, LargeBinary, Table, select
from sqlalchemy.types import Double

from cardcat.catalog import looks, migrate
from cardcat.catalog.engine import Catalog, require_sound
from cardcat.catalog.sources import TROUBLE, Source, own_sqlite
from cardcat.catalog.tables import catalog_identity, metadata
from cardcat.catalog.trouble import show
from cardcat.errors import CatalogError

TABLES: dict[str, Table] = dict(metadata.tables)
"""Every table that can be read, by its name."""

Way: TypeAlias = Callable[[Catalog], AbstractContextManager[Source]]

CHUNK = 1 << 17
"""Rows, or ids, that are read at once."""

_WIDEST = 18  # bytes that SQLite needs for a value at most, its text apart


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table. *words* are the only values it may hold; none: any."""

    name: str
    type: pa.DataType
    nullable: bool
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    Some rows of a table, in the order of its key. *key* says which part of the table they are.

    *read* is what the driver read: the same bytes for the same rows, every time. *pages* is the hash of what
    the rows are stored in, where that tells all of them; what has the same one again has the same rows.
    """

    key: int
    rows: pa.Table
    read: pa.Table
    pages: str | None


@dataclass(frozen=True, slots=True)
class Same:
    """A part of a table that has the rows it had: its pages are as the caller knows them."""

    key: int


@dataclass(frozen=True, slots=True)
class State:
    """
    What the catalog's files look like from outside, and which catalog it is.

    *newest* is when they were last written, in ns; what was written just before a look may be written
    again without looking different.
    """

    uuid: str
    revision: str
    files: tuple[int, ...]
    newest: int


def look(opened: Catalog) -> State:
    """The state of a catalog that is open. Two that are equal mean the same rows, once they are settled."""
    seen = looks.look(opened.path)  # before anything is read
    with opened.read() as c:
        uuid = c.execute(select(catalog_identity.c.uuid)).scalar()
    return State(str(uuid), migrate.revisions()[-1], seen.files, seen.newest)


def size(opened: Catalog) -> int:
    """The bytes of a catalog that is open."""
    return looks.size(opened.path)


class Reader:
    """All tables as of one moment, that of the first one read, however many write meanwhile."""

    def __init__(self, path: Path, source: Source) -> None:
        self._path = path
        self._source = source
        self._pages = source.pages

    def table(self, name: str) -> pa.Table:
        """All rows of a table, its columns in the catalog's order."""
        chunks = [chunk.rows for chunk in self.chunks(name) if isinstance(chunk, Chunk)]
        return pa.concat_tables(chunks) if chunks else schema_of(name).empty_table()

    def chunks(self, name: str, known: Mapping[int, str | None] | None = None) -> Iterator[Chunk | Same]:
        """
        All rows of a table in parts, none of which is empty.

        Where the key is one number, a part has the rows of a range of keys, so that what changes in one
        part leaves the others as they were; else so many rows. A part whose pages are *known* is not read.
        """
        with self._told():
            key = _number_key(TABLES[name])
            yield from self._by_position(name) if key is None else self._by_key(name, key, known or {})

    def _by_key(self, name: str, key: str, known: Mapping[int, str | None]) -> Iterator[Chunk | Same]:
        stored = self._pages_of(name, key)
        begin = self._first(name, key, None)
        while begin is not None:
            number = begin // CHUNK
            end = (number + 1) * CHUNK
            if number in stored and known.get(number) == stored[number]:
                yield Same(number)
            else:
                where = f"WHERE {key} >= {begin} AND {key} < {end}"
                ((read, found),) = self._batches(name, where)
                rows = _typed(name, found)
                yield Chunk(number, rows, read, stored.get(number) if self._is_within(rows) else None)
            begin = self._first(name, key, end)

    def _pages_of(self, name: str, key: str) -> dict[int, str]:
        """The hash of the pages of each part, as far as that can be told."""
        first, last = self._first(name, key, None), self._source.one(f'SELECT max({key}) FROM "{name}"')  # noqa: S608
        of_table = f"FROM sqlite_schema WHERE type = 'table' AND name = '{name}'"
        root = self._source.one(f"SELECT rootpage {of_table}")
        if self._pages is None or first is None or last is None or root is None:
            return {}
        return self._pages.parts(root, range(first, last + 1), CHUNK)

    def _is_within(self, rows: pa.Table) -> bool:
        """Whether every row is short enough to be in one page."""
        if self._pages is None:
            return False
        import pyarrow.compute as pc  # noqa: PLC0415 - most look at the catalog, and find nothing to read

        length = pa.scalar(_WIDEST * rows.num_columns)
        for column in rows.columns:
            if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
                length = pc.add(length, pc.fill_null(pc.binary_length(column), 0))
        longest = pc.max(length).as_py() if isinstance(length, pa.ChunkedArray) else length.as_py()
        return bool(longest <= self._pages.longest_row)

    def _by_position(self, name: str) -> Iterator[Chunk]:
        for number, (read, found) in enumerate(self._batches(name)):
            if (rows := _typed(name, found)).num_rows:
                yield Chunk(number, rows, read, None)

    def _first(self, name: str, key: str, least: int | None) -> int | None:
        where = "" if least is None else f" WHERE {key} >= {least}"
        return self._source.one(f'SELECT min({key}) FROM "{name}"{where}')  # noqa: S608 - all of it is ours

    def _batches(self, name: str, where: str = "") -> Iterator[tuple[pa.Table, pa.Table]]:
        return self._source.batches(schema_of(name), f'FROM "{name}" {where}', CHUNK)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the driver says, and values of a wrong type, into a CatalogError."""
        try:
            yield
        except TROUBLE as error:
            require_sound(self._path, error)
            raise CatalogError(
                f"The catalog {show(self._path)} can't be read: {str(error).splitlines()[0]}.",
                hint="Read it completely: cardcat catalog status",
            ) from error


@contextmanager
def reading(opened: Catalog, source: Way = own_sqlite) -> Iterator[Reader]:
    """Read an open catalog, by `own_sqlite` or `fast_driver`; nothing can be changed by it."""
    with source(opened) as found:
        yield Reader(opened.path, found)


def schema_of(name: str) -> pa.Schema:
    """The columns of a table as Arrow has them."""
    return pa.schema([pa.field(field.name, field.type) for field in fields_of(name)])


def fields_of(name: str) -> list[Field]:
    """The columns of a table, and what they may hold."""
    table = TABLES[name]
    words = dict(filter(None, map(_words, table.constraints)))
    return [
        Field(column.name, _type(column), bool(column.nullable), words.get(column.name, ()))
        for column in table.columns
    ]


def _words(rule: object) -> tuple[str, tuple[str, ...]] | None:
    if not isinstance(rule, CheckConstraint):
        return None
    found = re.fullmatch(r"(\w+) IN \((.*)\)", str(rule.sqltext))
    return (found[1], tuple(re.findall(r"'([^']*)'", found[2]))) if found else None


def _number_key(table: Table) -> str | None:
    """The column that is the whole key, if it is a number."""
    key = list(table.primary_key.columns)
    return key[0].name if len(key) == 1 and isinstance(key[0].type, Integer) else None


def _typed(name: str, read: pa.Table) -> pa.Table:
    """What was read in the types of the catalog. ArrowInvalid if it does not fit."""
    rows = read.cast(schema_of(name))
    rows.validate(full=True)  # text that is none would take down whoever reads it
    return rows


def _type(column: Column[object]) -> pa.DataType:
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, Integer):
        return pa.int64()
    if isinstance(column.type, Double):
        return pa.float64()
    return pa.binary() if isinstance(column.type, LargeBinary) else pa.string()
