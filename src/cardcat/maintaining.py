"""The catalog's upkeep: read completely, copied, kept small and quick, and rid of what nobody works on."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat import server
from cardcat.catalog import upkeep
from cardcat.catalog.engine import local_path, open_catalog
from cardcat.catalog.session_rows import running, source_roots
from cardcat.catalog.upkeep import Kept
from cardcat.catalog.volumes import every_volume
from cardcat.catalog.watched import list_watched
from cardcat.closing import close_lost_sessions
from cardcat.errors import CancelledError, DestinationError
from cardcat.opening import refuse_empty_mount_point
from cardcat.owner import is_alive
from cardcat.paths import display
from cardcat.plan.compacting import Compaction, Space, judge
from cardcat.plan.keeping import KEEP
from cardcat.server import logs, reaping
from cardcat.stopping import stop_requested
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.text import size as human_size

_SPARE = 1_000_000  # bytes that stay free beside a new copy


@dataclass(frozen=True, slots=True)
class Lost:
    """What nobody worked on any more and was ended: the ids of sessions, and of runs on the Prefect page."""

    sessions: tuple[int, ...] = ()
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tidied:
    """The catalog's file *before* and *after*, and what was done about free space in it, or why nothing."""

    before: Space
    after: Space
    compaction: Compaction


@dataclass(frozen=True, slots=True)
class Maintained:
    """
    What the upkeep did, or would do. *log* is the length in bytes of the server's log that was begun anew.

    Of a dry run, *kept* has the name that the copy would get, *tidied* what was decided.
    """

    path: Path
    lost: Lost
    kept: Kept
    tidied: Tidied
    log: int


def maintain(where: str | None = None, *, keep: int = KEEP, to: Path | None = None) -> Maintained:
    """
    Look after the catalog at *where*: all steps, one after the other.

    It is copied to the folder *to*, by default `backups` beside it, and the newest *keep* copies stay.
    CatalogError if it is damaged, in use for too long, or can't be written; DestinationError if *to* can't
    take the copy; CancelledError if the user wants to stop, after the step in hand. What was done stays.
    """
    path = check(where)
    lost = end_lost(where)
    kept = copy(where, keep=keep, to=to)
    tidied = tidy(where)
    return Maintained(path, lost, kept, tidied, logs.trim())


def would_maintain(where: str | None = None, *, keep: int = KEEP, to: Path | None = None) -> Maintained:
    """What `maintain` would do. The catalog is not read completely, and nothing is written."""
    with open_catalog(where, create=False) as opened, opened.read() as c:
        dead = tuple(row.id for row in running(c) if row.owner is None or not is_alive(row.owner))
        path = opened.path
        folder = upkeep.beside_catalog(path) if to is None else _as_named(to)
        is_there = to is not None or folder.is_dir()
        if is_there:
            _require_usable(path, folder)
            _require_suitable(c, path, folder)
    name = upkeep.next_name(path, folder)
    removed: list[Path] = []
    if is_there:
        removed = upkeep.removable(path, folder, keep, made=name.name)
    space = upkeep.space(path)
    kept = Kept(name, space.size, tuple(removed), 0)
    return Maintained(path, Lost(dead), kept, Tidied(space, space, judge(space, _room(path))), 0)


def check(where: str | None = None) -> Path:
    """Read the catalog completely and return where it is. CatalogError if it is damaged."""
    with open_catalog(where, create=False) as opened:
        upkeep.require_whole(opened.path)
        return opened.path


def end_lost(where: str | None = None) -> Lost:
    """End the sessions whose process is gone, and their runs on the page if a server answers."""
    _require_going()
    sessions = close_lost_sessions(where)
    api_url = server.find()
    return Lost(tuple(sessions), tuple(reaping.reap(api_url)) if api_url else ())


def copy(where: str | None = None, *, keep: int = KEEP, to: Path | None = None) -> Kept:
    """
    Copy the catalog into the folder *to*, check the copy, then let the oldest ones go.

    A folder that is named has to be there: an unplugged drive leaves none, or an empty one, which is refused.
    So is one on a card, or in what was backed up: nothing is ever written to a source.
    """
    _require_going()
    path = local_path(where)
    folder = upkeep.make_folder(path) if to is None else _as_named(to)
    _require_usable(path, folder)
    with open_catalog(where, create=False) as opened:
        with opened.read() as c:
            _require_suitable(c, path, folder)
        return upkeep.dated_backup(opened, folder, keep)


def tidy(where: str | None = None) -> Tidied:
    """Look at what the tables hold, for quick answers, and give free space back where that is worth it."""
    _require_going()
    with open_catalog(where, create=False) as opened:
        path = opened.path
        upkeep.optimise(opened)
    before = upkeep.space(path)
    decided = judge(before, _room(path))
    if decided is Compaction.WORTH_IT:
        decided = upkeep.compact(path)
        upkeep.require_whole(path)
    return Tidied(before, upkeep.space(path), decided)


def _require_usable(path: Path, folder: Path) -> None:
    """DestinationError if *folder* is not there, can't be written to, or has no room for a copy of *path*."""
    shown = display(str(folder))
    if not folder.is_dir():
        raise DestinationError(
            f"The folder {shown} for the copies of the catalog is not there.",
            hint="Plug in the drive that it is on, or make the folder.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DestinationError(
            f"The folder {shown} for the copies of the catalog can't be written to.",
            hint="Look at its permissions and at the drive's write protection, or name another folder.",
        )
    needed, free = path.stat().st_size + _SPARE, shutil.disk_usage(folder).free
    if free < needed:
        raise DestinationError(
            f"There is too little room for a copy of the catalog in {shown}: it takes {human_size(needed)}, "
            f"and {human_size(free)} are free.",
            hint="Free some space there, or name another folder. No earlier copy was removed.",
        )


def _require_suitable(c: Connection, path: Path, folder: Path) -> None:
    """DestinationError if *folder* is what an unplugged drive left behind, or is on a card or in a source."""
    volume = volume_of(folder)
    refuse_empty_mount_point(c, folder, volume)
    if volume.key != volume_of(path).key and _is_source(c, volume.key, folder):
        shown = display(str(folder))
        raise DestinationError(
            f"The folder {shown} for the copies of the catalog is on a card, or in a folder that was backed "
            "up. Nothing is ever written there.",
            hint="Name a folder on another drive, best on one that backups go to.",
        )


def _is_source(c: Connection, key: str, folder: Path) -> bool:
    """Whether *folder*, on the volume with that *key*, is where photos come from."""
    if any(card.volume.key == key for card in list_watched(c, is_alive)):
        return True
    inside = path_on_volume(folder)
    for known in every_volume(c):
        if known.volume.key == key and (roots := source_roots(c, known.volume.id)):
            return not known.is_drive or any(Path(inside).is_relative_to(root) for root in roots)
    return False


def _as_named(to: Path) -> Path:
    return Path(os.path.abspath(to))  # noqa: PTH100 - links stay


def _room(path: Path) -> int:
    return upkeep.room(path, lambda folder: shutil.disk_usage(folder).free)


def _require_going() -> None:
    if stop_requested():
        raise CancelledError("The upkeep of the catalog was cancelled. What was done so far stays done.")
