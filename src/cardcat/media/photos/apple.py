"""The one thing that counts in Apple's maker note: the name that both halves of a Live Photo bear."""

from __future__ import annotations

from cardcat.media import values
from cardcat.media.ifd import entries, order_of

_START = b"Apple iOS\0"
_CONTENT_IDENTIFIER = 0x11
_TEXT = 2
_MOST_TAGS = 1000


def live_photo_id(block: bytes) -> str | None:
    """The content identifier in an EXIF *block*, None if there is no such note."""
    start = block.find(_START)
    note = block[start:] if start >= 0 else b""
    for entry in entries(note, order_of(note[12:14]), 14, _MOST_TAGS):
        if entry.tag == _CONTENT_IDENTIFIER and entry.kind == _TEXT:
            return values.text(note[entry.offset : entry.offset + min(entry.amount, 100)])
    return None
