"""Camera raws: those built like TIFF, Canon's CR3, Fujifilm's RAF."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import io
import struct
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.boxes import boxes, top_box
from cardcat.media.header import MAX_BLOCK, Header, exif_stream, read_jpeg

_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_WIDTH, _HEIGHT, _SUB_IFDS = 0x100, 0x101, 0x14A
_PANASONIC_BORDERS = (4, 5, 6, 7)  # top, left, bottom, right
_MAX_SUB_IFDS = 16
_MAX_TAGS = 1000


def read_tiff(stream: BinaryIO) -> Header:
    """TIFF and the raws built like it; many of them begin with a preview, so the largest size counts."""
    return Header(tiff_size(stream), (stream,))


def read_cr3(stream: BinaryIO) -> Header:
    """Canon keeps the first IFD and the EXIF IFD as two TIFF blocks in a box of its own."""
    movie = top_box(stream, b"moov")
    blocks = [
        movie[part.start : part.end]
        for box in boxes(movie)
        if box.kind == b"uuid" and movie[box.start : box.start + 16] == _CANON
        for part in boxes(movie, box.start + 16, box.end)
        if part.kind in (b"CMT1", b"CMT2")
    ]
    size = tiff_size(io.BytesIO(blocks[0])) if blocks else None
    return Header(size, tuple(found for block in blocks for found in exif_stream(block)))


def read_raf(stream: BinaryIO) -> Header:
    """Fujifilm keeps everything in the JPEG preview that its header points to."""
    stream.seek(84)
    offset, length = struct.unpack(">II", stream.read(8).ljust(8, b"\0"))
    stream.seek(offset)
    return read_jpeg(io.BytesIO(stream.read(min(length, MAX_BLOCK))))


def tiff_size(stream: BinaryIO) -> tuple[int, int] | None:
    """The size of the largest picture among the first IFD and its sub-IFDs; None for BigTIFF."""
    stream.seek(0)
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    if len(head) < 8 or head[2:4] in (b"+\0", b"\0+"):
        return None
    first = _numbers(stream, order, struct.unpack(order + "I", head[4:])[0])
    ifds = [first, *(_numbers(stream, order, offset) for offset in first.get(_SUB_IFDS, ()))]
    sizes = [values.size(_one(ifd, _WIDTH), _one(ifd, _HEIGHT)) for ifd in ifds]
    largest = max((size for size in sizes if size), key=lambda size: size[0] * size[1], default=None)
    return largest or _panasonic_size(first)


def _panasonic_size(ifd: dict[int, tuple[int, ...]]) -> tuple[int, int] | None:
    """RW2 names the borders of the picture on the sensor instead."""
    top, left, bottom, right = (_one(ifd, tag) for tag in _PANASONIC_BORDERS)
    if top is None or left is None or bottom is None or right is None:
        return None
    return values.size(right - left, bottom - top)


def _one(ifd: dict[int, tuple[int, ...]], tag: int) -> int | None:
    return next(iter(ifd.get(tag, ())), None)


def _numbers(stream: BinaryIO, order: str, offset: int) -> dict[int, tuple[int, ...]]:
    """The whole numbers of the tags that a size can be told from, of one IFD."""
    wanted = (_WIDTH, _HEIGHT, _SUB_IFDS, *_PANASONIC_BORDERS)
    stream.seek(offset)
    count = int.from_bytes(stream.read(2), "little" if order == "<" else "big")
    entries = stream.read(12 * min(count, _MAX_TAGS))
    found = {}
    for tag, kind, amount, raw in struct.iter_unpack(order + "HHI4s", entries[: len(entries) // 12 * 12]):
        letter = {3: "H", 4: "I", 13: "I"}.get(kind)
        if tag in wanted and letter and amount:
            found[tag] = _array(stream, order + str(min(amount, _MAX_SUB_IFDS)) + letter, raw)
    return found


def _array(stream: BinaryIO, layout: str, raw: bytes) -> tuple[int, ...]:
    """An entry's numbers: in the entry itself where they fit, else where it points to."""
    size = struct.calcsize(layout)
    if size > len(raw):
        stream.seek(struct.unpack(layout[0] + "I", raw)[0])
        raw = stream.read(size)
    return struct.unpack(layout, raw[:size]) if len(raw) >= size else ()
