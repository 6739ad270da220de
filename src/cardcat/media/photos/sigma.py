"""Sigma's X3F: no library reads it. A list of sections at the end; a preview with EXIF, or pairs of words."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.bounded import LARGEST_READ
from cardcat.media.ifd import rows
from cardcat.media.photos.header import Header
from cardcat.media.photos.jpeg import read_jpeg

_MOST_SECTIONS = 100
_MOST_PAIRS = 1000
_JPEG = 18
_TEXTS = {
    "CAMMANUF": "Image Make",
    "CAMMODEL": "Image Model",
    "FIRMVERS": "Image Software",
    "CAMSERIAL": "EXIF BodySerialNumber",
}
_NUMBERS = {
    "ISO": "EXIF ISOSpeedRatings",
    "APERTURE": "EXIF FNumber",
    "SHUTTER": "EXIF ExposureTime",
    "FLENGTH": "EXIF FocalLength",
}


def read_x3f(stream: BinaryIO) -> Header:
    """The size of the raw; EXIF of the preview in newer files, the camera's own words in older ones."""
    stream.seek(28)
    width, height = struct.unpack("<II", stream.read(8).ljust(8, b"\0"))
    found = Header(values.size(width, height))
    for kind, section in _sections(stream):
        if kind == b"PROP":
            found = replace(found, tags=_tags(dict(_pairs(section))))
        elif kind == b"IMA2" and not found.exif and _is_jpeg(section):
            found = replace(found, exif=read_jpeg(io.BytesIO(section[28:])).exif)
    return found


def _sections(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the start of each section; the file's last four bytes say where the list of them is."""
    stream.seek(-4, io.SEEK_END)
    stream.seek(int.from_bytes(stream.read(4), "little"))
    head = stream.read(12)
    if not head.startswith(b"SECd"):
        return
    count = min(int.from_bytes(head[8:12], "little"), _MOST_SECTIONS)
    entries = stream.read(12 * count)
    for offset, length, kind in rows("<II4s", entries):
        if kind in (b"PROP", b"IMA2"):
            stream.seek(offset)
            yield kind, stream.read(min(length, LARGEST_READ))


def _is_jpeg(section: bytes) -> bool:
    return section.startswith(b"SECi") and int.from_bytes(section[12:16], "little") == _JPEG


def _pairs(section: bytes) -> Iterator[tuple[str, str]]:
    """The words and what they stand for, from a table of places in UTF-16 text."""
    if not section.startswith(b"SECp"):
        return
    count = min(int.from_bytes(section[8:12], "little"), _MOST_PAIRS)
    table, words = section[24 : 24 + 8 * count], section[24 + 8 * count :]
    for key, value in rows("<II", table):
        yield _word(words, key), _word(words, value)


def _word(words: bytes, at: int) -> str:
    return words[2 * at : 2 * at + 512].decode("utf-16-le", "replace").partition("\0")[0]


def _tags(told: dict[str, str]) -> dict[str, object]:
    """The camera's words as EXIF tags; the lens stands there only as a code."""
    tags: dict[str, object] = {tag: told[word] for word, tag in _TEXTS.items() if word in told}
    tags |= {tag: [values.number(told[word])] for word, tag in _NUMBERS.items() if word in told}
    time = values.number(told.get("TIME"))
    if time and 0 < time < 1 << 32:
        tags["EXIF DateTimeOriginal"] = datetime.fromtimestamp(time, UTC).strftime("%Y:%m:%d %H:%M:%S")
    return tags
