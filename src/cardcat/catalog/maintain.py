"""Looking after a catalog: copies of it, the way back from a copy, and how it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from cardcat.catalog import lock, migrate, snapshot, soundness, sqlite
from cardcat.catalog.engine import Catalog, local_path
from cardcat.catalog.tables import metadata
from cardcat.catalog.trouble import foreign, show, told, told_of_files
from cardcat.errors import CatalogError, UsageError


@dataclass(frozen=True, slots=True)
class CatalogStatus:
    """
    How a catalog is. *size_bytes* counts what SQLite keeps beside it, *rows* the rows of each table.

    *problems* are sentences about damage; there are none in a sound catalog, and no *rows* in another.
    """

    path: Path
    revision: str
    size_bytes: int
    rows: Mapping[str, int]
    problems: tuple[str, ...]


def backup(catalog: Catalog, file: Path) -> None:
    """
    Copy the catalog as it is now to the new file *file*; others may go on using it meanwhile.

    The copy is read completely before it gets its name. UsageError if *file* is there already,
    CatalogError if the catalog is damaged or the copy can't be written.
    """
    target = Path(os.path.abspath(file))  # noqa: PTH100 - resolving would follow a link that is in the way
    with told(catalog.path), closing(sqlite.connect(catalog.path)) as source:
        snapshot.take(source, target, of=catalog.path)


def restore(where: str | Path | None, file: Path) -> Path | None:
    """
    Put what *file* holds in the place of the catalog at *where* (by default the default one).

    *file* is read completely first. The present catalog is set aside under a dated name, which is
    returned, None if there was none. CatalogError if *file* is no sound catalog that this program
    knows, or if the present one is in use; then nothing was changed.
    """
    check_restorable(where, file)
    path, given = local_path(where), local_path(file)
    with told_of_files(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with lock.alone(path, wait=0), told_of_files(path):
        snapshot.clear_leftovers(path)
        with (
            told(given),
            closing(sqlite.connect_quietly(given)) as source,
            snapshot.copied(source, path, of=given) as fresh,
        ):
            aside = _set_aside(path)
            fresh.replace(path)
            snapshot.sync_folder(path.parent)
    return aside


def check_restorable(where: str | Path | None, file: Path) -> None:
    """
    Look whether `restore` would begin at all. Leaves no trace, and does not read *file* completely.

    UsageError if *file* is not there or is the catalog itself, CatalogError as `restore` raises it.
    """
    path, given = local_path(where), local_path(file)
    if given == path or (path.exists() and given.exists() and path.samefile(given)):
        raise UsageError(
            f"The file {show(given)} is the catalog itself.", hint="Name a copy: cardcat catalog restore FILE"
        )
    if migrate.state(given) is migrate.State.ABSENT:
        raise UsageError(
            f"There is no copy of a catalog at {show(given)}.",
            hint="Copies that cardcat made itself lie beside the catalog: cardcat catalog status",
        )
    _is_readable(path)


def _set_aside(path: Path) -> Path | None:
    """Give the present catalog another name, whole, so that no moment is without one."""
    aside = snapshot.dated(path, "replaced")
    if path.exists() and _is_readable(path):
        sqlite.settle(path)
    for suffix in sqlite.side_files(path):  # of a damaged catalog; the new one must not take them for its own
        sqlite.beside(path, suffix).rename(sqlite.beside(aside, suffix))
    if not path.exists():
        return None
    try:
        os.link(path, aside)
    except OSError:  # a filesystem without hard links
        path.rename(aside)
    return aside


def _is_readable(path: Path) -> bool:
    """Whether *path* is sound enough to be opened; CatalogError if it is another program's database."""
    try:
        found = sqlite.look(path)
    except CatalogError:
        return False  # then nothing may open it for writing, or SQLite throws away what it can't read
    if migrate.judge(found, migrate.revisions()) is migrate.State.FOREIGN:
        raise foreign(path)
    return True


def status(catalog: Catalog) -> CatalogStatus:
    """Read the whole catalog and say how it is; takes ten seconds for each gigabyte, or more."""
    with told(catalog.path):
        problems = tuple(soundness.problems(catalog.path))
    rows = {} if problems else _rows(catalog)
    beside = (sqlite.beside(catalog.path, suffix) for suffix in ("", *sqlite.side_files(catalog.path)))
    size = sum(file.stat().st_size for file in beside)
    return CatalogStatus(catalog.path, migrate.revisions()[-1], size, rows, problems)


def _rows(catalog: Catalog) -> dict[str, int]:
    with catalog.read() as c:
        return {
            table.name: c.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
