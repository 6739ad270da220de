"""The destination roots on a drive, found by the folder that each has of ours."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cardcat.storage.destination import FOLDER

_DEEPEST = 2  # levels below what was given
_MOST = 100_000  # folders that are looked into


def destination_roots(given: Path) -> list[Path]:
    """
    The destination roots at *given* and at most two levels below it, in order. Links are not followed.

    OSError if *given* can't be listed; folders below it that can't be are passed over.
    """
    os.scandir(given).close()
    folders = islice(_folders(given, _DEEPEST), _MOST)
    return sorted(filter(_is_root, folders))


def _folders(folder: Path, levels: int) -> Iterator[Path]:
    yield folder
    if not levels:
        return
    try:
        with os.scandir(folder) as entries:
            inner = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for name in inner:
        if name != FOLDER:
            yield from _folders(folder / name, levels - 1)


def _is_root(folder: Path) -> bool:
    try:
        return stat.S_ISDIR((folder / FOLDER).lstat().st_mode)
    except OSError:
        return False
