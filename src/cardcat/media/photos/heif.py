"""What is built of boxes: HEIC, HEIF, AVIF, JPEG 2000."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.bounded import LARGEST_FILE, LARGEST_READ
from cardcat.media.boxes import Box, boxes, content_of, top_box, top_boxes
from cardcat.media.photos import icc
from cardcat.media.photos.header import Header, exif_item, exif_stream

_XMP_ITEM = b"application/rdf+xml"
_EXIF_UUIDS = (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"))
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def read_heif(stream: BinaryIO) -> Header:
    """From the `meta` box and the one extent that holds the EXIF item. Rotation is not applied."""
    meta = top_box(stream, b"meta")
    parts = {box.kind: box for box in boxes(meta, 4)}
    found = Header()
    with contextlib.suppress(ValueError):
        found = _picture(meta, parts)
    with contextlib.suppress(ValueError):
        found = replace(found, exif=exif_item(_item_content(stream, meta, parts, b"Exif")))
    with contextlib.suppress(ValueError):
        found = replace(found, xmp=_item_content(stream, meta, parts, _XMP_ITEM))
    return found


def read_jpeg_2000(stream: BinaryIO) -> Header:
    """The size, from the image header box; EXIF and XMP from boxes that others have agreed on."""
    found = Header()
    for box in top_boxes(stream):
        if box.kind == b"jp2h":
            found = _jpeg_2000_size(found, content_of(stream, box))
        elif box.kind == b"uuid":
            content = content_of(stream, box)
            if content.startswith(_EXIF_UUIDS):
                found = replace(found, exif=found.exif or exif_stream(content[16:]))
            elif content.startswith(_XMP_UUID):
                found = replace(found, xmp=content[16:])
    return found


def _jpeg_2000_size(found: Header, data: bytes) -> Header:
    for box in boxes(data):
        if box.kind == b"ihdr" and box.end - box.start >= 11:
            height, width, depth = struct.unpack_from(">IIxxB", data, box.start)
            return replace(found, size=values.size(width, height), bit_depth=(depth & 0x7F) + 1)
    return found


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


def _item(meta: bytes, parts: dict[bytes, Box], kind: bytes) -> int | None:
    """The number of the item of this *kind*."""
    index = parts.get(b"iinf")
    if index is None:
        return None
    reader = _Reader(meta, index)
    reader.take(4 if reader.version else 2)
    for box in boxes(meta, reader.at, index.end):
        entry = _Reader(meta, box)
        item = entry.take(4 if entry.version > 2 else 2)
        said = meta[entry.at + 2 : box.end]
        if said.startswith(kind) or (said.startswith(b"mime") and kind in said):
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


def _item_content(stream: BinaryIO, meta: bytes, parts: dict[bytes, Box], kind: bytes) -> bytes:
    item = _item(meta, parts, kind)
    place = None if item is None else _place(meta, parts.get(b"iloc"), item)
    if place is None:
        return b""
    method, offset, length = place
    if method == 0 and offset < LARGEST_FILE:
        stream.seek(offset)
        return stream.read(min(length, LARGEST_READ))
    inside = parts.get(b"idat")
    if method != 1 or inside is None:
        return b""
    return meta[inside.start + offset : min(inside.start + offset + length, inside.end)]


def _picture(meta: bytes, parts: dict[bytes, Box]) -> Header:
    """The size, depth and colour that are properties of the primary item."""
    if b"pitm" not in parts or b"iprp" not in parts:
        return Header()
    primary = _Reader(meta, parts[b"pitm"])
    item = primary.take(4 if primary.version else 2)
    groups = {box.kind: box for box in boxes(meta, parts[b"iprp"].start, parts[b"iprp"].end)}
    if b"ipco" not in groups or b"ipma" not in groups:
        return Header()
    properties = list(boxes(meta, groups[b"ipco"].start, groups[b"ipco"].end))
    found = Header()
    with contextlib.suppress(ValueError):  # what comes before a damaged property counts
        for number in _properties_of(meta, groups[b"ipma"], item):
            if 0 < number <= len(properties):
                found = _with_property(found, meta, properties[number - 1])
    return found


def _with_property(found: Header, meta: bytes, box: Box) -> Header:
    if box.kind == b"ispe" and found.size is None:
        reader = _Reader(meta, box)
        return replace(found, size=values.size(reader.take(4), reader.take(4)))
    if box.kind == b"pixi":
        return replace(found, bit_depth=meta[box.start + 5] if box.end > box.start + 5 else None)
    if box.kind == b"colr" and found.color_space is None:
        kind, content = meta[box.start : box.start + 4], meta[box.start + 4 : box.end]
        is_code = kind == b"nclx"
        name = icc.by_primaries(int.from_bytes(content[:2], "big")) if is_code else icc.color_space(content)
        return replace(found, color_space=name)
    return found


def _properties_of(meta: bytes, box: Box, wanted: int) -> Iterator[int]:
    """The numbers, from 1, of the properties that the item *wanted* has."""
    reader = _Reader(meta, box)
    for _ in range(reader.take(4)):
        item = reader.take(4 if reader.version else 2)
        for _ in range(reader.take(1)):
            number = reader.take(2) & 0x7FFF if reader.flags & 1 else reader.take(1) & 0x7F
            if item == wanted:
                yield number
