"""TIFF, BigTIFF and the raws built like them: what their IFDs say of the pictures in the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from cardcat.media import values
from cardcat.media.bounded import LARGEST_FILE, LARGEST_READ
from cardcat.media.ifd import order_of, rows
from cardcat.media.photos import icc
from cardcat.media.photos.header import Header

_WIDTH, _HEIGHT, _DEPTH, _SUB_IFDS, _XMP, _ICC = 0x100, 0x101, 0x102, 0x14A, 0x2BC, 0x8773
_PANASONIC_BORDERS = (4, 5, 6, 7)  # top, left, bottom, right
_WANTED = frozenset((_WIDTH, _HEIGHT, _DEPTH, _SUB_IFDS, _XMP, _ICC, *_PANASONIC_BORDERS))
_LETTERS = {1: "B", 3: "H", 4: "I", 7: "B", 13: "I", 16: "Q", 18: "Q"}
_MAX_NUMBERS = 16
_MAX_TAGS = 1000
_DEEPEST = 64  # bits a sample


@dataclass(frozen=True, slots=True)
class _Layout:
    """How numbers are written: the byte order, and the sizes that BigTIFF doubles."""

    order: str
    count: str
    entry: str
    offset: str

    def unpack(self, letters: str, data: bytes) -> tuple[int, ...]:
        """The numbers at the start of *data*, none if there are not enough bytes."""
        size = struct.calcsize(self.order + letters)
        return struct.unpack(self.order + letters, data[:size]) if len(data) >= size else ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tag's numbers, or where its bytes are if they are many."""

    numbers: tuple[int, ...]
    length: int
    offset: int


_Ifd = Mapping[int, _Entry]


def read_tiff(stream: BinaryIO) -> Header:
    """TIFF and the raws built like it; many of them begin with a preview, so the largest picture counts."""
    layout, first = _first_ifd(stream)
    if layout is None:
        return Header()
    ifds = [first, *(_ifd(stream, layout, offset) for offset in _numbers(first, _SUB_IFDS))]
    largest = max(ifds, key=_pixels)
    return Header(
        _size(largest) or _panasonic_size(first),
        () if layout.offset == "Q" else (stream,),  # no reader of EXIF knows BigTIFF
        _bytes(stream, first, _XMP),
        bit_depth=next((bits for bits in _numbers(largest, _DEPTH)[:1] if 0 < bits <= _DEEPEST), None),
        color_space=icc.color_space(_bytes(stream, first, _ICC)),
    )


def tiff_size(stream: BinaryIO) -> tuple[int, int] | None:
    """The size of the largest picture among the first IFD and its sub-IFDs."""
    return read_tiff(stream).size


def _first_ifd(stream: BinaryIO) -> tuple[_Layout | None, _Ifd]:
    stream.seek(0)
    head = stream.read(16)
    order = order_of(head)
    is_big = head[2:4] in (b"+\0", b"\0+")
    layout = _Layout(order, "Q", "HHQ8s", "Q") if is_big else _Layout(order, "H", "HHI4s", "I")
    offset = layout.unpack(layout.offset, head[8:] if is_big else head[4:])
    return (layout, _ifd(stream, layout, offset[0])) if offset else (None, {})


def _ifd(stream: BinaryIO, layout: _Layout, offset: int) -> _Ifd:
    """The wanted tags of one IFD."""
    if offset >= LARGEST_FILE:
        return {}
    stream.seek(offset)
    count = layout.unpack(layout.count, stream.read(struct.calcsize(layout.order + layout.count)))
    size = struct.calcsize(layout.order + layout.entry)
    entries = stream.read(size * min(count[0] if count else 0, _MAX_TAGS))
    return dict(_entries(stream, layout, rows(layout.order + layout.entry, entries)))


def _entries(
    stream: BinaryIO, layout: _Layout, entries: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[int, _Entry]]:
    for tag, kind, amount, raw in entries:
        letter = _LETTERS.get(kind)
        if tag in _WANTED and letter and amount:
            length = amount * struct.calcsize(layout.order + letter)
            offset = layout.unpack(layout.offset, raw)[0]
            numbers = layout.unpack(
                str(min(amount, _MAX_NUMBERS)) + letter, _value(stream, raw, length, offset)
            )
            yield tag, _Entry(numbers, length, offset)


def _value(stream: BinaryIO, raw: bytes, length: int, offset: int) -> bytes:
    """The start of an entry's value: in the entry itself where it fits, else where it points to."""
    if length <= len(raw) or offset >= LARGEST_FILE:
        return raw
    stream.seek(offset)
    return stream.read(min(length, 8 * _MAX_NUMBERS))


def _numbers(ifd: _Ifd, tag: int) -> tuple[int, ...]:
    return ifd[tag].numbers if tag in ifd else ()


def _bytes(stream: BinaryIO, ifd: _Ifd, tag: int) -> bytes:
    """The long value of a tag, up to LARGEST_READ bytes."""
    if tag not in ifd or ifd[tag].offset >= LARGEST_FILE:
        return b""
    stream.seek(ifd[tag].offset)
    return stream.read(min(ifd[tag].length, LARGEST_READ))


def _size(ifd: _Ifd) -> tuple[int, int] | None:
    width, height = _numbers(ifd, _WIDTH), _numbers(ifd, _HEIGHT)
    return values.size(width[0], height[0]) if width and height else None


def _pixels(ifd: _Ifd) -> int:
    width, height = _size(ifd) or (0, 0)
    return width * height


def _panasonic_size(ifd: _Ifd) -> tuple[int, int] | None:
    """RW2 names the borders of the picture on the sensor instead."""
    borders = [_numbers(ifd, tag) for tag in _PANASONIC_BORDERS]
    if not all(borders):
        return None
    top, left, bottom, right = (border[0] for border in borders)
    return values.size(right - left, bottom - top)
