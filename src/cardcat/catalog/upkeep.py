"""The upkeep of a catalog's file: dated copies, the newest of which are kept, and free space given back."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog import lock, migrate, snapshot, soundness, sqlite
from cardcat.catalog.device import this_device
from cardcat.catalog.engine import Catalog
from cardcat.catalog.maintain import backup
from cardcat.catalog.trouble import damaged, is_full, told, told_of_files
from cardcat.errors import CatalogBusyError, CatalogError
from cardcat.plan.compacting import Compaction, Space
from cardcat.plan.keeping import order_of, surplus

FOLDER = "backups"
"""Where dated copies are kept beside the catalog, unless somebody says where."""

_ABANDONED = 86_400.0  # seconds without a change after which a temporary copy is nobody's any more


@dataclass(frozen=True, slots=True)
class Kept:
    """A dated copy that was made and checked, the older ones that went for it, and how many there are now."""

    file: Path
    size: int
    removed: tuple[Path, ...]
    copies: int


def dated_backup(catalog: Catalog, folder: Path, keep: int) -> Kept:
    """
    Copy the catalog into *folder*, check the copy, and only then remove older ones beyond the newest *keep*.

    Only dated copies of this very catalog ever go, and only what is a sound catalog at a glance. CatalogError
    if the catalog is damaged or the copy can't be written; then nothing was removed.
    """
    prefix = _prefix(catalog.path)
    _clear_abandoned(folder, prefix)
    file = _free_name(folder, prefix)
    backup(catalog, file)
    removed = removable(catalog.path, folder, keep, made=file.name)
    with told_of_files(folder, "folder"):
        for old in removed:
            old.unlink(missing_ok=True)
        snapshot.sync_folder(folder)
    return Kept(file, file.stat().st_size, tuple(removed), len(_own(catalog.path, folder)))


def removable(path: Path, folder: Path, keep: int, made: str) -> list[Path]:
    """The copies of the catalog *path* in *folder* that go once *made* is there, the oldest first."""
    own = _own(path, folder)
    return [folder / name for name in surplus(own, _prefix(path), keep=keep, made=made)]


def next_name(path: Path, folder: Path) -> Path:
    """What a copy of the catalog *path* in *folder* would be called now."""
    return _free_name(folder, _prefix(path))


def optimise(catalog: Catalog) -> None:
    """Let the engine look at what the tables hold, so that it finds the shortest way to an answer."""
    with catalog.write() as c:
        c.exec_driver_sql("PRAGMA analysis_limit=1000")
        c.exec_driver_sql("PRAGMA optimize=0x10002")  # all tables, where this version of the engine can


def space(path: Path) -> Space:
    """How much of the catalog's file holds nothing."""
    with told(path), closing(sqlite.connect(path)) as connection:
        page, pages, free = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
    return Space(page * pages, page * free)


def room(path: Path, of: Callable[[Path], int]) -> int:
    """Bytes that a rewriting of the catalog *path* may take; *of* tells what is left where a folder is."""
    return min(of(path.parent), of(_temporary_folder()))


def compact(path: Path) -> Compaction:
    """
    Give the free space of the catalog's file back: `WORTH_IT` where that was done, else what was in the way.

    The caller must not have the catalog open either. After a kill at any moment it is the old one or the
    new one, never half of each. CatalogError if it turns out to be damaged.
    """
    try:
        with lock.alone(path, wait=0), told(path), closing(sqlite.connect(path)) as connection:
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except CatalogBusyError:
        return Compaction.IN_USE
    except CatalogError as error:
        if is_full(error.__cause__):
            return Compaction.NO_ROOM
        raise
    return Compaction.WORTH_IT


def require_whole(path: Path) -> None:
    """Read the catalog *path* completely; CatalogError if anything is wrong with it."""
    with told(path):
        if found := soundness.problems(path):
            raise damaged(path, found[0])


def make_folder(path: Path) -> Path:
    """The folder beside the catalog *path* for its copies, made if need be. CatalogError if it can't be."""
    folder = beside_catalog(path)
    with told_of_files(folder, "folder"):
        folder.mkdir(exist_ok=True)
    return folder


def beside_catalog(path: Path) -> Path:
    """Where copies of the catalog *path* go if nobody says where."""
    return path.parent / FOLDER


def _prefix(path: Path) -> str:
    """
    What the copies of the catalog *path* are called, before their date.

    Catalogs of several computers may have one name and be copied into one folder: none removes another's.
    Nor does one that was made anew in the place of a lost one, or that was taken along to another computer.
    """
    whole = f"{_identity(path)}:{this_device()}:{path}".encode(errors="surrogateescape")
    return f"{path.name}.backup-{hashlib.sha256(whole).hexdigest()[:8]}-"


def _identity(path: Path) -> str:
    with told(path), closing(sqlite.connect(path)) as connection:
        found = connection.execute("SELECT uuid FROM catalog_identity").fetchone()
    if found is None:
        raise damaged(path, "it does not say which one it is")
    return str(found[0])


def _free_name(folder: Path, prefix: str) -> Path:
    """A dated name in *folder* that nothing has; a link to nothing has one too."""
    first = candidate = folder / f"{prefix}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    number = 1
    while os.path.lexists(candidate):
        number += 1
        candidate = sqlite.beside(first, f"-{number}")
    return candidate


def _own(path: Path, folder: Path) -> list[str]:
    """The dated copies of the catalog *path* in *folder*, without what only has such a name."""
    prefix = _prefix(path)
    with told_of_files(folder, "folder"):
        names = [name for name in os.listdir(folder) if order_of(name, prefix)]  # noqa: PTH208 - names only
    return [name for name in names if _is_catalog(folder / name)]


def _is_catalog(file: Path) -> bool:
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            return False
        return migrate.state(file) in (migrate.State.CURRENT, migrate.State.OLDER)
    except (OSError, CatalogError):
        return False


def _clear_abandoned(folder: Path, prefix: str) -> None:
    """Remove what a killed process left of its copy, long ago: another one may be at work now."""
    before = time.time() - _ABANDONED
    with told_of_files(folder, "folder"):
        for leftover in snapshot.leftovers(folder, prefix):
            with suppress(FileNotFoundError):
                if leftover.lstat().st_mtime < before:
                    leftover.unlink()


def _temporary_folder() -> Path:
    """Where the engine writes what is only for a moment."""
    named = (os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR"))
    places = [Path(place) for place in (*named, "/var/tmp", "/usr/tmp", "/tmp") if place]  # noqa: S108 - its own list
    return next((place for place in places if place.is_dir() and os.access(place, os.W_OK)), Path())
