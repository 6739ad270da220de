"""Reading a file once, in blocks, and noticing that it is no longer the file that was looked at."""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cardcat.storage.disk import Disk, StrPath

BLOCK = (
    1 << 20
)  # long enough that hashing threads don't wait for each other, short enough to stay in a CPU's cache

LARGE = 16 << 20
"""Bytes from which on a file is worth that memory is left out of its way."""

_BEHIND = 16 << 20  # bytes whose memory is given back at once: to do so takes a while

OnBytes = Callable[[int], None]

_INT64 = (1 << 63) - 1
_buffers = threading.local()


@dataclass(frozen=True, slots=True)
class Expected:
    """What the scan saw of a file: bytes, and its modification time as `mtime_of` gives it."""

    size: int
    mtime_ns: int


class SourceChanged(OSError):  # noqa: N818 - it says what happened to the source, not that we failed
    """The file is not the one that was scanned, or changed while it was read."""


def mtime_of(status: os.stat_result) -> int:
    """The modification time in ns, within the 64 bits that databases hold: a damaged card has any."""
    mtime = status.st_mtime_ns
    return mtime if -_INT64 <= mtime <= _INT64 else max(-_INT64, min(mtime, _INT64))


def expected_of(status: os.stat_result) -> Expected:
    """What *status* says about size and time."""
    return Expected(status.st_size, mtime_of(status))


def require_unchanged(disk: Disk, fd: int, expected: Expected, path: StrPath) -> None:
    """SourceChanged, with a sentence, unless the open file still has the expected size and time."""
    now = expected_of(disk.stat_open(fd))
    if now.size != expected.size:
        raise SourceChanged(f"its size changed from {expected.size} to {now.size} bytes: {os.fspath(path)}")
    if now.mtime_ns != expected.mtime_ns:
        raise SourceChanged(f"its modification time changed while it was backed up: {os.fspath(path)}")


@contextmanager
def opened(disk: Disk, path: StrPath, *, source: bool) -> Iterator[int]:
    """Open a file of a source or of a destination for reading, and close it whatever happens."""
    fd = disk.open_source(path) if source else disk.open_copy(path)
    try:
        yield fd
    finally:
        disk.release(fd)


def blocks(disk: Disk, fd: int, size: int = 0) -> Iterator[memoryview]:
    """
    All bytes of *fd* from where it stands. A block is this thread's buffer, good until the next one.

    Of a file that is known to be `LARGE` by its *size* it is good until the one after the next, and the
    memory of what lies behind is given back: a card of films is larger than memory, and to find room for all
    of it costs more than to read it.
    """
    is_large = size >= LARGE
    buffer = thread_buffer()
    other = thread_buffer("second") if is_large else buffer
    at = behind = 0
    while count := disk.read_into(fd, buffer):
        yield buffer[:count]
        buffer, other = other, buffer
        at += count
        if is_large and at - behind >= _BEHIND:
            disk.has_read(fd, behind, at - behind)
            behind = at
    if is_large:
        disk.has_read(fd, behind, at - behind)


def thread_buffer(name: str = "first") -> memoryview:
    """This thread's own buffer of BLOCK bytes, aligned to a page; for each *name* another one."""
    view: memoryview | None = getattr(_buffers, name, None)
    if view is None:
        view = memoryview(mmap.mmap(-1, BLOCK))
        setattr(_buffers, name, view)
    return view
