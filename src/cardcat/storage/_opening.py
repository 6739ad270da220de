"""How the seam opens what it reads: nothing is hung on, followed by mistake, or marked as read."""

from __future__ import annotations

import errno
import os
import stat

from cardcat.storage._far import is_near, reachable

_READ = (
    os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
)  # a pipe in a file's place must not hang us
_UNSEEN: int = getattr(os, "O_NOATIME", 0)  # not every system knows it
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY


def open_file(path: str, more_flags: int = 0, within: int | None = None) -> int:
    """Open a regular file for reading, reached from *within* if given; EINVAL for anything else."""
    fd = _open(path, _READ | more_flags, within)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return fd


def open_folder(path: str, within: int | None) -> int:
    """Open a folder for listing; below the open folder *within* no link is followed."""
    return _open(path, _FOLDER if within is None else _FOLDER | os.O_NOFOLLOW, within)


def _open(path: str, flags: int, within: int | None) -> int:
    if is_near(path):
        return _open_unseen(path, flags, within)
    with reachable(path, within) as (name, folder):
        return _open_unseen(name, flags, folder)


def _open_unseen(path: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(path, flags | _UNSEEN, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EPERM:  # only the owner may ask for unchanged access times
            raise
    return os.open(path, flags, dir_fd=folder)
