"""Which copies a path or the name of a drive stands for."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.checks import Scope
from cardcat.catalog.volumes import VolumeRow, find_volume, list_volumes
from cardcat.errors import UsageError
from cardcat.paths import display
from cardcat.storage.volumes import path_on_volume, volume_of

_LIST = "List them: cardcat volumes list"


def scope_of(c: Connection, given: str | None) -> Scope:
    """
    The copies that *given* means: those of a folder, of a file or of a drive; None means all.

    A drive goes by its label, by a uuid of `cardcat volumes list --json` or by where it is mounted.
    UsageError if nothing is known by that name, or more than one thing.
    """
    if given is None:
        return Scope()
    path = Path(given)
    if os.sep in given or path.exists():
        return _at(c, path.absolute())
    named = [each.volume for each in list_volumes(c) if given in _names(each.volume)]
    if len(named) > 1:
        listed = ", ".join(f"{display(each.name)} ({each.uuid})" for each in named)
        raise UsageError(f"More than one drive is called {display(given)}: {listed}.", hint="Give its uuid.")
    if not named:
        raise UsageError(f"Nothing is known of a drive or a path {display(given)}.", hint=_LIST)
    return Scope(named[0].id)


def _names(volume: VolumeRow) -> set[str]:
    return {name for name in (volume.uuid, volume.fs_uuid, volume.label) if name}


def _at(c: Connection, path: Path) -> Scope:
    try:
        volume = find_volume(c, volume_of(path).key)
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise UsageError(f"{display(str(path))} can't be looked at: {cause}.") from error
    if volume is None:
        raise UsageError(f"No copy is known on the drive of {display(str(path))}.", hint=_LIST)
    return Scope(volume.id, path_on_volume(path))
