"""The name of a colour space, from the profile in an image."""

from __future__ import annotations

import struct

from cardcat.media import values
from cardcat.media.ifd import rows

_MOST_TAGS = 100
_SHORT = {"srgb": "sRGB", "adobe rgb": "Adobe RGB", "adobergb": "Adobe RGB", "display p3": "Display P3"}
_PRIMARIES = {1: "sRGB", 9: "BT.2020", 12: "Display P3"}


def color_space(profile: bytes) -> str | None:
    """What an ICC *profile* calls itself, the common ones by one name each; the start of it is enough."""
    count = int.from_bytes(profile[128:132], "big")
    table = profile[132 : 132 + 12 * min(count, _MOST_TAGS)]
    for tag, offset, size in rows(">4sII", table):
        if tag == b"desc":
            return _short(values.text(_description(profile[offset : offset + min(size, 4096)])))
    return None


def by_primaries(number: int) -> str | None:
    """The colour space of the code that HEIF, AVIF and films have for it."""
    return _PRIMARIES.get(number)


def _description(tag: bytes) -> bytes | str:
    """The text of a description of version 2 (ASCII), or the first of version 4 (UTF-16)."""
    if tag.startswith(b"mluc"):
        length, offset = struct.unpack(">II", tag[20:28].ljust(8, b"\0"))
        return tag[offset : offset + length].decode("utf-16-be", "replace")
    return tag[12 : 12 + int.from_bytes(tag[8:12], "big")]


def _short(name: str | None) -> str | None:
    known = (short for start, short in _SHORT.items() if name and name.lower().startswith(start))
    return next(known, name)
