"""Whether the way to a copy stays on its drive: a link on it leads to what was never copied there."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from cardcat.storage.disk import Disk

_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


class Ways:
    """The folders below *root* that are known to be reached without a link. Any number of threads may ask."""

    def __init__(self, disk: Disk, root: Path) -> None:
        self._disk = disk
        self._root = root
        self._straight = {""}

    def is_straight(self, path: str) -> bool:
        """
        Whether no folder on the way to *path* is a link. False too where one is not there.

        OSError where a folder can't be looked at.
        """
        folder = path.rpartition("/")[0]
        return folder in self._straight or self._look_along(folder)

    def _look_along(self, folder: str) -> bool:
        parts = folder.split("/")
        for end in range(1, len(parts) + 1):
            part = "/".join(parts[:end])
            if part not in self._straight:
                if not self._is_folder(part):
                    return False
                self._straight.add(part)
        return True

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(self._disk.stat(self._root / path).st_mode)
        except OSError as error:
            if error.errno not in _NOTHING_THERE:
                raise
            return False
