"""Which drive a person means, and whether a drive is the one that it says it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.volumes import KnownVolume, disk_on_record
from cardcat.errors import UsageError
from cardcat.model import Volume
from cardcat.paths import display, to_text
from cardcat.storage.volumes import is_mount_point, is_one_of_two, mounted_volumes, volume_of
from cardcat.text import cause

_LIST = "List them: cardcat volumes list"


def drive_named(known: Sequence[KnownVolume], given: str) -> KnownVolume:
    """
    The volume among *known* that *given* means; one that is not plugged in goes by its last mount point too.

    UsageError if there is none, or more than one.
    """
    found = _at(known, Path(given)) if os.sep in given else _called(known, given)
    if not found and Path(given).exists():
        found = _holding(known, Path(given))
    if len(found) > 1:
        listed = ", ".join(f"{display(each.volume.name)} ({each.volume.uuid})" for each in found)
        raise UsageError(f"More than one drive is called {display(given)}: {listed}.", hint="Give its uuid.")
    if not found:
        raise UsageError(f"No drive is known as {display(given)}.", hint=_LIST)
    return found[0]


def is_doubtful(c: Connection, volume: Volume) -> bool:
    """
    Whether it may be another one than the volume on record that has its UUID, as a clone has.

    Then neither names nor times tell what its files are: only their bytes do.
    """
    known = disk_on_record(c, volume.key)
    is_moved = known is not None and volume.disk is not None and known != volume.disk
    return is_moved or is_one_of_two(volume, mounted_volumes())


def _called(known: Sequence[KnownVolume], given: str) -> list[KnownVolume]:
    names = [(each, each.volume) for each in known]
    return [each for each, volume in names if given in (volume.uuid, volume.fs_uuid, volume.label)]


def _at(known: Sequence[KnownVolume], place: Path) -> list[KnownVolume]:
    """What is mounted there; else what was when it was last seen: the empty folder is no drive."""
    if is_mount_point(place):
        return _holding(known, place)
    last = to_text(str(place.absolute()))[0]
    return [each for each in known if each.volume.last_mount_point == last]


def _holding(known: Sequence[KnownVolume], path: Path) -> list[KnownVolume]:
    try:
        key = volume_of(path).key
    except OSError as error:
        raise UsageError(f"{display(str(path))} can't be looked at: {cause(error)}.") from error
    return [each for each in known if each.volume.key == key]
