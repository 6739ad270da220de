"""The boxes that HEIC, AVIF, JPEG 2000, CR3, MP4 and MOV are built of; their lengths are never trusted."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cardcat.media.bounded import LARGEST_READ

MOST = 2000  # boxes of one level; a film cut into fragments has more, which say nothing new
_MOST_OF_A_PHOTO = 1000
CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
"""The start of the box in which Canon's photos and films hold boxes of their own."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four letters, where its content begins and ends, and the end that it claims."""

    kind: bytes
    start: int
    end: int
    claimed_end: int


def boxes_in(stream: BinaryIO, start: int, end: int, most: int = MOST) -> Iterator[Box]:
    """The boxes between *start* and *end* of *stream* up to the first that is none; read it as you like."""
    for _ in range(most):
        if start + 8 > end:
            return
        stream.seek(start)
        head = stream.read(16)
        size, content = _size_of(head, end - start)
        if size < content:
            return
        yield Box(head[4:8], start + content, min(start + size, end), start + size)
        start += size


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between *start* and *end* of *data*; one that claims to be longer is cut there."""
    end = len(data) if end is None else min(end, len(data))
    return boxes_in(io.BytesIO(data), start, end, most=len(data))


def top_boxes(stream: BinaryIO) -> Iterator[Box]:
    """The boxes of a photo that are not inside another."""
    return boxes_in(stream, 0, stream.seek(0, io.SEEK_END), _MOST_OF_A_PHOTO)


def top_box(stream: BinaryIO, kind: bytes) -> bytes:
    """The content of the first box of *kind* that is not inside another, empty if there is none."""
    return next((content_of(stream, box) for box in top_boxes(stream) if box.kind == kind), b"")


def content_of(stream: BinaryIO, box: Box) -> bytes:
    """What is in a box of the file, at most LARGEST_READ bytes of it."""
    stream.seek(box.start)
    return stream.read(min(box.end - box.start, LARGEST_READ))


def _size_of(head: bytes, rest: int) -> tuple[int, int]:
    """The size of a whole box and of its head; 0 means all of the *rest*, 1 that it follows the letters."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < 8 or (size == 1 and len(head) < 16):
        return 0, 8
    if size == 1:
        return int.from_bytes(head[8:16], "big"), 16
    return size or rest, 8
