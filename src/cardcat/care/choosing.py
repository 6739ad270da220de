"""Which copies a path or the name of a drive stands for."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.checks import Scope
from cardcat.catalog.volumes import every_volume, find_volume, volumes_last_mounted_at
from cardcat.drives import drive_named
from cardcat.errors import UsageError
from cardcat.model import Volume
from cardcat.paths import display
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.text import cause


def scope_of(c: Connection, given: str | None) -> Scope:
    """
    The copies that *given* means: those of a folder, of a file or of a drive; None means all.

    A drive goes by its label, by a uuid of `cardcat volumes list --json` or by where it is mounted, or was.
    UsageError if nothing is known by that name, or more than one thing.
    """
    if given is None:
        return Scope()
    if os.sep in given or Path(given).exists():
        return _at(c, Path(given).absolute())
    return Scope(drive_named(every_volume(c), given).volume.id)


def _at(c: Connection, path: Path) -> Scope:
    try:
        there = volume_of(path)
    except OSError as error:
        raise UsageError(f"{display(str(path))} can't be looked at: {cause(error)}.") from error
    if (unplugged := _unplugged(c, path, there)) is not None:
        return unplugged
    volume = find_volume(c, there.key)
    if volume is None:
        raise UsageError(
            f"No copy is known on the drive of {display(str(path))}.", hint="List them: cardcat volumes list"
        )
    return Scope(volume.id, path_on_volume(path))


def _unplugged(c: Connection, path: Path, there: Volume) -> Scope | None:
    """The copies of the drive that is usually mounted there: an empty folder is what it leaves behind."""
    for point in (path, *path.parents):
        if point == there.mount_point:
            return None
        for known in volumes_last_mounted_at(c, point):
            if known.key != there.key:
                below = str(path.relative_to(point))
                return Scope(known.id, "" if below == "." else below)
    return None
