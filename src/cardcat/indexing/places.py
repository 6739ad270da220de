"""Which folders are to be indexed: what was given, and which locations of the catalog that is."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog
from cardcat.catalog.indexing import KnownIndex, Order, known_indexes
from cardcat.catalog.knowledge import below as path_below
from cardcat.catalog.locations import find_location, remember_location
from cardcat.catalog.volumes import (
    find_volume,
    remember_device,
    remember_volume,
    volumes_last_mounted_at,
)
from cardcat.errors import CardcatError, SourceError, UsageError
from cardcat.inputs import check_source, show
from cardcat.model import Role, Volume
from cardcat.paths import display
from cardcat.plan.index_modes import IndexMode
from cardcat.storage.destination import FOLDER as DESTINATION
from cardcat.storage.ignore import QUARANTINE
from cardcat.storage.volumes import (
    is_one_of_two,
    mounted_volumes,
    path_from_volume,
    path_on_volume,
    volume_of,
)
from cardcat.text import cause


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants of an index; None of a rule means: as the time before."""

    mode: IndexMode | None = None
    includes: tuple[str, ...] | None = None
    excludes: tuple[str, ...] | None = None

    @property
    def changes_rules(self) -> bool:
        """Whether anything is asked for that goes for a whole location."""
        return (self.mode, self.includes, self.excludes) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Place:
    """
    A folder that is to be indexed: *below* in the location at *root*, '' for all of that.

    *location_id* is None for a location that the catalog has not seen yet. *own* are folders in it, relative
    to *root*, that are locations of their own.
    """

    root: Path
    below: str
    volume: Volume
    order: Order
    location_id: int | None
    own: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.root / self.below if self.below else self.root


@dataclass(frozen=True, slots=True)
class Away:
    """A location that can't be indexed now: it is not plugged in, or *error* says what else is wrong."""

    known: KnownIndex
    path: str
    error: CardcatError | None = None


def checked_folders(paths: Sequence[Path]) -> list[Path]:
    """
    The real folders behind *paths*, each once, outer ones first.

    SourceError if one is no folder that can be read, UsageError if it belongs to backups or is a quarantine.
    """
    if not paths:
        raise UsageError("No folder to index is named.", hint="For example: cardcat index ~/Pictures")
    real = dict.fromkeys(_checked(path) for path in paths)
    return sorted(real, key=lambda path: (len(path.parts), str(path)))


def _checked(path: Path) -> Path:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceError(
            f"The folder {show(path)} can't be opened: {cause(error)}. Nothing was indexed.",
            hint="Is it spelled right, and its drive plugged in and mounted?",
        ) from error
    if not stat.S_ISDIR(mode):
        raise SourceError(
            f"{show(path)} is a file, not a folder; cardcat indexes folders with all that is in them.",
            hint=f"Give the folder it lies in: cardcat index {show(path.parent)}",
        )
    real = check_source(path)
    for folder in (real, *real.parents):
        if (folder / DESTINATION).is_dir():
            raise UsageError(
                f"{show(folder)} is a destination of backups, which the catalog knows already: "
                f"{show(path)} was not indexed.",
                hint=f"What is on it is read again by: cardcat verify {show(folder)}",
            )
    if QUARANTINE in real.parts:
        raise UsageError(
            f"{show(path)} is where duplicates were put aside, and no part of a library.",
            hint="Index the folder that they came from.",
        )
    return real


def place_of(c: Connection | None, folder: Path, asked: Asked) -> Place:
    """
    Where *folder* belongs in the catalog, if there is one: a location, a part of one, or a location that is
    new.

    SourceError if its drive is not there, UsageError if it is no library, or *asked* goes for a whole
    location of which it is a part.
    """
    volume = volume_of(folder)
    if is_one_of_two(volume, mounted_volumes()):
        raise SourceError(_twice(volume), hint="Unplug one of both.")
    if c is None:
        return Place(folder, "", volume, _new_order(asked), None)
    _refuse_mount_point(c, folder, volume)
    path = path_on_volume(folder)
    on_volume = [known for known in known_indexes(c) if known.volume_key == volume.key]
    _refuse_other_role(c, volume, path, folder)
    outer = [known for known in on_volume if known.path == path or path_below(path, known.path) is not None]
    nearest = max(outer, key=lambda known: len(known.path), default=None)
    if nearest is None:
        return Place(folder, "", volume, _new_order(asked), None, _own(on_volume, path))
    below = path_below(path, nearest.path) or ""
    if below and asked.changes_rules:
        whole = _root_of(volume, nearest)
        raise UsageError(
            f"{show(folder)} is a part of {whole}: mode and patterns go for all of that.",
            hint=f"Leave them out, or give them with the whole: cardcat index {whole}",
        )
    root = path_from_volume(volume, nearest.path)
    if root is None:
        raise UsageError(
            f"{show(folder)} is a part of an indexed folder, of which no more is mounted here.",
            hint="Mount all of it, then index that.",
        )
    return Place(root, below, volume, _ordered(nearest, asked), nearest.id, _own(on_volume, nearest.path))


def known_places(c: Connection, asked: Asked) -> Iterator[Place | Away]:
    """Every location that was indexed before, or why it can't be now."""
    mounted = mounted_volumes()
    known = known_indexes(c)
    for each in known:
        on_volume = [other for other in known if other.volume_key == each.volume_key]
        yield _standing(each, mounted, asked, _own(on_volume, each.path))


def remembered(catalog: Catalog, place: Place, now: int) -> Place:
    """The place with its location on record, which is made if it is new. Its volume is noted as seen."""
    with catalog.write() as c:
        row = remember_volume(c, place.volume, remember_device(c, now), now)
        if place.location_id is not None:
            return place
        made = remember_location(
            c, volume_id=row.id, uuid=None, path=path_on_volume(place.root), role=Role.LIBRARY, now=now
        )
    return replace(place, location_id=made.id)


def _standing(
    known: KnownIndex, mounted: Sequence[Volume], asked: Asked, own: tuple[str, ...]
) -> Place | Away:
    away = Away(known, _last_path(known))
    for volume in mounted:
        if volume.key != known.volume_key:
            continue
        if is_one_of_two(volume, mounted):
            return replace(away, error=SourceError(_twice(volume), hint="Unplug one of both."))
        root = path_from_volume(volume, known.path)
        if root is None or _key_of(root) != volume.key:  # a part of it, or something else is mounted over it
            continue
        place = Place(root, "", volume, _ordered(known, asked), known.id, own)
        try:
            real = _checked(root)
        except CardcatError as error:
            return replace(away, path=str(root), error=error)
        if real == root:
            return place
        moved = f"{show(root)} is a link now. What was indexed there is kept on record as it was."
        return replace(
            away, path=str(root), error=SourceError(moved, hint=f"To index: cardcat index {show(real)}")
        )
    return away


def _key_of(path: Path) -> str | None:
    try:
        return volume_of(path).key
    except OSError:
        return None


def _last_path(known: KnownIndex) -> str:
    return str(Path(known.last_mount_point or "/", known.path))


def _root_of(volume: Volume, known: KnownIndex) -> str:
    root = path_from_volume(volume, known.path)
    return show(root) if root else display(known.path)


def _new_order(asked: Asked) -> Order:
    return Order(asked.mode or IndexMode.DEEP, asked.includes or (), asked.excludes or ())


def _ordered(known: KnownIndex, asked: Asked) -> Order:
    return Order(
        asked.mode or known.mode,
        known.includes if asked.includes is None else asked.includes,
        known.excludes if asked.excludes is None else asked.excludes,
    )


def _own(on_volume: Sequence[KnownIndex], path: str) -> tuple[str, ...]:
    """The locations below *path*, relative to it."""
    return tuple(inner for known in on_volume if (inner := path_below(known.path, path)) is not None)


def _refuse_mount_point(c: Connection, folder: Path, volume: Volume) -> None:
    """An unplugged drive leaves its folder behind: that it is empty says nothing of what the drive has."""
    for point in (folder, *folder.parents):
        if point == volume.mount_point:
            return
        for known in volumes_last_mounted_at(c, point):
            if known.key != volume.key:
                raise SourceError(
                    f"{show(folder)} is where the drive {display(known.name)} is mounted, and it is not "
                    "there now. Nothing was indexed.",
                    hint="Plug the drive in and mount it. What is on record of it stays as it is.",
                )


def _refuse_other_role(c: Connection, volume: Volume, path: str, folder: Path) -> None:
    """What backups go to is theirs, also where somebody took its `.cardcat` folder away."""
    known = find_volume(c, volume.key)
    if known is None:
        return
    whole = Path("/", path)
    for outer in (whole, *whole.parents):
        location = find_location(c, known.id, str(outer)[1:])
        if location is not None and location.role is not Role.LIBRARY:
            raise UsageError(
                f"{show(folder)} is, or lies in, a location of the role '{location.role.value}'. An index "
                "makes libraries, and changes no role.",
                hint=f"What is on it is read again by: cardcat verify {show(folder)}",
            )


def _twice(volume: Volume) -> str:
    name = display(volume.name)
    return f"The drive {name} is plugged in twice: one is a clone of the other. Nothing of it was indexed."
