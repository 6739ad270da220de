"""
What a container's headers tell of the image in it, and the small formats that tell little more than a size.

Every walk is bounded; what a damaged file lacks is left out. No library is asked: Pillow takes four times as
long for a JPEG, allocates a WebP's whole canvas and refuses large panoramas; exifread misses EXIF
behind 4 KB of other segments.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.ifd import rows

MAX_STEPS = 100_000  # segments or chunks of one file


@dataclass(frozen=True, slots=True)
class Header:
    """
    What a container's own headers tell; nothing is decoded.

    *size* is width and height in pixels as stored, *exif* are TIFF streams that hold EXIF tags, *xmp* is a
    packet of XMP. *tags* are told in exifread's words where a format has no EXIF. *second* is what the second
    reader needs instead of *exif*. *format* is told where the first bytes of the file can't.
    """

    size: tuple[int, int] | None = None
    exif: tuple[BinaryIO, ...] = field(default=())
    xmp: bytes = b""
    second: bytes = b""
    tags: Mapping[str, object] = field(default_factory=dict)
    bit_depth: int | None = None
    color_space: str | None = None
    format: str | None = None


def exif_stream(block: bytes) -> tuple[BinaryIO, ...]:
    """*block* as the one stream of a Header, none if it holds no TIFF header."""
    block = block.removeprefix(b"Exif\0\0")
    return (io.BytesIO(block),) if block[:2] in (b"II", b"MM") else ()


def exif_item(block: bytes) -> tuple[BinaryIO, ...]:
    """The TIFF stream in an EXIF item; its first four bytes tell how much stands before it."""
    return exif_stream(block[4 + int.from_bytes(block[:4], "big") :])


def read_gif(stream: BinaryIO) -> Header:
    """The logical screen's size."""
    stream.seek(6)
    return Header(pair("<HH", stream.read(4)))


def read_bmp(stream: BinaryIO) -> Header:
    """The size; a negative height means that the rows begin at the top."""
    stream.seek(14)
    info = stream.read(12)
    if info[:4] == b"\x0c\0\0\0":
        return Header(pair("<HH", info[4:8]))
    width, height = struct.unpack("<ii", info[4:].ljust(8, b"\0"))
    return Header(values.size(width, abs(height)))


def read_icon(stream: BinaryIO) -> Header:
    """The size of the largest picture in it; 0 stands for 256."""
    stream.seek(4)
    count = int.from_bytes(stream.read(2), "little")
    entries = rows("<BB14x", stream.read(16 * count))
    return Header(max(((width or 256, height or 256) for width, height in entries), default=None))


def read_photoshop(stream: BinaryIO) -> Header:
    """The size of the canvas."""
    stream.seek(14)
    height_width = pair(">II", stream.read(8))
    return Header(height_width and (height_width[1], height_width[0]))


def pair(layout: str, data: bytes) -> tuple[int, int] | None:
    """A size that is packed as *layout* at the start of *data*."""
    if len(data) < struct.calcsize(layout):
        return None
    return values.size(*struct.unpack_from(layout, data))
