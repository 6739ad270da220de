"""Hashes of files: the full one is a content's identity, a cheap one tells what can't be equal."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass

import xxhash

from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.reading import (
    Expected,
    OnBytes,
    SourceChanged,
    blocks,
    expected_of,
    opened,
    require_unchanged,
    thread_buffer,
)

HEAD = 64 * 1024  # bytes; enough to tell a file's kind
_SAMPLE = 16 * 1024
WHOLE = 64 * 1024  # up to here a fingerprint reads every byte


@dataclass(frozen=True, slots=True)
class Hashes:
    """Of all bytes of a file: how many, SHA-256 and XXH3-128 in lower-case hex, and the first 64 KiB."""

    size: int
    sha256: str
    xxh3: str
    head: bytes


class Hasher:
    """Takes a file block by block and makes its `Hashes`, both in one pass."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._xxh3 = xxhash.xxh3_128()
        self._head = b""

    def update(self, block: memoryview) -> None:
        """Take the next bytes."""
        if self.size < HEAD:
            self._head += bytes(block[: HEAD - self.size])
        self.size += len(block)
        self._sha256.update(block)
        self._xxh3.update(block)

    def hashes(self) -> Hashes:
        """The hashes of all that was taken so far."""
        return Hashes(self.size, self._sha256.hexdigest(), self._xxh3.hexdigest(), self._head)


def hash_file(
    disk: Disk,
    path: StrPath,
    *,
    source: bool,
    expected: Expected | None = None,
    on_bytes: OnBytes | None = None,
) -> Hashes:
    """
    Read all of a file and hash it.

    SourceChanged if it is not what was *expected* (where nothing is: what it was when it was opened) at
    both ends of the reading, or gave another number of bytes.
    """
    hasher = Hasher()
    with opened(disk, path, source=source) as fd:
        expected = expected or expected_of(disk.stat_open(fd))
        require_unchanged(disk, fd, expected, path)
        for block in blocks(disk, fd, expected.size):
            hasher.update(block)
            if on_bytes:
                on_bytes(len(block))
            if hasher.size > expected.size:
                break
        require_unchanged(disk, fd, expected, path)
    require_all_read(hasher.size, expected, path)
    return hasher.hashes()


def require_all_read(size: int, expected: Expected, path: StrPath) -> None:
    """SourceChanged unless exactly the expected number of bytes was read."""
    if size != expected.size:
        raise SourceChanged(f"it has {expected.size} bytes, but {size} could be read: {path}")


def fingerprint(disk: Disk, path: StrPath, size: int, *, source: bool) -> str:
    """
    The size and a hash of three blocks of a file of *size* bytes: two files that differ in it are not equal.

    Up to 64 KiB all bytes are read. It is a pre-filter, never an identity. OSError if a block of it can't be
    read to its end: the file is not, or no longer, as large as that.
    """
    digest = xxhash.xxh3_128(size.to_bytes(8, "little"))
    with opened(disk, path, source=source) as fd:
        for offset, length in _samples(size):
            digest.update(_read_fully(disk, fd, offset, length))
    return f"{size:x}-{digest.hexdigest()}"


def sampled_bytes(size: int) -> int:
    """How many bytes `fingerprint` reads of a file of *size* bytes."""
    return sum(length for _, length in _samples(size))


def _samples(size: int) -> list[tuple[int, int]]:
    if size <= WHOLE:
        return [(0, size)]
    return [(0, _SAMPLE), ((size - _SAMPLE) // 2, _SAMPLE), (size - _SAMPLE, _SAMPLE)]


def _read_fully(disk: Disk, fd: int, offset: int, length: int) -> memoryview:
    buffer = thread_buffer()[:length]
    have = 0
    while have < length:
        more = disk.read_at(fd, buffer[have:], offset + have)
        if not more:
            raise OSError(errno.EIO, "it ended before its end")
        have += more
    return buffer
