"""The part of the seam that makes one file stand for two: names that are exchanged, links, clones."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cardcat.storage import _linux

StrPath = str | os.PathLike[str]

_FICLONE = 0x40049409
_NO_SUCH_THING = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM, errno.EACCES})


class Links:
    """What `Disk` can do with two files at once. OSError is raised as the system gives it."""

    def link_new(self, source: StrPath, target: StrPath) -> None:
        """Give the file *source* one more name; FileExistsError if that is taken. A link is not followed."""
        os.link(source, target, follow_symlinks=False)

    def exchange(self, one: StrPath, other: StrPath) -> None:
        """Let two files change their names in one step; EINVAL or ENOSYS where none can promise it."""
        _linux.rename_exchange(os.fsencode(one), os.fsencode(other))

    def clone(self, source: int, target: int) -> None:
        """Let the empty file *target* share all blocks of *source*; ENOTSUP, EXDEV, EINVAL where it can't."""
        fcntl.ioctl(target, _FICLONE, source)

    def copy_attributes(self, source: int, target: int) -> None:
        """Give *target* the rights, owner, extended attributes and times of *source*, as far as it may."""
        status = os.fstat(source)
        with _as_far_as_it_may():
            os.fchown(target, status.st_uid, status.st_gid)
        with _as_far_as_it_may():
            os.fchmod(target, status.st_mode & 0o7777)
        with _as_far_as_it_may():
            _copy_extended(source, target)
        with _as_far_as_it_may():
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextmanager
def _as_far_as_it_may() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SUCH_THING:
            raise


def _copy_extended(source: int, target: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    for name in os.listxattr(source):
        os.setxattr(target, name, os.getxattr(source, name))
