"""Many files read in a row, the next ones asked for ahead: a disk is quickest with much to do."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import resource
import stat
import struct
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import xxhash

from cardcat.storage._opening import open_folder
from cardcat.storage.quick.ahead import Ahead
from cardcat.storage.quick.columns import Files
from cardcat.storage.quick.listing import Root
from cardcat.storage.reading import mtime_of
from cardcat.text import cause

WHOLE = 64 * 1024  # bytes; up to here a file is read as a whole at once
SAMPLE = 16 * 1024  # bytes at the beginning, in the middle and at the end of a larger one

_BATCH_FILES = 128  # opened and asked for at once, while as many are read
_BATCH_BYTES = 8 << 20  # the most that is asked for at once, but for one file
_FIRST = 8 << 20  # of a file that is read in blocks, asked for when it is opened, and ahead of each block
_BLOCK = 1 << 20
_FOLDERS = 64  # held open: most files lie beside the one before

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_UNSEEN: int = getattr(os, "O_NOATIME", 0)
_WIDTH = 32  # bytes of the longest digest


class _Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> object: ...
    def digest(self) -> bytes: ...


class Answers:
    """
    A digest for each of *count* files, in memory that forked processes share.

    *parts* lets as many writers count the bytes that they have read.
    """

    def __init__(self, count: int, parts: int) -> None:
        self._count = count
        self._memory = mmap.mmap(-1, max(count, 1) * _WIDTH)
        self._read = memoryview(mmap.mmap(-1, parts * 8)).cast("Q")
        self._done = memoryview(mmap.mmap(-1, parts * 8)).cast("Q")

    def put(self, at: int, digest: bytes) -> None:
        """Keep the digest of file number *at*."""
        self._memory[at * _WIDTH : at * _WIDTH + len(digest)] = digest

    def all(self) -> list[bytes]:
        """The digests of all files in their order, zeros where there is none."""
        with memoryview(self._memory)[: self._count * _WIDTH] as digests:
            return [digest for (digest,) in struct.iter_unpack(f"{_WIDTH}s", digests)]

    def count(self, part: int, size: int) -> None:
        """A writer has read one more file, *size* bytes of it."""
        self._read[part] += size
        self._done[part] += 1

    @property
    def files(self) -> int:
        """How many files were read so far."""
        return sum(self._done)

    @property
    def size(self) -> int:
        """How many bytes of them."""
        return sum(self._read)


def samples(size: int) -> tuple[tuple[int, int], ...]:
    """What is read of a file of *size* bytes to tell it from others of that size: (offset, length)."""
    if size <= WHOLE:
        return ((0, size),)
    return ((0, SAMPLE), ((size - SAMPLE) // 2, SAMPLE), (size - SAMPLE, SAMPLE))


class Reader:
    """
    Reads files of a search and keeps their digests. What can't be read, or is not what was listed, fails.

    Up to `WHOLE` bytes, and with *whole* always, the digest is of all bytes: XXH3-128, with *sure* SHA-256.
    Else it is the XXH3-128 of the `samples`: no identity.
    """

    def __init__(self, roots: Sequence[Root], files: Files, *, whole: bool, sure: bool) -> None:
        self._roots = roots
        self._files = files
        self._whole = whole
        self._sure = sure
        self._folders: dict[int, int] = {}
        self._unseen = _UNSEEN
        self._batch = _files_in_a_batch()
        self._ahead = Ahead()  # of its own, like the buffer: a forked process must not share one
        self._buffer = bytearray(_BLOCK)
        self.failed: list[tuple[int, str]] = []

    def read(self, order: array[int], positions: Iterable[int], answers: Answers, part: int) -> None:
        """Read the files at *positions* in *order*, and keep each digest at its position in *answers*."""
        opened: deque[tuple[int, int, int]] = deque()
        fresh = asked_for = 0  # of the batch that was not sent yet
        try:
            for position in positions:
                file = order[position]
                try:
                    fd, asked = self._begin(file)
                except OSError as error:
                    self._fail(file, error)
                    continue
                opened.append((position, fd, asked))
                fresh += 1
                asked_for += asked
                if fresh >= self._batch or asked_for >= _BATCH_BYTES:
                    self._ahead.send()
                    while len(opened) > fresh:  # the batch before, while this one comes
                        self._finish(order, opened.popleft(), answers, part)
                    fresh = asked_for = 0
            self._ahead.send()
            while opened:
                self._finish(order, opened.popleft(), answers, part)
        finally:
            for _, fd, _ in opened:
                os.close(fd)
            self.close()

    def close(self) -> None:
        """Close the folders that are held open; it reads no more."""
        self._ahead.close()
        for fd in self._folders.values():
            os.close(fd)
        self._folders.clear()

    def _begin(self, file: int) -> tuple[int, int]:
        """Open it and ask for what will be read first; how many bytes that are."""
        fd = self._open(file)
        size = self._files.sizes[file]
        asked = min(size, _FIRST) if self._whole or size <= WHOLE else 3 * SAMPLE
        try:
            if asked == size or self._whole:
                self._ahead.ask(fd, 0, asked)
            else:
                for offset, length in samples(size):
                    self._ahead.ask(fd, offset, length)
        except OSError:  # a pipe in the file's place
            os.close(fd)
            raise
        return fd, asked

    def _finish(self, order: array[int], opened: tuple[int, int, int], answers: Answers, part: int) -> None:
        """Read it, keep its digest and close it."""
        position, fd, asked = opened
        file = order[position]
        try:
            answers.put(position, self._digest(fd, file))
            self._require_unchanged(fd, file)
        except OSError as error:
            answers.put(position, bytes(_WIDTH))
            self._fail(file, error)
        finally:
            os.close(fd)
        answers.count(part, self._files.sizes[file] if self._whole else asked)

    def _digest(self, fd: int, file: int) -> bytes:
        size = self._files.sizes[file]
        if size <= WHOLE:
            data = _exactly(fd, size, 0)
            return hashlib.sha256(data).digest() if self._sure else xxhash.xxh3_128_digest(data)
        if not self._whole:
            return xxhash.xxh3_128_digest(
                b"".join([_exactly(fd, length, offset) for offset, length in samples(size)])
            )
        digest: _Digest = hashlib.sha256() if self._sure else xxhash.xxh3_128()
        for block in self._blocks(fd, size):
            digest.update(block)
        return digest.digest()

    def _blocks(self, fd: int, size: int) -> Iterator[memoryview]:
        """All *size* bytes of a file, those ahead asked for in time."""
        view = memoryview(self._buffer)
        done = 0
        while done < size:
            if done + _FIRST < size:
                self._ahead.ask(fd, done + _FIRST, _BLOCK)
                self._ahead.send()
            have = os.preadv(fd, (view[: min(_BLOCK, size - done)],), done)
            if not have:
                raise OSError(errno.EIO, "it ended before its end")
            yield view[:have]
            done += have

    def _require_unchanged(self, fd: int, file: int) -> None:
        """Ask after the reading: what held before and holds now was so in between."""
        now, files = os.fstat(fd), self._files
        if (
            now.st_size != files.sizes[file]
            or now.st_ino != files.inodes[file]
            or mtime_of(now) != files.mtimes_ns[file]
            or now.st_dev != files.devices[file]
            or not stat.S_ISREG(now.st_mode)
        ):
            raise OSError(errno.ESTALE, "it changed while the search ran")

    def _open(self, file: int) -> int:
        name, folder = self._files.name(file), self._folder(self._files.within[file])
        try:
            return os.open(name, _READ | self._unseen, dir_fd=folder)
        except PermissionError as error:
            if error.errno != errno.EPERM or not self._unseen:
                raise
        return os.open(name, _READ, dir_fd=folder)  # only the owner may ask for unchanged access times

    def _folder(self, number: int) -> int:
        fd = self._folders.get(number)
        if fd is None:
            if len(self._folders) >= _FOLDERS:
                os.close(self._folders.pop(next(iter(self._folders))))
            root, path = self._files.folders[number]
            fd = self._folders[number] = open_folder(path or ".", within=self._roots[root].fd)
        return fd

    def _fail(self, file: int, error: OSError) -> None:
        self.failed.append((file, cause(error)))


def _files_in_a_batch() -> int:
    """As many as are worth it, and no more than a process may well have open: macOS allows 256 in all."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_BATCH_FILES, max((allowed // 2 - _FOLDERS) // 2, 1)) if allowed > 0 else _BATCH_FILES


def _exactly(fd: int, length: int, offset: int) -> bytes:
    data = os.pread(fd, length, offset)
    while len(data) < length:
        more = os.pread(fd, length - len(data), offset + len(data))
        if not more:
            raise OSError(errno.EIO, "it ended before its end")
        data += more
    return data
