"""Phase One's and Leaf's IIQ: a TIFF with a preview, and before it a list of its own with what counts."""

# ruff: noqa: PLR2004 - the numbers are those of the format
from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.ifd import order_of, rows
from cardcat.media.photos.header import Header
from cardcat.media.photos.tiff import read_tiff

SIGNATURES = (b"IIII", b"MMMM")
"""What stands at the eighth byte."""

_WIDTH, _HEIGHT, _LENS, _SERIAL = 0x10C, 0x10D, 0x412, 0x102
_MOST_ENTRIES = 1000


def read_iiq(stream: BinaryIO) -> Header:
    """As a TIFF, with the size of the raw, the lens and the serial number that only the own list has."""
    told = _list(stream)
    width, height = told.get(_WIDTH), told.get(_HEIGHT)
    found = read_tiff(stream)
    size = values.size(width, height) if isinstance(width, int) and isinstance(height, int) else None
    tags = {"EXIF LensModel": told.get(_LENS), "EXIF BodySerialNumber": told.get(_SERIAL)}
    texts = {name: value for name, value in tags.items() if isinstance(value, bytes)}
    return replace(found, size=size or found.size, tags=texts)


def _list(stream: BinaryIO) -> dict[int, int | bytes]:
    """Whole numbers and texts by tag; every offset in it counts from the eighth byte."""
    stream.seek(8)
    head = stream.read(12)
    order = order_of(head)
    stream.seek(8 + struct.unpack(order + "8xI", head.ljust(12, b"\0"))[0])
    count = struct.unpack(order + "I4x", stream.read(8).ljust(8, b"\0"))[0]
    entries = stream.read(16 * min(count, _MOST_ENTRIES))
    found: dict[int, int | bytes] = {}
    for tag, kind, length, value in rows(order + "IIII", entries):
        if tag in (_WIDTH, _HEIGHT):
            found[tag] = value
        elif tag in (_LENS, _SERIAL) and kind == 1 and length <= 256:
            stream.seek(8 + value if length > 4 else 0)
            found[tag] = stream.read(length)
    return found
