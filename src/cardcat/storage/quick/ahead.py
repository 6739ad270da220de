"""
What will be read soon, asked for in batches.

Where small files lie side by side on a disk, a batch is a few long reads; each file asked for alone is a read
of its own, and a disk does only so many in a second.
"""

from __future__ import annotations

import mmap
import os
import sys

from cardcat.storage import _linux

_ROOM = 16 << 20  # bytes of address space; a batch takes no more
_TAKES_HINTS = hasattr(os, "posix_fadvise")


class Ahead:
    """Asks the system for bytes of open files. Hints only: what it doesn't take is read when it is read."""

    def __init__(self) -> None:
        self._room: int | None = _room()
        self._taken = 0

    def ask(self, fd: int, offset: int, length: int) -> None:
        """These bytes will be read, after the next `send`. OSError if *fd* is a pipe."""
        if not length or not _TAKES_HINTS:
            return
        before = offset % mmap.PAGESIZE
        span = -(-(before + length) // mmap.PAGESIZE) * mmap.PAGESIZE
        if self._room is not None and span <= _ROOM:
            if self._taken + span > _ROOM:
                self.send()
            try:
                _linux.map_at(self._room + self._taken, span, fd, offset - before)
            except OSError:  # a filesystem that maps nothing, or no file at all
                self.send()
                self._leave()
            else:
                self._taken += span
                return
        os.posix_fadvise(fd, offset, length, os.POSIX_FADV_WILLNEED)

    def send(self) -> None:
        """Have the system fetch what was asked for, in one go."""
        if self._room is None or not self._taken:
            return
        _linux.will_need(self._room, self._taken)
        try:
            _linux.reserve(self._taken, self._room)  # lets go of the files
        except OSError:
            self._leave()
        self._taken = 0

    def close(self) -> None:
        """Give the address space back. What was not sent is not asked for."""
        if self._room is not None:
            _linux.unmap(self._room, _ROOM)
            self._room = None

    def _leave(self) -> None:
        """Touch the address space no more: a call that failed may have freed it for others."""
        self._room = None


def _room() -> int | None:
    """Where files are mapped to be asked for, and never touched; None where that can't be done."""
    if sys.platform != "linux":
        return None
    try:
        return _linux.reserve(_ROOM)
    except OSError:
        return None
