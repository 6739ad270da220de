"""Magic Lantern's MLV, of which MediaInfo knows nothing: blocks, each with a name and a length."""

# ruff: noqa: PLR2004 - the numbers are those of the format
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
