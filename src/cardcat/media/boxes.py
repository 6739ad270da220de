"""The boxes that HEIC, AVIF, JPEG 2000 and CR3 are built of; the lengths they claim are never trusted."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cardcat.media.bounded import LARGEST_FILE, LARGEST_READ

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
        size, content = size_of(data[start : start + 16], end - start)
        if size < content:
            return
        yield Box(data[start + 4 : start + 8], start + content, min(start + size, end))
        start += size


def top_boxes(stream: BinaryIO) -> Iterator[Box]:
    """The boxes that are not inside another, placed within the file; the last may claim to go beyond it."""
    at = 0
    for _ in range(_MAX_TOP_BOXES):
        stream.seek(at)
        head = stream.read(16)
        size, content = size_of(head, LARGEST_READ)
        if len(head) < 8 or not content <= size < LARGEST_FILE:
            break
        yield Box(head[4:8], at + content, at + size)
        at += size


def top_box(stream: BinaryIO, kind: bytes) -> bytes:
    """The content of the first box of *kind* that is not inside another, empty if there is none."""
    return next((content_of(stream, box) for box in top_boxes(stream) if box.kind == kind), b"")


def content_of(stream: BinaryIO, box: Box) -> bytes:
    """What is in a box of the file, at most LARGEST_READ bytes of it."""
    stream.seek(box.start)
    return stream.read(min(box.end - box.start, LARGEST_READ))


def size_of(head: bytes, rest: int) -> tuple[int, int]:
    """The size of a whole box and of its head; 0 means all of the *rest*, 1 that it follows the letters."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < 8 or (size == 1 and len(head) < 16):
        return 0, 8
    if size == 1:
        return int.from_bytes(head[8:16], "big"), 16
    return size or rest, 8
