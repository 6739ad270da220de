"""Copies of a catalog as of one moment, whole in one file, checked before they get their name."""

from __future__ import annotations

import glob
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cardcat.catalog import sqlite
from cardcat.catalog.trouble import damaged, is_damage, is_read_only, show, told, told_of_files
from cardcat.errors import UsageError

_PARTIAL = ".partial"


def take(source: sqlite3.Connection, target: Path, *, of: Path) -> None:
    """
    Copy the database of *source* to the new file *target*; others may go on writing to it meanwhile.

    Nothing is overwritten: UsageError if *target* is there. CatalogError if what was copied is damaged,
    which is said of the catalog *of*, or if the copy can't be written.
    """
    if os.path.lexists(target):
        raise _taken(target)
    with copied(source, target, of=of) as partial, told_of_files(target, "copy"):
        try:
            _place(partial, target)
        except FileExistsError as error:
            raise _taken(target) from error


@contextmanager
def copied(source: sqlite3.Connection, target: Path, *, of: Path) -> Iterator[Path]:
    """
    A copy of *source* under a temporary name beside *target*: read completely, sound, on the medium.

    The caller gives it its name. If it has none at the end, it is removed.
    """
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}{_PARTIAL}")
    try:
        with told(target, "copy"), told_of_files(target, "copy"):
            _copy(source, partial, of)
            _sync(partial)
        yield partial
    finally:
        for leftover in (partial, *(sqlite.beside(partial, suffix) for suffix in sqlite.side_files(partial))):
            leftover.unlink(missing_ok=True)


def clear_leftovers(path: Path) -> None:
    """Remove the temporary copies that a killed process left beside the catalog *path*, held alone."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*{_PARTIAL}*"):
        leftover.unlink(missing_ok=True)


def leftovers(folder: Path, prefix: str) -> list[Path]:
    """The temporary copies in *folder* whose names were to begin with *prefix*, also those being made now."""
    return list(folder.glob(f".{glob.escape(prefix)}*{_PARTIAL}*"))


def dated(path: Path, what: str) -> Path:
    """A name beside *path* that says what the file is and when it was made, and is not taken."""
    first = candidate = sqlite.beside(path, f".{what}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    number = 1
    while candidate.exists():
        number += 1
        candidate = sqlite.beside(first, f"-{number}")
    return candidate


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* last."""
    _sync(folder)


def _copy(source: sqlite3.Connection, partial: Path, of: Path) -> None:
    with closing(sqlite.connect(partial, "mode=rwc")) as copy:
        _begin(source, of)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, that opens on a read-only medium too
        except UnicodeDecodeError as error:
            raise damaged(of, sqlite.NO_TEXT) from error
        except sqlite3.DatabaseError as error:
            if is_damage(error) or is_read_only(error):  # the copy has it from the header that was copied
                raise damaged(of, str(error)) from error
            raise
        finally:
            source.execute("ROLLBACK")
        if found := sqlite.problems(copy):
            raise damaged(of, found[0])


def _begin(source: sqlite3.Connection, of: Path) -> None:
    """Fix the moment; a locked database is told of now, the backup itself would wait for ever."""
    with told(of):
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except UnicodeDecodeError as error:
            raise damaged(of, sqlite.NO_TEXT) from error


def _place(partial: Path, target: Path) -> None:
    try:
        os.link(partial, target)
    except FileExistsError:
        raise
    except OSError:  # a filesystem without hard links: take the name first, then put the copy under it
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        partial.replace(target)
    sync_folder(target.parent)


def _taken(target: Path) -> UsageError:
    return UsageError(
        f"The file {show(target)} is already there, and nothing is overwritten.",
        hint="Choose a name that is free.",
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
