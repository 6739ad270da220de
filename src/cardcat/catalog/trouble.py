"""What a database's or a disk's error means to the user of a catalog."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from cardcat.errors import CatalogBusyError, CatalogError
from cardcat.paths import display
from cardcat.text import cause as said

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SAID_OF_DAMAGE = ("Could not decode to UTF-8", "unsupported file format")  # there is no code for these


def show(path: Path) -> str:
    """*path* for a message."""
    return display(str(path))


@contextmanager
def told(path: Path, what: str = "catalog") -> Iterator[None]:
    """Turn what the engine says of the database *path* into a CatalogError; a bug of ours stays one."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        meaning = _meaning(path, cause, what) if isinstance(cause, sqlite3.Error) else None
        if meaning is None:
            raise
        raise meaning from error


@contextmanager
def told_of_files(path: Path, what: str = "catalog") -> Iterator[None]:
    """Turn a failed file operation for the file *path* into a CatalogError that calls it *what*."""
    try:
        yield
    except OSError as error:
        raise _unusable(path, said(error), what) from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether *error* says that the file is no sound database."""
    return _code(error) in _DAMAGED or str(error).startswith(_SAID_OF_DAMAGE)


def is_read_only(error: sqlite3.Error) -> bool:
    """Whether *error* says that the database can't be written to."""
    return _code(error) in _READ_ONLY


def is_full(error: BaseException | None) -> bool:
    """Whether *error* says that there is no room on the disk."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_FULL


def no_database(path: Path) -> CatalogError:
    """The file is something else than an SQLite database."""
    return CatalogError(
        f"The file {show(path)} is not a catalog, and no SQLite database at all. It was left as it is.",
        hint="Choose another file with --catalog. If it was your catalog: cardcat catalog restore FILE, or "
        "cardcat catalog rebuild DRIVE...",
    )


def in_use(path: Path) -> CatalogBusyError:
    """Somebody else has the catalog open and would be disturbed, or disturbs."""
    return CatalogBusyError(
        f"The catalog {show(path)} is in use by another program.",
        hint=f"Wait until that has ended, then try again. What has it open: fuser -v {show(path)}",
    )


def damaged(path: Path, details: str) -> CatalogError:
    """The database is broken inside."""
    return CatalogError(
        f"The catalog {show(path)} is damaged: {details}.",
        hint="Put a sound copy in its place: cardcat catalog restore FILE. If there is none, make the "
        "catalog anew from what the drives know: cardcat catalog rebuild DRIVE...",
    )


def foreign(path: Path) -> CatalogError:
    """The file is a database, of another program."""
    return CatalogError(
        f"The file {show(path)} is the database of another program. It was left as it is.",
        hint="Choose another file with --catalog, or leave --catalog out for your own catalog. If it was "
        "your catalog, it is damaged: move it away, then cardcat catalog restore FILE",
    )


def newer(path: Path, found: str | None, known: str) -> CatalogError:
    """The catalog has revision *found*, and this program knows revisions up to *known*."""
    return CatalogError(
        f"The catalog {show(path)} was written by a newer cardcat: it has version {found}, and this program "
        f"knows versions up to {known}. It was left as it is.",
        hint="Update cardcat: pip install --upgrade cardcat. If it is the newest, the catalog is damaged: "
        "cardcat catalog restore FILE",
    )


def _unusable(path: Path, cause: str, what: str) -> CatalogError:
    folder = show(path.parent)
    return CatalogError(
        f"The {what} {show(path)} can't be used: {cause}.",
        hint=f"Look at the folder it is in: ls -ld {folder}; df -h {folder}",
    )


def _meaning(path: Path, error: sqlite3.Error, what: str) -> CatalogError | None:
    code = _code(error)
    if code in _BUSY:
        return in_use(path)
    if code == sqlite3.SQLITE_NOTADB:
        return no_database(path)
    if is_damage(error):
        return damaged(path, str(error))
    if _is_plainly_read_only(error) and _may_write(path):
        return damaged(path, "its header says that it is read-only, and the file is not")
    cause = _cause(code)
    return _unusable(path, cause, what) if cause else None


def _is_plainly_read_only(error: sqlite3.Error) -> bool:
    """Not because the file was moved, or of what lies beside it: those have codes of their own."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _cause(code: int | None) -> str | None:
    if code == sqlite3.SQLITE_FULL:
        return "the disk it is on is full"
    if code in _READ_ONLY:
        return "it can't be written to, the file or its folder is read-only"
    if code == sqlite3.SQLITE_CANTOPEN:
        return "it can't be opened, or its folder can't be written to"
    if code == sqlite3.SQLITE_IOERR:
        return "the disk it is on fails"
    return None


def _code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)  # an error of the Python module itself has none
    return code & 0xFF if isinstance(code, int) else None
