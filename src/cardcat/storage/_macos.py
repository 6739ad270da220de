"""
The seam on macOS, where a plain fsync does not reach the medium and no cache can be dropped file by file.

fcntl(2) on that system: F_FULLFSYNC asks the drive itself to write its cache out, F_NOCACHE reads past
the system's. renamex_np(2) with RENAME_EXCL renames without replacing.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from contextlib import suppress

from cardcat.storage.disk import Disk, StrPath

F_NOCACHE = 48
F_FULLFSYNC = 51
RENAME_EXCL = 0x4

_NO_SUCH_CALL = frozenset({errno.ENOTSUP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS})


class MacDisk(Disk):
    """What differs there. Nothing on macOS tells that a read came from the medium: no evidence is cold."""

    def open_direct(self, path: StrPath) -> int:
        """Open a file for reading past the system's cache."""
        fd = self.open_copy(path)
        try:
            fcntl.fcntl(fd, F_NOCACHE, 1)
        except OSError:
            self.release(fd)
            raise
        return fd

    def fsync(self, fd: int) -> None:
        """Return when the file is on the medium: the drive's own cache too, where the filesystem can ask."""
        try:
            fcntl.fcntl(fd, F_FULLFSYNC)
        except OSError as error:
            if error.errno not in _NO_SUCH_CALL:
                raise
            os.fsync(fd)  # network shares have no drive to ask

    def fsync_folder(self, path: StrPath | int) -> None:
        """Return when the folder's entries are on the medium, by the same call as a file's bytes."""
        fd = os.dup(path) if isinstance(path, int) else self.open_folder(path)
        try:
            self.fsync(fd)
        except OSError as error:
            if error.errno not in _NO_SUCH_CALL:
                raise
        finally:
            self.release(fd)

    def sync_filesystem(self, fd: int) -> None:  # noqa: ARG002 - what the seam gives
        """There is no such call: each file is synced by itself."""
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    def has_read(self, fd: int, offset: int, length: int) -> None:
        """There is no such hint."""

    def go_past_cache(self, fd: int) -> bool:  # noqa: ARG002 - what the seam gives
        """All of it goes to memory first: F_FULLFSYNC tells when it is on the medium."""
        return False

    def go_through_cache(self, fd: int) -> bool:  # noqa: ARG002 - what the seam gives
        """It does so always."""
        return False

    def start_writeback(self, fd: int) -> None:
        """There is no such hint."""

    def drop_cache(self, fd: int, size: int) -> int | None:  # noqa: ARG002 - what the seam gives
        """
        From now on *fd* is read past the cache, though pages that are in it may still answer.

        None always: it can't be told how many there are.
        """
        with suppress(OSError):  # a share that knows no such request
            fcntl.fcntl(fd, F_NOCACHE, 1)
        return None

    def rename_new(self, source: StrPath, target: StrPath) -> None:
        """Give *source* the name *target*; FileExistsError if that is taken, atomic where it can be."""
        try:
            _rename_excl(os.fsencode(source), os.fsencode(target))
        except OSError as error:
            if error.errno not in _NO_SUCH_CALL:
                raise type(error)(error.errno, error.strerror, str(source), None, str(target)) from None
        else:
            return
        if self.exists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        os.rename(source, target)


def _rename_excl(source: bytes, target: bytes) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renamex_np(ctypes.c_char_p(source), ctypes.c_char_p(target), ctypes.c_uint(RENAME_EXCL)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
