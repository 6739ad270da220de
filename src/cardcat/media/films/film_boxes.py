"""The boxes of a film, read where they stand: neither its pictures nor its tables come into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cardcat.media.boxes import size_of

MOST = 2000  # boxes of one level; a film cut into fragments has more, which say nothing new
_LARGEST = 1 << 20  # bytes of one box that are taken into memory

INDEXES = (b"moov", b"moof")  # without one of them nothing of a film can be shown
TOP_BOXES = frozenset(
    b"ftyp styp moov moof mdat free skip wide pnot udta meta uuid sidx mfra emsg prft".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """One box: its four letters, where its content begins and ends, and the end that it claims."""

    kind: bytes
    start: int
    end: int
    claimed_end: int


def places(stream: BinaryIO, start: int, end: int) -> Iterator[Place]:
    """The boxes between *start* and *end* of *stream* up to the first that is none; read it as you like."""
    for _ in range(MOST):
        if start + 8 > end:
            return
        stream.seek(start)
        head = stream.read(16)
        size, content = size_of(head, end - start)
        if size < content:
            return
        yield Place(head[4:8], start + content, min(start + size, end), start + size)
        start += size


def content(stream: BinaryIO, at: Place) -> bytes:
    """What is in the box; empty if it is too large to be a camera's note."""
    if at.end - at.start > _LARGEST:
        return b""
    stream.seek(at.start)
    return stream.read(at.end - at.start)
