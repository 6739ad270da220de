"""The part of the seam that is about the page cache: what waits there, what must not answer from there."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from cardcat.storage import _linux
from cardcat.storage.medium import drop_cache_below

ALIGNMENT = 4096
"""Bytes: what is written past the cache is made of these; few devices have longer blocks."""


class Memory:
    """What `Disk` can do about the page cache. All of it are hints, or say what came of it."""

    def go_past_cache(self, fd: int) -> bool:
        """
        Let what is written to *fd* from now on go to its device at once; False where that can't be.

        Then each piece is a multiple of `ALIGNMENT` bytes long, and begins with a page of memory.
        """
        try:
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_DIRECT)
        except OSError:
            return False
        return True

    def go_through_cache(self, fd: int) -> bool:
        """Let what is written to *fd* go to memory first again; False if it does so already."""
        flags = fcntl.fcntl(fd, fcntl.F_GETFL)
        if not flags & os.O_DIRECT:
            return False
        fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        return True

    def has_read(self, fd: int, offset: int, length: int) -> None:
        """
        Let the system have the memory back that keeps these bytes of *fd*, with *length* 0 all of the rest.

        A hint: never an error.
        """
        with suppress(OSError):
            os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)

    def start_writeback(self, fd: int) -> None:
        """Let the system begin to write out what was written to *fd*. A hint: never an error."""
        try:
            _linux.sync_file_range(fd)
        except OSError:
            return

    def drop_cache(self, fd: int, size: int) -> int | None:
        """Ask the system to forget the file's pages; how many stay in memory, None if it doesn't tell."""
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            return _linux.resident_pages(fd, 0, max(size, os.fstat(fd).st_size))
        except OSError:
            return None

    def drop_cache_below(self, fd: int, fs_type: str) -> str | None:
        """Make memory below the file's own pages forget it; None if none can answer, else which may."""
        try:
            return drop_cache_below(fd, fs_type)
        except OSError as error:
            return f"the device does not tell ({error})"
