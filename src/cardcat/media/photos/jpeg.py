"""JPEG: what stands before its first scan."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.ifd import entries, number, order_of, rows
from cardcat.media.photos import icc
from cardcat.media.photos.header import MAX_STEPS, Header, exif_stream

_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_SCAN_OR_END = (0xDA, 0xD9)
_EXIF_OR_XMP, _PROFILE_OR_PICTURES = 0xE1, 0xE2
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_MPF = b"MPF\0"
_LONGEST_INDEX = 1 << 14  # bytes of a profile or an index of pictures; what names it stands first
_PICTURES = 0xB002  # the tag of an MPF index that lists the pictures
_OF_ONE_SCENE = 2  # the kind of a picture that is a view of its own, and no preview


def read_jpeg(stream: BinaryIO) -> Header:
    """The first EXIF block, XMP packet and frame's size; MPO if it holds several views."""
    size, depth, exif, xmp, color, form = None, None, exif_stream(b""), b"", None, "JPEG"
    for marker, length in _segments(stream):
        if marker in _START_OF_FRAME and size is None:
            depth, height, width = struct.unpack(">BHH", stream.read(5).ljust(5, b"\0"))
            size = values.size(width, height)
        elif marker == _EXIF_OR_XMP and not (exif and xmp):
            start = stream.read(min(length, len(_XMP)))
            if start.startswith(_EXIF) and not exif:
                exif = exif_stream(start + stream.read(length - len(start)))
            elif start == _XMP and not xmp:
                xmp = stream.read(length - len(start))
        elif marker == _PROFILE_OR_PICTURES:
            block = stream.read(min(length, _LONGEST_INDEX))
            if block.startswith(_ICC):
                color = color or icc.color_space(block[len(_ICC) + 2 :])
            elif block.startswith(_MPF) and _has_views(block.removeprefix(_MPF)):
                form = "MPO"
    return Header(size, exif, xmp, bit_depth=depth, color_space=color, format=form)


def _segments(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """The marker and length of each segment up to the first scan; the stream stands at its content."""
    stream.seek(2)
    for _ in range(MAX_STEPS):
        marker = _next_marker(stream)
        if marker is None or marker in _SCAN_OR_END:
            return
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(stream.read(2), "big") - 2
        after = stream.tell() + length
        if length < 0:
            return
        yield marker, length
        stream.seek(after)


def _next_marker(stream: BinaryIO) -> int | None:
    """The second byte of the next marker; fill bytes before it are passed over."""
    if stream.read(1) != b"\xff":
        return None
    for _ in range(MAX_STEPS):
        code = stream.read(1)
        if code != b"\xff":
            return code[0] if code else None
    return None


def _has_views(index: bytes) -> bool:
    """Whether an MPF index lists panorama parts or the two eyes of a stereo picture."""
    order = order_of(index)
    for entry in entries(index, order, number(order, index[4:8]), 100):
        if entry.tag == _PICTURES:
            pictures = index[entry.offset : entry.offset + min(entry.amount, 1600)]
            return any(kind >> 16 & 0xFF == _OF_ONE_SCENE for (kind,) in rows(order + "I12x", pictures))
    return False
