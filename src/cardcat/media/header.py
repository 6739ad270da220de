"""
The pixel size and the EXIF block of an image, from its container's headers alone. Nothing is decoded.

Every walk is bounded; what a damaged file lacks is left out. No library is asked: Pillow takes four times as
long for a JPEG, allocates a WebP's whole canvas and refuses large panoramas; exifread misses EXIF
behind 4 KB of other segments.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from typing import BinaryIO

from cardcat.media import values

MAX_BLOCK = 1 << 22  # bytes of one block that are taken into memory
LARGEST_FILE = 1 << 60  # bytes; no offset beyond it is followed
_MAX_STEPS = 100_000  # segments or chunks of one file

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_SCAN_OR_END = (0xDA, 0xD9)


@dataclass(frozen=True, slots=True)
class Header:
    """*size* is width and height in pixels as stored; *exif* are TIFF streams that hold EXIF tags."""

    size: tuple[int, int] | None = None
    exif: tuple[BinaryIO, ...] = field(default=())


def exif_stream(block: bytes) -> tuple[BinaryIO, ...]:
    """*block* as the one stream of a Header, none if it holds no TIFF header."""
    block = block.removeprefix(b"Exif\0\0")
    return (io.BytesIO(block),) if block[:2] in (b"II", b"MM") else ()


def read_jpeg(stream: BinaryIO) -> Header:
    """Walk the segments up to the first scan; take the first EXIF block and the first frame's size."""
    size, exif = None, exif_stream(b"")
    stream.seek(2)
    for _ in range(_MAX_STEPS):
        marker = _next_marker(stream)
        if marker is None or marker in _SCAN_OR_END:
            break
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(stream.read(2), "big") - 2
        after = stream.tell() + length
        if marker in _START_OF_FRAME and size is None:
            height, width = struct.unpack(">xHH", stream.read(5).ljust(5, b"\0"))
            size = values.size(width, height)
        elif marker == 0xE1 and not exif and stream.read(6) == b"Exif\0\0":
            exif = exif_stream(stream.read(max(0, length - 6)))
        if length < 0:
            break
        stream.seek(after)
    return Header(size, exif)


def _next_marker(stream: BinaryIO) -> int | None:
    """The second byte of the next marker; fill bytes before it are passed over."""
    if stream.read(1) != b"\xff":
        return None
    for _ in range(_MAX_STEPS):
        code = stream.read(1)
        if code != b"\xff":
            return code[0] if code else None
    return None


def read_png(stream: BinaryIO) -> Header:
    """The size stands first; EXIF may follow the pixels."""
    stream.seek(12)
    first = stream.read(12)
    size = _pair(">II", first[4:]) if first.startswith(b"IHDR") else None
    stream.seek(8)
    for _ in range(_MAX_STEPS):
        head = stream.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or head[4:] == b"IEND":
            break
        if head[4:] == b"eXIf":
            return Header(size, exif_stream(stream.read(min(length, MAX_BLOCK))))
        stream.seek(length + 4, io.SEEK_CUR)
    return Header(size)


def read_webp(stream: BinaryIO) -> Header:
    """The size stands in the first chunk; EXIF in a chunk of its own near the end."""
    stream.seek(12)
    size = _webp_size(stream.read(18))
    stream.seek(12)
    for _ in range(_MAX_STEPS):
        head = stream.read(8)
        length = int.from_bytes(head[4:], "little")
        if len(head) < 8:
            break
        if head[:4] == b"EXIF":
            return Header(size, exif_stream(stream.read(min(length, MAX_BLOCK))))
        stream.seek(length + (length & 1), io.SEEK_CUR)
    return Header(size)


def _webp_size(chunk: bytes) -> tuple[int, int] | None:
    """From the head of a file's first chunk: the canvas, or the one lossy or lossless frame."""
    if len(chunk) < 18:
        return None
    if chunk.startswith(b"VP8X"):
        return values.size(*(int.from_bytes(chunk[at : at + 3], "little") + 1 for at in (12, 15)))
    if chunk.startswith(b"VP8L"):
        bits = int.from_bytes(chunk[9:13], "little")
        return values.size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", chunk[14:18])
    return values.size(width & 0x3FFF, height & 0x3FFF)


def read_gif(stream: BinaryIO) -> Header:
    """The logical screen's size."""
    stream.seek(6)
    return Header(_pair("<HH", stream.read(4)))


def read_bmp(stream: BinaryIO) -> Header:
    """The size; a negative height means that the rows begin at the top."""
    stream.seek(14)
    info = stream.read(12)
    if info[:4] == b"\x0c\0\0\0":
        return Header(_pair("<HH", info[4:8]))
    width, height = struct.unpack("<ii", info[4:].ljust(8, b"\0"))
    return Header(values.size(width, abs(height)))


def read_icon(stream: BinaryIO) -> Header:
    """The size of the largest picture in it; 0 stands for 256."""
    stream.seek(4)
    count = int.from_bytes(stream.read(2), "little")
    entries = struct.iter_unpack("<BB14x", _whole(stream.read(16 * count), 16))
    return Header(max(((width or 256, height or 256) for width, height in entries), default=None))


def read_photoshop(stream: BinaryIO) -> Header:
    """The size of the canvas."""
    stream.seek(14)
    height_width = _pair(">II", stream.read(8))
    return Header(height_width and (height_width[1], height_width[0]))


def _pair(layout: str, data: bytes) -> tuple[int, int] | None:
    if len(data) < struct.calcsize(layout):
        return None
    return values.size(*struct.unpack(layout, data))


def _whole(data: bytes, unit: int) -> bytes:
    return data[: len(data) - len(data) % unit]
