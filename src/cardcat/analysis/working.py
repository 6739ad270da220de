"""What is worked out from the catalog and kept with its snapshot, so that it is worked out once a state."""

from __future__ import annotations

import logging
import os
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import xxhash

from cardcat.analysis import kept, snapshot, statements
from cardcat.analysis.opening import Care, answered_of
from cardcat.analysis.rows import GROUP, DamagedError, InMemory, Tables
from cardcat.analysis.snapshot import Snapshot
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.paths import display

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

R = TypeVar("R")
T = TypeVar("T")
V = TypeVar("V")

WAIT_SECONDS = 2.0  # for another process that writes there: who asks wants the answer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe(Generic[R]):
    """
    How something is worked out: *read* asks for what it is made from, *make* makes tables of it.

    *name* is that of its files. *read* asks for nothing but *sql*; *by* is what else the outcome depends on,
    such as the text of the program: another one means that it is worked out anew.
    """

    name: str
    sql: str
    by: bytes
    read: Callable[[duckdb.DuckDBPyConnection], R]
    make: Callable[[R], Mapping[str, pa.Table]]


class WorkedOut(Generic[V]):
    """
    What *recipe* makes of the catalog as it is now, seen as *view* sees its tables.

    It is of one moment. What is kept of this very state of the catalog is used, all else worked out, and
    kept for the next time if there is room. CatalogError if there is no catalog, or it can't be read.
    """

    def __init__(self, catalog: str | Path | None, recipe: Recipe[R], view: Callable[[Tables], V]) -> None:
        def of(*, trusted: bool) -> V:
            with open_catalog(catalog, create=False) as opened:
                return view(_tables(opened, recipe, trusted=trusted))

        self._of = of
        self._view = of(trusted=True)

    def ask(self, question: Callable[[V], T]) -> T:
        """
        What *question* finds in the view.

        Where that turns out to be damaged, all is worked out anew, and asked again.
        """
        try:
            return question(self._view)
        except DamagedError:
            self._view = self._of(trusted=False)
            return question(self._view)


class _Hold:
    """Keeps a state of the snapshot, as long as this is there."""

    def __init__(self, descriptor: int) -> None:
        weakref.finalize(self, os.close, descriptor)


def in_memory(tables: Mapping[str, pa.Table]) -> Tables:
    """Tables that are at hand."""
    return {name: InMemory(rows) for name, rows in tables.items()}


def _tables(opened: Catalog, recipe: Recipe[R], *, trusted: bool) -> Tables:
    try:
        state = snapshot.current(opened)
    except OSError:  # which is told of below
        return _made(opened, recipe)
    hold = _Hold(state.descriptor)
    if trusted and (found := kept.found(state.folder, _sign(recipe, state), _of(recipe, state), hold)):
        return found
    return _made(opened, recipe)


def _made(opened: Catalog, recipe: Recipe[R]) -> Tables:
    """What is worked out now, and kept."""
    care = Care(checked=tuple(statements.tables_in(recipe.sql)))  # what is kept would keep a wrong bit, too
    read, state, hold = answered_of(opened, lambda db, state: (recipe.read(db), state, _held(state)), care)
    made = recipe.make(read)
    if state is not None:
        try:
            with snapshot.alone(state.folder, WAIT_SECONDS):
                kept.keep(state.folder, _sign(recipe, state), _of(recipe, state), made)
        except OSError as error:
            _log.info("Nothing is kept in %s: %s", display(str(state.folder)), error)
    del hold
    return in_memory(made)


def _held(state: Snapshot | None) -> _Hold | None:
    return None if state is None else _Hold(os.dup(state.descriptor))


def _of(recipe: Recipe[R], state: Snapshot) -> dict[str, list[str]]:
    """The files of the tables that are read."""
    return {table: state.names(table) for table in statements.tables_in(recipe.sql)}


def _sign(recipe: Recipe[R], state: Snapshot) -> str:
    read = (GROUP, statements.VIEWS, _of(recipe, state))
    parts = (recipe.by, recipe.sql.encode(), repr(read).encode())
    digest = xxhash.xxh3_128()
    for part in parts:
        digest.update(b"%d " % len(part))
        digest.update(part)
    return f"{recipe.name}-{digest.hexdigest()}"
