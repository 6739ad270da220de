"""The size and EXIF block of what is built of boxes: HEIC, HEIF, AVIF, JPEG 2000, JPEG XL."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.boxes import Box, boxes, top_box
from cardcat.media.header import LARGEST_FILE, MAX_BLOCK, Header, exif_stream


def read_heif(stream: BinaryIO) -> Header:
    """From the `meta` box and the one extent that holds the EXIF item. Rotation is not applied."""
    meta = top_box(stream, b"meta")
    parts = {box.kind: box for box in boxes(meta, 4)}
    size, exif = None, exif_stream(b"")
    with contextlib.suppress(ValueError):
        size = _primary_size(meta, parts)
    with contextlib.suppress(ValueError):
        exif = _exif(_exif_content(stream, meta, parts))
    return Header(size, exif)


def read_jpeg_2000(stream: BinaryIO) -> Header:
    """The size, from the image header box."""
    data = top_box(stream, b"jp2h")
    for box in boxes(data):
        if box.kind == b"ihdr" and box.end - box.start >= 8:
            height, width = struct.unpack_from(">II", data, box.start)
            return Header(values.size(width, height))
    return Header()


def read_jpeg_xl(stream: BinaryIO) -> Header:
    """The EXIF box, if it is not compressed; the size is packed into the codestream and stays unknown."""
    return Header(exif=_exif(top_box(stream, b"Exif")))


def _exif(block: bytes) -> tuple[BinaryIO, ...]:
    """The TIFF stream in an EXIF item; its first four bytes tell how much stands before it."""
    return exif_stream(block[4 + int.from_bytes(block[:4], "big") :])


class _Reader:
    """Big-endian numbers, one after the other, up to the end of a box."""

    def __init__(self, data: bytes, box: Box) -> None:
        self.data, self.at, self.end = data, box.start, box.end
        self.version = self.take(1)
        self.flags = self.take(3)

    def take(self, size: int) -> int:
        """The next number of *size* bytes; ValueError behind the end."""
        after = self.at + size
        if after > self.end:
            raise ValueError("a box of the file's index ends too early")
        found = int.from_bytes(self.data[self.at : after], "big")
        self.at = after
        return found


def _exif_item(meta: bytes, parts: dict[bytes, Box]) -> int | None:
    """The number of the item that holds EXIF."""
    index = parts.get(b"iinf")
    if index is None:
        return None
    reader = _Reader(meta, index)
    reader.take(4 if reader.version else 2)
    for box in boxes(meta, reader.at, index.end):
        entry = _Reader(meta, box)
        item = entry.take(4 if entry.version > 2 else 2)
        if meta[entry.at + 2 : entry.at + 6] == b"Exif":
            return item
    return None


def _place(meta: bytes, index: Box | None, wanted: int) -> tuple[int, int, int] | None:
    """How *wanted* is addressed (0: in the file, 1: in the index), its first extent's offset and length."""
    if index is None:
        return None
    reader = _Reader(meta, index)
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide, extra = 4 if reader.version > 1 else 2, index_size if reader.version else 0
    for _ in range(reader.take(wide)):
        item = reader.take(wide)
        method = reader.take(2) & 15 if reader.version else 0
        reader.take(2)
        base, extents = reader.take(base_size), reader.take(2)
        if item == wanted and extents:
            reader.take(extra)
            return method, base + reader.take(offset_size), reader.take(length_size)
        reader.take(extents * (extra + offset_size + length_size))
    return None


def _exif_content(stream: BinaryIO, meta: bytes, parts: dict[bytes, Box]) -> bytes:
    item = _exif_item(meta, parts)
    place = None if item is None else _place(meta, parts.get(b"iloc"), item)
    if place is None:
        return b""
    method, offset, length = place
    if method == 0 and offset < LARGEST_FILE:
        stream.seek(offset)
        return stream.read(min(length, MAX_BLOCK))
    inside = parts.get(b"idat")
    if method != 1 or inside is None:
        return b""
    return meta[inside.start + offset : min(inside.start + offset + length, inside.end)]


def _primary_size(meta: bytes, parts: dict[bytes, Box]) -> tuple[int, int] | None:
    """The size that is a property of the primary item."""
    if b"pitm" not in parts or b"iprp" not in parts:
        return None
    primary = _Reader(meta, parts[b"pitm"])
    item = primary.take(4 if primary.version else 2)
    groups = {box.kind: box for box in boxes(meta, parts[b"iprp"].start, parts[b"iprp"].end)}
    if b"ipco" not in groups or b"ipma" not in groups:
        return None
    properties = list(boxes(meta, groups[b"ipco"].start, groups[b"ipco"].end))
    for number in _properties_of(meta, groups[b"ipma"], item):
        if 0 < number <= len(properties) and properties[number - 1].kind == b"ispe":
            reader = _Reader(meta, properties[number - 1])
            return values.size(reader.take(4), reader.take(4))
    return None


def _properties_of(meta: bytes, box: Box, wanted: int) -> Iterator[int]:
    """The numbers, from 1, of the properties that the item *wanted* has."""
    reader = _Reader(meta, box)
    for _ in range(reader.take(4)):
        item = reader.take(4 if reader.version else 2)
        for _ in range(reader.take(1)):
            number = reader.take(2) & 0x7FFF if reader.flags & 1 else reader.take(1) & 0x7F
            if item == wanted:
                yield number
