"""Films that MediaInfo does not know, or not all of: Magic Lantern's MLV, Insta360's words behind an MP4."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.combining import combined
from cardcat.media.told import told
from cardcat.metadata import Metadata

_MOST_BLOCKS = 200  # what tells of the camera stands before the first picture
_LARGEST = 4096

INSTA360 = b"8db42d694ccc418790edff439fe026bf"
_FOOTER = 78
_CAMERA = 0x101


def read_mlv(stream: BinaryIO) -> Metadata:
    """The camera, the lens, the clock, the exposure, the size and the duration of a Magic Lantern film."""
    stream.seek(0)
    found = Metadata(duration_seconds=_duration(stream.read(52)))
    return combined(found, *(_BLOCKS[kind](data) for kind, data in _blocks(stream) if kind in _BLOCKS))


def _duration(header: bytes) -> float | None:
    if len(header) < 52:
        return None
    frames, _, rate, per = struct.unpack_from("<IIII", header, 36)
    return values.duration(frames * per / rate) if rate else None


def _blocks(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the blocks; a length and a time stamp stand before the content."""
    at = 0
    for _ in range(_MOST_BLOCKS):
        stream.seek(at)
        head = stream.read(16)
        size = int.from_bytes(head[4:8], "little")
        if size < 16 or head[:4] == b"VIDF":
            return
        yield head[:4], stream.read(min(size - 16, _LARGEST))
        at += size


def _raw(data: bytes) -> Metadata:
    width, height = values.size(*struct.unpack_from("<HH", data)) or (None, None)
    return Metadata(resolution_width=width, resolution_height=height)


def _identity(data: bytes) -> Metadata:
    make = "Canon" if data.startswith(b"Canon") else None
    return told(make=make, model=data[:32], serial=data[36:68])


def _clock(data: bytes) -> Metadata:
    second, minute, hour, day, month, year = struct.unpack_from("<6H", data)
    written = f"{year + 1900}-{month + 1:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    return told(date=values.local_time(written))


def _exposure(data: bytes) -> Metadata:
    iso, _, _, shutter = struct.unpack_from("<IIIQ", data, 4)
    return told(iso=iso, exposure=shutter / 1e6)


def _lens(data: bytes) -> Metadata:
    focal, _, f_number = struct.unpack_from("<HHH", data)
    return told(focal=focal, f_number=f_number / 100, lens=data[16:48], lens_serial=data[48:80])


def _if_whole(read: Callable[[bytes], Metadata], size: int) -> Callable[[bytes], Metadata]:
    return lambda data: read(data) if len(data) >= size else Metadata()


_BLOCKS: dict[bytes, Callable[[bytes], Metadata]] = {
    b"RAWI": _if_whole(_raw, 4),
    b"IDNT": _if_whole(_identity, 36),
    b"RTCI": _if_whole(_clock, 12),
    b"EXPO": _if_whole(_exposure, 24),
    b"LENS": _if_whole(_lens, 16),
}


def told_by_insta360(stream: BinaryIO, size: int) -> Metadata:
    """The camera in the records behind the film, of which the last is told of first."""
    at = size - _FOOTER
    stream.seek(max(0, at))
    footer = stream.read(_FOOTER)
    if not footer.endswith(INSTA360) or len(footer) < _FOOTER:
        return Metadata()
    for _ in range(_MOST_BLOCKS):
        kind, length = struct.unpack("<HI", footer[:6])
        at -= length
        if at < 6:
            break
        if kind == _CAMERA:
            stream.seek(at)
            return _insta360_camera(stream.read(min(length, _LARGEST)))
        at -= 6
        stream.seek(at)
        footer = stream.read(6)
    return Metadata()


def _insta360_camera(data: bytes) -> Metadata:
    """Texts, each behind its number and its length."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(data) and data[at] in (0x0A, 0x12, 0x1A):
        found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    make = "Insta360" if found else None
    return told(make=make, serial=found.get(0x0A), model=found.get(0x12), software=found.get(0x1A))
