"""What only SQLite needs: how a catalog is opened, looked at and checked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event

from cardcat.catalog.pragmas import WARY
from cardcat.catalog.trouble import damaged, is_damage, is_read_only, no_database, told, told_of_files

BUSY_SECONDS = 30.0  # how long a writer waits for another one
NO_TEXT = "its list of tables is no text"  # the engine quotes it, and the driver can't read the quotation
_SIDE_FILES = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database while it is in use
_SMALLEST = 512  # bytes; SQLite takes a file of one byte for an empty database and would overwrite it
_MANY = 20  # problems that are told; more help nobody

# A damaged page is told of instead of being trusted, and a schema that somebody made calls nothing.
_MIGRATING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF")
_WRITING = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-65536",  # 64 MiB: what bulk work waits for is indexes over hashes, read in random order
)
_READING = ("query_only=ON",)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, at a glance: the names of its tables, and the revision it says it has."""

    tables: frozenset[str]
    revision: str | None


def connect(path: Path, options: str = "mode=rw") -> sqlite3.Connection:
    """Open the database *path* with SQLite's URI *options*; BEGIN and COMMIT are the caller's to say."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?{options}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # the pool gives a connection to one thread at a time
    )
    for pragma in WARY:
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def connect_quietly(path: Path) -> sqlite3.Connection:
    """
    Open *path* to read it at once, leaving no trace beside it; this may take no lock.

    A plain read-only connection makes a write-ahead log that it can't remove, so a database that nobody
    has open is opened as one that does not change.
    """
    if beside(path, "-journal").exists():
        return connect(path, "mode=rw")  # a transaction that was cut off is rolled back before any reading
    return connect(path, "mode=ro" if beside(path, "-wal").exists() else "mode=ro&immutable=1")


def beside(path: Path, suffix: str) -> Path:
    """The file *path* with *suffix* after its name."""
    return path.with_name(path.name + suffix)


def side_files(path: Path) -> list[str]:
    """The suffixes of the files that SQLite keeps beside *path* at this moment."""
    return [suffix for suffix in _SIDE_FILES if beside(path, suffix).exists()]


def writing_engine(path: Path) -> Engine:
    """
    A pool of connections that write to *path*, which must be there.

    A transaction begins with the write lock, so it can't fail half-way because somebody else wrote.
    """
    return _engine(path, "mode=rw", _WRITING, "BEGIN IMMEDIATE", QueuePool)


def reading_engine(path: Path) -> Engine:
    """A pool of connections to *path* that can't change it; a transaction sees one moment."""
    return _engine(path, "mode=rw", _READING, "BEGIN", QueuePool)


def migrating_engine(path: Path) -> Engine:
    """
    Connections that change the schema of *path*, made if need be, with foreign keys not enforced.

    Enforced, rebuilding a parent table would delete the rows that refer to it; and they can't be
    switched off inside a transaction.
    """
    return _engine(path, "mode=rwc", _MIGRATING, "BEGIN IMMEDIATE", NullPool)


def _engine(
    path: Path, options: str, pragmas: tuple[str, ...], begin: str, pool: type[QueuePool | NullPool]
) -> Engine:
    def opened() -> sqlite3.Connection:
        connection = connect(path, options)
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite+pysqlite://", creator=opened, poolclass=pool)

    # The driver begins nothing by itself (and never before DDL), so that a transaction is what we say.
    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def look(path: Path) -> Contents | None:
    """
    What the file *path* holds, None if it is not there. Changes nothing and leaves nothing beside it.

    CatalogError if it is no database, is damaged at the root, or can't be opened.
    """
    with told(path), told_of_files(path):
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return None
        if 0 < size < _SMALLEST:
            raise no_database(path)
        try:
            return _look(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return _look(path)  # somebody may have been writing just then; now the files beside it show that
        except UnicodeDecodeError as error:
            raise damaged(path, NO_TEXT) from error


def _look(path: Path) -> Contents:
    with closing(connect_quietly(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        tables = frozenset(name for (name,) in names if not name.startswith("sqlite_"))
        revision = None
        if "alembic_version" in tables:
            row = connection.execute("SELECT * FROM alembic_version").fetchone()
            revision = row[0] if row and isinstance(row[0], str) else None
        return Contents(tables, revision)


def problems(connection: sqlite3.Connection) -> list[str]:
    """Read the whole database and say what is wrong with it; nothing if it is sound."""
    try:
        found = [str(text) for (text,) in connection.execute(f"PRAGMA integrity_check({_MANY})")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_MANY)
    except UnicodeDecodeError:
        return [NO_TEXT]
    except sqlite3.DatabaseError as error:
        if is_damage(error) or error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # of the schema: we asked well
            return [str(error)]
        raise
    return [text for text in found if text != "ok"] + [
        f"row {row} of {table} refers to a missing row of {parent}" for table, row, parent, _ in broken
    ]


def settle(path: Path) -> None:
    """
    Bring the write-ahead log into the database, so that *path* stands alone.

    CatalogError if anybody has the database open. One that is damaged or read-only is left as it is.
    """
    with told(path), closing(connect(path)) as connection:
        try:
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=DELETE")
        except UnicodeDecodeError:  # NO_TEXT
            return
        except sqlite3.DatabaseError as error:
            if not is_damage(error) and not is_read_only(error):
                raise
