"""The one thing that counts in Apple's maker note: the name that both halves of a Live Photo bear."""

from __future__ import annotations

import struct

from cardcat.media import values

_START = b"Apple iOS\0"
_CONTENT_IDENTIFIER = 0x11
_TEXT = 2


def live_photo_id(block: bytes) -> str | None:
    """The content identifier in an EXIF *block*, None if there is no such note."""
    start = block.find(_START)
    note = block[start:] if start >= 0 else b""
    order = "<" if note[12:14] == b"II" else ">"
    count = int.from_bytes(note[14:16], "little" if order == "<" else "big")
    entries = note[16 : 16 + 12 * count]
    for tag, kind, length, at in struct.iter_unpack(order + "HHII", entries[: len(entries) // 12 * 12]):
        if tag == _CONTENT_IDENTIFIER and kind == _TEXT:
            return values.text(note[at : at + min(length, 100)])
    return None
