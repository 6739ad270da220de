"""A catalog that is made anew: whole under another name first, then put in the place of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

from cardcat.catalog import lock, maintain, migrate, soundness, sqlite
from cardcat.catalog.engine import Catalog, local_path, open_catalog
from cardcat.catalog.trouble import foreign, told, told_of_files
from cardcat.errors import CatalogBusyError, CatalogError

_MAGIC = b"SQLite format 3\0"  # how every database begins


class Present(Enum):
    """What stands where a catalog is to be made anew."""

    NOTHING = auto()
    SOUND = auto()
    DAMAGED = auto()  # a catalog that can't be used any more
    UNKNOWN = auto()  # a newer program's catalog, or what is no database at all


class Fresh:
    """
    A new catalog that has no name yet.

    *catalog* is open for writing; *set_aside* is where the one before is afterwards, None if there was none.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.set_aside: Path | None = None


def present(where: str | Path | None) -> Present:
    """
    Look at what stands at *where*; the whole catalog is read. Leaves no trace.

    CatalogError if it can't be read, is in use, or is the database of another program, which is not to be
    moved.
    """
    path = local_path(where)
    is_database = _begins_as_database(path)
    try:
        found = sqlite.look(path)
        standing = migrate.judge(found, migrate.revisions())
        if standing in (migrate.State.CURRENT, migrate.State.OLDER):
            return Present.SOUND if _is_sound(path, standing) else Present.DAMAGED
    except CatalogBusyError:
        raise
    except CatalogError:
        return Present.DAMAGED if is_database else Present.UNKNOWN
    if standing is migrate.State.FOREIGN:
        raise foreign(path)
    return Present.NOTHING if standing is migrate.State.ABSENT else Present.UNKNOWN


@contextmanager
def made_anew(where: str | Path | None) -> Iterator[Fresh]:
    """
    Give a new, empty catalog; when the block ends well it stands at *where*.

    It is read completely before that, and what stood there is set aside under a dated name, with all that
    lies beside it. Until then nothing is touched, whatever ends the block. CatalogError if the one before is
    in use, or if the new one can't be written.
    """
    path = local_path(where)
    place = path.with_name(f".{path.name}.rebuild")
    unfinished = place / "catalog.db"
    with told_of_files(path):
        place.mkdir(parents=True, exist_ok=True)
    with lock.alone(unfinished, wait=0), told_of_files(path):  # another one may be at it just now
        _clear(place, but=sqlite.beside(unfinished, ".lock"))
    try:
        with open_catalog(unfinished) as catalog:
            fresh = Fresh(catalog)
            yield fresh
        fresh.set_aside = maintain.restore(path, unfinished)
    finally:
        with suppress(OSError):
            _clear(place)
            place.rmdir()


def _clear(place: Path, but: Path | None = None) -> None:
    """Remove an unfinished catalog and what lies beside it, of this run or of one that was killed."""
    for file in sorted(place.iterdir()):
        if file != but:
            file.unlink()


def _is_sound(path: Path, standing: migrate.State) -> bool:
    with told(path), closing(sqlite.connect_quietly(path)) as connection:
        read = soundness.problems_in if standing is migrate.State.CURRENT else sqlite.problems
        return not read(connection)


def _begins_as_database(path: Path) -> bool:
    with told_of_files(path):
        try:
            with path.open("rb") as file:
                return file.read(len(_MAGIC)) == _MAGIC
        except FileNotFoundError:
            return False
