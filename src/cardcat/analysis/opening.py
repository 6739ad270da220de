"""DuckDB over a snapshot of the catalog, or over its tables in memory where there is no room for one."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cardcat.analysis import snapshot
from cardcat.analysis.snapshot import Snapshot
from cardcat.analysis.statements import VIEWS
from cardcat.catalog import arrow
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.errors import CardcatError
from cardcat.paths import display, quoted

if TYPE_CHECKING:
    import duckdb
    import polars as pl

MEMORY = "2GB"
"""What a connection takes at most; what needs more goes to files in the cache folder meanwhile."""

_SMALL = "SET memory_limit = '600MB'; SET threads = 2; SET preserve_insertion_order = false"

# Whatever is asked for, nothing is fetched from elsewhere.
_OFFLINE = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_TYPES = {"string": "VARCHAR", "int64": "BIGINT", "double": "DOUBLE", "binary": "BLOB", "bool": "BOOLEAN"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Care:
    """How a connection is made: with how much memory, and what else `answered` is asked for."""

    memory: str = MEMORY
    checked: tuple[str, ...] = ()
    is_small: bool = False


CARE = Care()
"""As it is for most."""

_log = logging.getLogger(__name__)


def connect(
    catalog: str | Path | None = None, *, memory: str = MEMORY, prepare: Sequence[str] | None = None
) -> duckdb.DuckDBPyConnection:
    """
    A DuckDB connection that sees every table of the catalog, the view `entries`, and the view `drives`.

    `drives` names each volume as the commands do (`name`), and so that no two names are alike (`drive`). All
    of it is as of one moment, that of this call. What is done there never reaches the catalog. It takes at
    most *memory* (`2GB`). With statements to *prepare* it, they are executed, and all of the snapshot is read
    before, so that a damaged one is found and made anew. CatalogError if there is no catalog, or it
    can't be read.
    """
    with open_catalog(catalog, create=False) as opened:
        if prepare is None:
            return _over(opened, Care(memory), trusted=True)[0]
        return _healed(opened, Care(memory), lambda db, _: _prepared(db, prepare))


def frame(table: str, catalog: str | Path | None = None) -> pl.DataFrame:
    """All rows of a table of the catalog, its columns not copied. KeyError if there is no such table."""
    import polars as pl  # noqa: PLC0415 - heavy, and not every answer is made here

    if table not in arrow.TABLES:
        raise KeyError(table)
    with open_catalog(catalog, create=False) as opened:
        return answered(opened, lambda db: pl.DataFrame(db.sql(f"FROM {table}").pl()))


def answered(
    opened: Catalog,
    work: Callable[[duckdb.DuckDBPyConnection], T],
    *,
    checked: Sequence[str] = (),
    is_small: bool = False,
) -> T:
    """
    What *work* makes of a connection over an open catalog; its statements are taken to be right.

    What goes wrong then may be a damaged snapshot: that is made anew, and *work* done again, once. The files
    of the tables *checked* are compared with what was written, each byte: a wrong bit may change an answer
    without a word. With *is_small* the process takes less than 1 GiB, rows come in no order but one that is
    asked for, and it is an OSError if there can be no snapshot. CardcatError if there is too little memory
    and room on the disk together.
    """
    return answered_of(opened, lambda db, _: work(db), Care(checked=tuple(checked), is_small=is_small))


def answered_of(
    opened: Catalog, work: Callable[[duckdb.DuckDBPyConnection, Snapshot | None], T], care: Care = CARE
) -> T:
    """The same, if *work* wants to know of which snapshot it is. None: of none, all is in memory."""

    def done(db: duckdb.DuckDBPyConnection, state: Snapshot | None) -> T:
        with db:
            return work(db, state)

    return _healed(opened, care, done)


def _healed(
    opened: Catalog, care: Care, work: Callable[[duckdb.DuckDBPyConnection, Snapshot | None], T]
) -> T:
    """What *work* makes of the snapshot that is there, else of one that is made anew."""
    import duckdb  # noqa: PLC0415 - as above

    try:
        try:
            return work(*_over(opened, care, trusted=True))
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            return work(*_over(opened, care, trusted=False))
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise CardcatError(
            f"This needs more room than there is: {str(error).splitlines()[0]}",
            hint=f"Look at the room on the disk: df -h {quoted(str(snapshot.home()))}",
        ) from error


def _over(opened: Catalog, care: Care, *, trusted: bool) -> tuple[duckdb.DuckDBPyConnection, Snapshot | None]:
    """A connection, with the snapshot that it is over. *trusted*: the one that lies there may be used."""
    try:
        return _over_snapshot(opened, care, trusted=trusted)
    except OSError as error:
        if care.is_small:
            raise
        _log.warning(
            "The catalog is read into memory, because there can be no snapshot of it in %s: %s",
            display(str(snapshot.home())),
            error,
        )
        return _over_memory(opened, care.memory), None


def _over_snapshot(
    opened: Catalog, care: Care, *, trusted: bool
) -> tuple[duckdb.DuckDBPyConnection, Snapshot]:
    import duckdb  # noqa: PLC0415 - as above

    found = snapshot.current(opened, trusted=trusted)
    if trusted and not found.are_whole(care.checked):
        os.close(found.descriptor)
        return _over_snapshot(opened, care, trusted=False)
    db = _new(care.memory, snapshot.home())
    weakref.finalize(db, os.close, found.descriptor)
    try:
        if care.is_small:
            db.execute(_SMALL)
        for name in arrow.TABLES:
            db.execute(_view(found, name))
    except duckdb.Error as error:
        db.close()
        if not trusted:
            raise OSError(f"what was written there can't be read: {error}") from error
        return _over_snapshot(opened, care, trusted=False)
    return _with_views(db), found


def _over_memory(opened: Catalog, memory: str) -> duckdb.DuckDBPyConnection:
    db = _new(memory, Path(tempfile.gettempdir()))
    with arrow.reading(opened) as reader:
        for name in arrow.TABLES:
            db.register(name, reader.table(name))
    return _with_views(db)


def _with_views(db: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    for view in VIEWS.values():
        db.execute(view)
    return db


def _prepared(db: duckdb.DuckDBPyConnection, prepare: Sequence[str]) -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - as above

    try:
        for name in arrow.TABLES:
            db.execute(f"SELECT bit_xor(hash(t)) FROM {name} AS t").fetchall()  # noqa: S608 - a name of ours
        for statement in prepare:
            db.execute(statement)
    except duckdb.Error:
        db.close()
        raise
    return db


def _view(found: Snapshot, name: str) -> str:
    if files := found.paths(name):
        listed = ", ".join(_quoted(file) for file in files)
        return f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{listed}])"  # noqa: S608 - quoted
    nothing = ", ".join(
        f"CAST(NULL AS {_TYPES[str(field.type)]}) AS {field.name}" for field in arrow.schema_of(name)
    )
    return f"CREATE VIEW {name} AS SELECT {nothing} LIMIT 0"


def _new(memory: str, place: Path) -> duckdb.DuckDBPyConnection:
    """An empty database in memory, with a folder of its own below *place* for what does not fit there."""
    import duckdb  # noqa: PLC0415 - as above

    spills = place / "spill"
    spills.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(spills)
    spill, descriptor = _folder_in(spills)
    db = duckdb.connect(":memory:", config={**_OFFLINE, "memory_limit": memory, "temp_directory": str(spill)})
    weakref.finalize(db, _remove, spill, descriptor)
    return db


def _clear(spills: Path) -> None:
    """Remove what killed processes left."""
    for spill in spills.iterdir():
        with suppress(OSError):
            _remove(spill, _held(spill))


def _folder_in(spills: Path) -> tuple[Path, int]:
    """A new folder that is held; another process may clear one away before it is."""
    while True:
        spill = Path(tempfile.mkdtemp(dir=spills))
        with suppress(FileNotFoundError, BlockingIOError):
            descriptor = _held(spill)
            if os.fstat(descriptor).st_nlink:
                return spill, descriptor
            os.close(descriptor)


def _held(spill: Path) -> int:
    """Hold a folder alone; BlockingIOError if somebody does."""
    descriptor = os.open(spill, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _remove(spill: Path, descriptor: int) -> None:
    shutil.rmtree(spill, ignore_errors=True)
    os.close(descriptor)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
