"""JPEG XL: boxes of EXIF and XMP, and a codestream that packs its size into a few bits."""

# ruff: noqa: PLR2004 - the numbers are those of the format
from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.boxes import content_of, top_boxes
from cardcat.media.photos.header import Header, exif_item

_LENGTHS = (9, 13, 18, 30)  # bits of a side, by its selector
_RATIOS = ((1, 1), (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height; 0: none
_START = b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl "


def read_jpeg_xl(stream: BinaryIO) -> Header:
    """The EXIF and XMP boxes; if they are compressed, the second reader gets them."""
    found, compressed = Header(), b""
    for box in top_boxes(stream):
        if box.kind in (b"jxlc", b"jxlp") and found.size is None:
            start = content_of(stream, replace(box, end=min(box.end, box.start + 16)))
            found = replace(found, size=codestream_size(start[4 * (box.kind == b"jxlp") :]))
        elif box.kind == b"Exif":
            found = replace(found, exif=exif_item(content_of(stream, box)))
        elif box.kind == b"xml ":
            found = replace(found, xmp=content_of(stream, box))
        elif box.kind == b"brob":
            content = content_of(stream, box)
            compressed += struct.pack(">I4s", 8 + len(content), b"brob") + content
    return replace(found, second=_START + compressed) if compressed else found


def read_jpeg_xl_codestream(stream: BinaryIO) -> Header:
    """The size; nothing else is in a bare codestream."""
    stream.seek(0)
    return Header(codestream_size(stream.read(16)))


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first bytes of a codestream."""
    if not data.startswith(b"\xff\x0a") or len(data) < 12:
        return None
    bits = _Bits(int.from_bytes(data[2:12], "little"))
    is_small = bits.take(1)
    height = bits.side(is_small)
    ratio = bits.take(3)
    width = height * _RATIOS[ratio][0] // _RATIOS[ratio][1] if ratio else bits.side(is_small)
    return values.size(width, height)


class _Bits:
    """Numbers of some bits each, the lowest first."""

    def __init__(self, rest: int) -> None:
        self._rest = rest

    def take(self, count: int) -> int:
        """The next number of *count* bits."""
        found, self._rest = self._rest & ((1 << count) - 1), self._rest >> count
        return found

    def side(self, is_small: int) -> int:
        """The next side: in steps of eight pixels where it is small."""
        if is_small:
            return (self.take(5) + 1) * 8
        return self.take(_LENGTHS[self.take(2)]) + 1
