"""From the system's memory to the medium."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.mounts import LOCAL_FILESYSTEMS
from cardcat.storage.reading import opened


def make_durable(disk: Disk, paths: Sequence[StrPath], fs_type: str) -> None:
    """
    Return when all these files of one filesystem are on its medium.

    OSError if the medium failed: then none of them may be relied on.
    """
    if paths and fs_type in LOCAL_FILESYSTEMS and _sync_all(disk, paths[-1]):
        return
    for path in paths:
        with opened(disk, path, source=False) as fd:
            disk.fsync(fd)


def _sync_all(disk: Disk, any_of_them: StrPath) -> bool:
    with opened(disk, any_of_them, source=False) as fd:
        try:
            disk.sync_filesystem(fd)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            return False
        disk.fsync(fd)  # some filesystems leave it to this call to empty the drive's own cache
    return True
