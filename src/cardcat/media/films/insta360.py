"""What Insta360 writes behind an MP4: records that are found from the end of the file."""

# ruff: noqa: PLR2004 - the numbers are those of the format
from __future__ import annotations

import struct
from typing import BinaryIO

from cardcat.media.told import told
from cardcat.metadata import Metadata

INSTA360 = b"8db42d694ccc418790edff439fe026bf"
_FOOTER = 78
_CAMERA = 0x101
_MOST_RECORDS = 200
_LARGEST = 4096


def told_by_insta360(stream: BinaryIO, size: int) -> Metadata:
    """The camera in the records behind the film, of which the last is told of first."""
    at = size - _FOOTER
    stream.seek(max(0, at))
    footer = stream.read(_FOOTER)
    if not footer.endswith(INSTA360) or len(footer) < _FOOTER:
        return Metadata()
    for _ in range(_MOST_RECORDS):
        kind, length = struct.unpack("<HI", footer[:6])
        at -= length
        if at < 6:
            break
        if kind == _CAMERA:
            stream.seek(at)
            return _camera(stream.read(min(length, _LARGEST)))
        at -= 6
        stream.seek(at)
        footer = stream.read(6)
    return Metadata()


def _camera(data: bytes) -> Metadata:
    """Texts, each behind its number and its length."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(data) and data[at] in (0x0A, 0x12, 0x1A):
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    make = "Insta360" if found else None
    return told(make=make, serial=found.get(0x0A), model=found.get(0x12), software=found.get(0x1A))
