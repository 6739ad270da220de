"""What format a file is in: by its bytes, by its name only where the bytes of two formats look alike."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from collections.abc import Callable

from cardcat.media import raw_formats
from cardcat.media.signatures import (
    ASF,
    BRANDS,
    EBML,
    TIFFS,
    format_by_signature,
    is_audio_frame,
    is_bitmap,
    is_icon,
    is_old_quicktime,
    is_program_stream,
    packet_size,
)

HEAD = 1 << 16
"""How much of a file's beginning is wanted."""

_BY_BRAND_START = {b"3gp": "3GP", b"3g2": "3G2"}

_CHECKS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (is_bitmap, "BMP"),
    (is_icon, "ICO"),
    (is_old_quicktime, "MOV"),
    (is_program_stream, "MPG"),
    (lambda head: packet_size(head) == 192, "MTS"),
    (lambda head: packet_size(head) is not None, "TS"),
    (lambda head: is_audio_frame(head) and head[1] & 6 != 0, "MP3"),
    (is_audio_frame, "AAC"),
)

# What is one container inside and another thing to its camera, which only the name says.
_CAMERAS_FILMS = {"lrv": "LRV", "lrf": "LRF", "glv": "GLV", "insv": "INSV", "360": "360"}
_BY_NAME = {
    "MP4": _CAMERAS_FILMS,
    "MOV": _CAMERAS_FILMS,
    "M4V": {"mp4": "MP4"},
    "CR3": {"crm": "CRM"},
    "MTS": {"m2t": "M2TS", "m2ts": "M2TS"},
    "JPEG": {"mpo": "MPO", "insp": "INSP"},
    "RW2": {"rwl": "RWL"},
}


def format_of(head: bytes, name: str) -> str | None:
    """
    The format of a file that begins with *head* (its first HEAD bytes, or all of it) and is called *name*.

    As people call it: `JPEG`, `CR3`, `MP4`. Raws built like TIFF are told by their first IFD, and by their
    name among those of the same maker. None for what is not known.
    """
    found = _by_bytes(head, suffix_of(name))
    return found and as_named(found, name)


def as_named(found: str, name: str) -> str:
    """The format *found* in the bytes, or what its camera makes of it, which only the *name* says."""
    return _BY_NAME.get(found, {}).get(suffix_of(name), found)


def suffix_of(name: str) -> str:
    """The last suffix of a file's name, lower case and without its dot."""
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return suffix.lower() if dot and stem else ""


def _by_bytes(head: bytes, suffix: str) -> str | None:
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    found = format_by_signature(head)
    if found:
        return found
    if head.startswith(TIFFS):
        return raw_formats.of_tiff(head, suffix)
    return _by_structure(head, suffix)


def _by_structure(head: bytes, suffix: str) -> str | None:
    """What more than its first bytes must be looked at for."""
    if head.startswith(b"\x89PNG"):
        return "APNG" if b"acTL" in head.partition(b"IDAT")[0] else "PNG"
    if head.startswith(ASF):
        return "WMA" if suffix == "wma" else "WMV"
    if head.startswith(EBML):
        return "WebM" if b"webm" in head[:64] else "MKV"
    if head.startswith(b"OggS"):
        return "OGV" if b"\x80theora" in head[:4096] else "OGG"
    return next((name for is_it, name in _CHECKS if is_it(head)), None)


def _by_brand(head: bytes) -> str:
    """By the main brand; a general one is settled by those it says it agrees with."""
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    found = _named(brands[0]) or _BY_BRAND_START.get(brands[0][:3], "MP4")
    if found == "HEIF":
        known = map(_named, brands[1:])
        return next((name for name in known if name in ("HEIC", "AVIF")), found)
    return found


def _named(brand: bytes) -> str | None:
    return BRANDS[brand][1] if brand in BRANDS else None
