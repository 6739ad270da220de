"""AVCHD's playlists, which say which clips were one recording. Pure."""

# ruff: noqa: PLR2004 - the numbers are those of the format
from __future__ import annotations

import struct
from collections.abc import Iterator

_MAGIC = b"MPLS"
_MOST_CLIPS = 2000
_SEAMLESS = (5, 6)  # how a clip may be connected to the one before it


def clips(data: bytes) -> tuple[str, ...]:
    """
    The stems of the clips of a playlist in their order; `+00001` goes on seamlessly from the one before.

    Empty for what is no playlist; a damaged one tells as far as it goes.
    """
    if not data.startswith(_MAGIC) or len(data) < 12:
        return ()
    return tuple(_items(data, int.from_bytes(data[8:12], "big")))


def _items(data: bytes, start: int) -> Iterator[str]:
    count = int.from_bytes(data[start + 6 : start + 8], "big")
    at = start + 10
    for number in range(min(count, _MOST_CLIPS)):
        if at + 14 > len(data):
            return
        length, stem, flags = struct.unpack_from(">H5s4xH", data, at)
        if not stem.isalnum():
            return
        is_next = number > 0 and flags & 0xF in _SEAMLESS
        yield f"{'+' if is_next else ''}{stem.decode('ascii', 'replace')}"
        at += 2 + length
