"""The boxes that HEIC, AVIF, JPEG 2000 and CR3 are built of; the lengths they claim are never trusted."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cardcat.media.header import LARGEST_FILE, MAX_BLOCK

_MAX_TOP_BOXES = 1000


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four letters, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between *start* and *end* of *data*; one that claims to be longer is cut there."""
    end = len(data) if end is None else min(end, len(data))
    while start + 8 <= end:
        size, content = _size(data[start : start + 16], end - start)
        if size < content:
            return
        yield Box(data[start + 4 : start + 8], start + content, min(start + size, end))
        start += size


def top_box(stream: BinaryIO, kind: bytes) -> bytes:
    """The content of the first box of *kind* that is not inside another, empty if there is none."""
    at = 0
    for _ in range(_MAX_TOP_BOXES):
        stream.seek(at)
        head = stream.read(16)
        size, content = _size(head, MAX_BLOCK)
        if len(head) < 8 or not content <= size < LARGEST_FILE:
            break
        if head[4:8] == kind:
            stream.seek(at + content)
            return stream.read(min(size - content, MAX_BLOCK))
        at += size
    return b""


def _size(head: bytes, rest: int) -> tuple[int, int]:
    """The size of a whole box and of its head; 0 means up to the end, 1 that it follows the letters."""
    size = int.from_bytes(head[:4], "big")
    if size == 1:
        return int.from_bytes(head[8:16], "big"), 16
    return size or rest, 8
