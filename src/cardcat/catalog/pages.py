"""
Which parts of a catalog's tables are what they were: told from SQLite's pages, not row by row.

The file format is fixed and published (sqlite.org/fileformat2.html): a table is a tree of pages, whose inner
pages say which keys are below them. While a transaction reads, no page that it sees changes in the file; what
it sees elsewhere is in the log. So a page that the log does not name is as it is in the file, and a part of
which all pages are such, and have the hash they had, has the rows it had. Where that can't be told, nothing
is said, and the rows are read.
"""

from __future__ import annotations

import os
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import xxhash

from cardcat.catalog.sqlite import beside

_MAGIC = b"SQLite format 3\0"
_UTF8 = 1
_INNER, _LEAF = 5, 13  # the kinds of pages of a table
_HEADER = 100  # bytes of the file's header, before that of the first page
_LOG_HEADER, _FRAME_HEADER = 32, 24
_NOT_FOR_ROWS = 35  # bytes of a page; a longer row goes on in another one
_MOST = 100_000  # parts below one page; more is no table of ours


class _UnknownError(Exception):
    """The file is not what it should be, or is not as it is in the file alone."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a database as a transaction that has begun sees them. *logged* are those in its log."""

    descriptor: int
    size: int
    longest_row: int
    logged: frozenset[int]

    def parts(self, root: int, keys: range, width: int) -> dict[int, str]:
        """
        The hash of the pages of each part of the table at page *root*: of keys *width* apart.

        *keys* are from its first to its last one. A part of which nothing can be said is left out.
        """
        states: dict[int, xxhash.xxh3_128] = defaultdict(xxhash.xxh3_128)
        unknown: set[int] = set()
        for content, first, last in self._leaves(root, keys.start, keys.stop - 1):
            numbers = range(first // width, last // width + 1)
            if len(numbers) > _MOST:
                return {}
            for number in numbers:
                if content is None:
                    unknown.add(number)
                else:
                    states[number].update(content)
        return {number: state.hexdigest() for number, state in states.items() if number not in unknown}

    def _leaves(self, page: int, first: int, last: int) -> Iterator[tuple[bytes | None, int, int]]:
        """Every page with rows, and the keys it may have; None for what can't be told."""
        if first > last:
            return
        try:
            content = self._content(page)
            below = None if _kind(content, page) == _LEAF else list(_below(content, page, first, last))
        except (_UnknownError, OSError, IndexError, struct.error):
            yield None, first, last
            return
        if below is None:
            yield content, first, last
        else:
            for child, least, most in below:
                yield from self._leaves(child, least, most)

    def _content(self, page: int) -> bytes:
        content = os.pread(self.descriptor, self.size, (page - 1) * self.size)
        if page in self.logged or len(content) != self.size:
            raise _UnknownError
        return content


@contextmanager
def held(path: Path) -> Iterator[Callable[[], Pages | None]]:
    """
    What looks at the pages of the database *path*, once a transaction has begun and read something.

    It gives None if they can't be told from the file. The transaction has to end first: closing the file,
    which is done at the end, takes the locks away that this process has on it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield lambda: None
        return
    try:
        yield lambda: _look(descriptor, beside(path, "-wal"))
    finally:
        os.close(descriptor)


def _look(descriptor: int, log: Path) -> Pages | None:
    try:
        return _found(descriptor, log)
    except (_UnknownError, OSError, struct.error):
        return None


def _found(descriptor: int, log: Path) -> Pages:
    header = os.pread(descriptor, _HEADER, 0)
    if header[:16] != _MAGIC or struct.unpack_from(">I", header, 56) != (_UTF8,):
        raise _UnknownError
    (size,) = struct.unpack_from(">H", header, 16)
    size = 65_536 if size == 1 else size
    return Pages(descriptor, size, size - header[20] - _NOT_FOR_ROWS, frozenset(_in_log(log, size)))


def _in_log(log: Path, size: int) -> Iterator[int]:
    """The pages that the log names, also in what is left in it of earlier rounds."""
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        for offset in range(_LOG_HEADER, os.fstat(descriptor).st_size, _FRAME_HEADER + size):
            yield from struct.unpack_from(">I", os.pread(descriptor, 4, offset).ljust(4, b"\0"))
    finally:
        os.close(descriptor)


def _kind(content: bytes, page: int) -> int:
    kind = content[_HEADER if page == 1 else 0]
    if kind not in (_INNER, _LEAF):
        raise _UnknownError
    return kind


def _below(content: bytes, page: int, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """The pages below an inner page, each with the first and the last key that it may have."""
    at = _HEADER if page == 1 else 0
    count, *_ = struct.unpack_from(">H", content, at + 3)
    (rightmost,) = struct.unpack_from(">I", content, at + 8)
    children, ends = [], [first - 1]
    for (cell,) in struct.iter_unpack(">H", content[at + 12 : at + 12 + 2 * count]):
        children.append(struct.unpack_from(">I", content, cell)[0])
        ends.append(min(_number(content, cell + 4), last))
    for child, (before, end) in zip([*children, rightmost], pairwise([*ends, last]), strict=True):
        yield child, max(before + 1, first), end


def _number(content: bytes, at: int) -> int:
    """A number as SQLite writes it: seven bits a byte, the most significant first, nine bytes at most."""
    value = 0
    for index in range(8):
        byte = content[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
            return value
    value = value << 8 | content[at + 8]
    return value - (1 << 64) if value >> 63 else value
