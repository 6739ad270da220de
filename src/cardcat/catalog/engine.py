"""The open catalog: where it lies, and transactions to read and to write it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from cardcat.catalog import lock, migrate, soundness, sqlite
from cardcat.catalog.trouble import damaged, show, told, told_of_files
from cardcat.errors import CardcatError, CatalogError
from cardcat.paths import display


class Catalog:
    """
    An open catalog, of the version this program needs. Close it, or use it as a context manager.

    May be used from several threads; each transaction belongs to one.
    """

    def __init__(self, path: Path, hold: lock.Hold) -> None:
        self.path = path
        self._hold = hold
        self._writer = sqlite.writing_engine(path)
        self._reader = sqlite.reading_engine(path)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """
        One transaction: all of it is on the disk at the end, nothing of it if the block raises.

        Waits half a minute for another writer, then CatalogError; also if the disk is full or the
        catalog turns out to be damaged.
        """
        with self._told(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that can't change anything and sees one moment, however many write meanwhile."""
        with self._told(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """
        Turn what goes wrong with the catalog into a CatalogError.

        What looks like a bug may come of a row that is damaged, so then the whole catalog is read: ten
        seconds for each gigabyte or more, once.
        """
        try:
            with told(self.path):
                yield
        except (CardcatError, OSError):
            raise
        except Exception as error:
            require_sound(self.path, error)
            raise

    def close(self) -> None:
        """Let go of the catalog. Does no harm a second time."""
        self._writer.dispose()
        self._reader.dispose()
        self._hold.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def default_path() -> str:
    """Where the catalog is if nobody says: CARDCAT_CATALOG, else a file in the user's data folder."""
    if chosen := os.environ.get("CARDCAT_CATALOG"):
        return chosen
    from platformdirs import user_data_path  # noqa: PLC0415 - not needed where the catalog is named

    return str(user_data_path("cardcat", appauthor=False) / "catalog.db")


def open_catalog(where: str | Path | None = None, *, create: bool = True) -> Catalog:
    """
    Open the catalog at *where* (a path, by default `default_path`), made or brought up to date if need be.

    CatalogError if it is not there and *create* is false, if it is newer than this program, damaged,
    locked, of another program, or can't be written; then nothing was changed.
    """
    path = local_path(where)
    if migrate.state(path) is migrate.State.ABSENT:  # looked at first: beside a strange file nothing is left
        _prepare(path, create=create)
    while True:
        hold = lock.shared(path)
        try:
            if migrate.state(path) is migrate.State.CURRENT:
                return Catalog(path, hold)
        except BaseException:
            hold.release()
            raise
        hold.release()
        with lock.alone(path):
            migrate.migrate(path)


def require_sound(path: Path, why: Exception) -> None:
    """CatalogError, because of *why*, if the catalog *path* is damaged. Reads all of it."""
    with told(path):
        if found := soundness.problems(path):
            raise damaged(path, found[0]) from why


def is_absent(where: str | Path | None = None) -> bool:
    """Whether there is no catalog at *where* yet. CatalogError if there is one that can't be used."""
    return migrate.state(local_path(where)) is migrate.State.ABSENT


def local_path(where: str | Path | None) -> Path:
    """The catalog file that *where* means, links followed. CatalogError if it can't be one."""
    given = default_path() if where is None else where
    if isinstance(given, str) and (url := re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", given)):
        raise _unsupported(url[1])
    path = Path(os.path.realpath(os.path.expanduser(given)))  # noqa: PTH111 - never raises without a home
    with told_of_files(path):
        if path.is_dir():
            raise CatalogError(
                f"The catalog {show(path)} is a folder.",
                hint=f"Name a file: --catalog {show(path / 'catalog.db')}",
            )
        if path.exists() and not path.is_file():  # a pipe would wait for ever
            raise CatalogError(
                f"The catalog {show(path)} is no regular file.", hint="Choose another one with --catalog."
            )
    return path


def _prepare(path: Path, *, create: bool) -> None:
    if not create:
        raise CatalogError(
            f"There is no catalog at {show(path)} yet.",
            hint="The first backup or index makes it: cardcat backup SOURCE DEST, or cardcat index FOLDER. "
            "To use another one: --catalog FILE",
        )
    with told_of_files(path):
        path.parent.mkdir(parents=True, exist_ok=True)


def _unsupported(scheme: str) -> CatalogError:
    if scheme.startswith("postgres"):
        message = "A catalog on PostgreSQL is not supported yet."
    else:
        message = f"A catalog at an address that begins with {display(scheme)}:// is not supported."
    return CatalogError(message, hint="Name a file on this computer: --catalog ~/cardcat/catalog.db")
