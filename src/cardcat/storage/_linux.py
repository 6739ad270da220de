"""System calls that Python has no function for. A call that this system lacks fails with ENOSYS."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

AT_FDCWD = -100
RENAME_NOREPLACE = 1
RENAME_EXCHANGE = 2
SYNC_FILE_RANGE_WRITE = 2

_WINDOW = 1 << 28  # what is mapped at once to ask for resident pages: 256 MiB, a multiple of every page size
_MAP_FAILED = ctypes.c_void_p(-1).value
_MAP_FIXED = 0x10
_MAP_NORESERVE = 0x4000
_PROT_NONE = 0
_MMAP = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64)
_MADVISE = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_MUNMAP = (ctypes.c_void_p, ctypes.c_size_t)
_LOWEST_BIT = bytes(value & 1 for value in range(256))  # the others of a page's byte are undefined

_FUSE = 0x65735546  # what statfs calls it

_FS_IOC_GETFSUUID = 0x80111500
_UUID = struct.Struct("=B16s")

_FS_IOC_FIEMAP = 0xC020660B
_FIEMAP_HEAD = struct.Struct("=QQLLLL")
_FIEMAP_EXTENT = struct.Struct("=QQQQQLLLL")
_EXTENTS_AT_ONCE = 64
_EXTENT_LAST = 0x1
_EXTENT_NO_PLACE = 0x2 | 0x4 | 0x8  # unknown, not yet allocated, encoded (compressed or encrypted)
_EXTENT_INLINE = 0x200

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Extent:
    """
    A run of a file's bytes on its device, all in bytes.

    *physical* is None where the filesystem names no place. *inline* says that the bytes lie among the
    filesystem's own metadata.
    """

    logical: int
    physical: int | None
    length: int
    inline: bool


def rename_noreplace(source: bytes, target: bytes, folder: int | None = None) -> None:
    """
    Rename *source*; FileExistsError if *target* is taken, EINVAL or ENOSYS where none can promise it.

    *target* is reached from the open *folder*, where one is given.
    """
    to = AT_FDCWD if folder is None else folder
    flags = ctypes.c_uint(RENAME_NOREPLACE)
    _call("renameat2", AT_FDCWD, ctypes.c_char_p(source), to, ctypes.c_char_p(target), flags)


def rename_exchange(one: bytes, other: bytes) -> None:
    """Let *one* and *other* change their names in one step; EINVAL or ENOSYS where none can promise it."""
    flags = ctypes.c_uint(RENAME_EXCHANGE)
    _call("renameat2", AT_FDCWD, ctypes.c_char_p(one), AT_FDCWD, ctypes.c_char_p(other), flags)


def syncfs(fd: int) -> None:
    """Write out everything of the filesystem that *fd* is on."""
    _call("syncfs", fd)


def sync_file_range(fd: int) -> None:
    """Start writing out the dirty pages of *fd*, without waiting for them."""
    _call("sync_file_range", fd, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(SYNC_FILE_RANGE_WRITE))


def resident_pages(fd: int, offset: int, length: int) -> int:
    """How many pages of these bytes of *fd* are in memory. *offset* is rounded down to a page."""
    start = offset - offset % mmap.PAGESIZE
    end = offset + length
    return sum(_resident(fd, at, min(_WINDOW, end - at)) for at in range(start, end, _WINDOW))


def _resident(fd: int, offset: int, length: int) -> int:
    mapped = _mmap(None, length, mmap.PROT_READ, mmap.MAP_SHARED, (fd, offset))
    pages = (ctypes.c_ubyte * -(-length // mmap.PAGESIZE))()
    try:
        _call("mincore", ctypes.c_void_p(mapped), ctypes.c_size_t(length), pages)
    finally:
        unmap(mapped, length)
    return bytes(pages).translate(_LOWEST_BIT).count(1)


def reserve(length: int, address: int | None = None) -> int:
    """
    Address space of *length* bytes that nothing is in; what was mapped at *address*, if given, is let go.

    Where it begins.
    """
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE | (_MAP_FIXED if address else 0)
    return _mmap(address, length, _PROT_NONE, flags, (-1, 0))


def map_at(address: int, length: int, fd: int, offset: int) -> None:
    """Map a part of *fd*, which begins with a page, into reserved address space: nobody can read it there."""
    _mmap(address, length, _PROT_NONE, mmap.MAP_SHARED | _MAP_FIXED, (fd, offset))


def will_need(address: int, length: int) -> None:
    """
    Have the system fetch what is mapped there, whatever of it can be fetched.

    Requests that lie side by side on the device are joined, over the borders of files: one `posix_fadvise`
    for each file sends each on its own.
    """
    _function("madvise", ctypes.c_int, _MADVISE)(address, length, mmap.MADV_WILLNEED)


def unmap(address: int, length: int) -> None:
    """Give the address space back."""
    _function("munmap", ctypes.c_int, _MUNMAP)(address, length)


def _mmap(address: int | None, length: int, protection: int, flags: int, what: tuple[int, int]) -> int:
    at = _function("mmap", ctypes.c_void_p, _MMAP)(address, length, protection, flags, *what)
    if at is None or at == _MAP_FAILED:
        raise _last_error("mmap")
    return at


def extents(fd: int) -> list[Extent] | None:
    """Where the bytes of *fd* lie on the device; None where the filesystem doesn't tell."""
    found: list[Extent] = []
    start = 0
    while True:
        try:
            batch, is_last = _extents_from(fd, start)
        except OSError:
            return None
        found += batch
        if is_last or not batch:
            return found
        start = batch[-1].logical + batch[-1].length


def _extents_from(fd: int, start: int) -> tuple[list[Extent], bool]:
    room = _FIEMAP_HEAD.size + _EXTENTS_AT_ONCE * _FIEMAP_EXTENT.size
    request = bytearray(room)
    _FIEMAP_HEAD.pack_into(request, 0, start, (1 << 64) - 1 - start, 0, 0, _EXTENTS_AT_ONCE, 0)
    fcntl.ioctl(fd, _FS_IOC_FIEMAP, request)
    count = _FIEMAP_HEAD.unpack_from(request)[3]
    answers = [
        _FIEMAP_EXTENT.unpack_from(request, _FIEMAP_HEAD.size + n * _FIEMAP_EXTENT.size) for n in range(count)
    ]
    batch = [
        Extent(logical, None if flags & _EXTENT_NO_PLACE else physical, length, bool(flags & _EXTENT_INLINE))
        for logical, physical, length, _, _, flags, *_ in answers
    ]
    return batch, any(answer[5] & _EXTENT_LAST for answer in answers)


def filesystem_uuid(fd: int) -> str | None:
    """The UUID of the filesystem that *fd* is on, as the kernel mounted it; None if it has or tells none."""
    answer = bytearray(_UUID.size)
    try:
        fcntl.ioctl(fd, _FS_IOC_GETFSUUID, answer)
    except OSError:
        return None
    length, raw = _UUID.unpack(answer)
    return str(uuid.UUID(bytes=raw)) if length == len(raw) and any(raw) else None


def is_fuse(fd: int) -> bool:
    """Whether a program, not the kernel, answers for the filesystem that *fd* is on."""
    answer = (ctypes.c_long * 64)()
    _call("fstatfs", fd, answer)
    return answer[0] == _FUSE


def bytes_from_devices() -> int | None:
    """How many bytes this thread has had fetched from block devices so far; None if nobody counts."""
    try:
        with open("/proc/thread-self/io", "rb") as counters:
            for line in counters:
                if line.startswith(b"read_bytes:"):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


def _call(name: str, *arguments: object) -> None:
    """Call *name* of the C library until no signal interrupts it; OSError if it fails."""
    function = _function(name, ctypes.c_int)
    while function(*arguments) == -1:
        error = _last_error(name)
        if error.errno != errno.EINTR:
            raise error


@cache  # to make one takes longer than most calls
def _function(name: str, result: type, takes: tuple[type, ...] = ()) -> Callable[..., int | None]:
    try:
        function = _libc[name]  # not the attribute: that object is shared, and so would be its result type
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), name) from None
    function.restype = result
    if takes:
        function.argtypes = takes
    return function


def _last_error(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)
