"""PNG and WebP, which are built of chunks."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.bounded import LARGEST_READ
from cardcat.media.photos import icc
from cardcat.media.photos.header import MAX_STEPS, Header, exif_stream, pair

_XMP = b"XML:com.adobe.xmp"
_RAW_PROFILE = b"Raw profile type "  # ImageMagick's way to put EXIF into a text
_APP1_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MOST_TEXTS = 100
_LONGEST_TEXT = 1 << 20
_PROFILES = (b"iCCP", b"sRGB")


def read_png(stream: BinaryIO) -> Header:
    """The size stands first; EXIF, XMP and profile in chunks or texts, which may follow the pixels."""
    stream.seek(12)
    first = stream.read(13)
    if not first.startswith(b"IHDR"):
        return Header(format="PNG")
    found = Header(
        pair(">II", first[4:]), format="PNG", bit_depth=int.from_bytes(first[12:13], "big") or None
    )
    texts = 0
    for kind, length in _png_chunks(stream):
        if kind == b"acTL":
            found = replace(found, format="APNG")
        elif kind in _PROFILES and found.color_space is None:
            name = "sRGB" if kind == b"sRGB" else _profile_name(stream.read(min(length, _LONGEST_TEXT)))
            found = replace(found, color_space=name)
        elif kind == b"eXIf":
            return replace(found, exif=exif_stream(stream.read(min(length, LARGEST_READ))) or found.exif)
        elif kind in _TEXTS and texts < _MOST_TEXTS:
            texts += 1
            found = _with_text(found, kind, stream.read(min(length, _LONGEST_TEXT)))
    return found


def _png_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """The kind and length of each chunk; the stream stands at its content."""
    at = 8
    for _ in range(MAX_STEPS):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], length
        at += length + 12


def _with_text(found: Header, kind: bytes, text: bytes) -> Header:
    """The header with the EXIF or XMP that a text may be."""
    key, _, value = text.partition(b"\0")
    if key == _XMP:
        return replace(found, xmp=found.xmp or _international(value))
    if not key.startswith(_RAW_PROFILE):
        return found
    profile = _unhexed(
        _international(value) if kind == b"iTXt" else _inflated(value[1:]) if kind == b"zTXt" else value
    )
    if profile.startswith(_APP1_XMP):
        return replace(found, xmp=found.xmp or profile.removeprefix(_APP1_XMP))
    if key.endswith(b"xmp"):
        return replace(found, xmp=found.xmp or profile)
    return replace(found, exif=found.exif or exif_stream(profile))


def _international(value: bytes) -> bytes:
    """The text behind the flags and languages of an iTXt chunk."""
    text = value[2:].split(b"\0", 2)[-1]
    return _inflated(text) if value[:1] == b"\1" else text


def _inflated(data: bytes) -> bytes:
    """The first bytes of what is compressed in *data*, empty if it is damaged."""
    try:
        return zlib.decompressobj().decompress(data, _LONGEST_TEXT)
    except zlib.error:
        return b""


def _unhexed(text: bytes) -> bytes:
    """The bytes of a raw profile: a name and a length, then hexadecimal digits in lines."""
    parts = text.strip().split(maxsplit=2)
    try:
        return binascii.unhexlify(b"".join(parts[2].split())) if len(parts) == 3 else b""
    except binascii.Error:
        return b""


def _profile_name(chunk: bytes) -> str | None:
    """By the profile; by the chunk's own name for it if that can't be read."""
    name, _, profile = chunk.partition(b"\0")
    return icc.color_space(_inflated(profile[1:])) or values.text(name)


def read_webp(stream: BinaryIO) -> Header:
    """The size stands in the first chunk; profile, EXIF and XMP in chunks of their own."""
    stream.seek(12)
    found = Header(_webp_size(stream.read(18)), bit_depth=8)
    stream.seek(12)
    for _ in range(MAX_STEPS):
        head = stream.read(8)
        length = int.from_bytes(head[4:], "little")
        after = stream.tell() + length + (length & 1)
        if len(head) < 8 or (found.exif and found.xmp):
            break
        if head[:4] == b"EXIF" and not found.exif:
            found = replace(found, exif=exif_stream(stream.read(min(length, LARGEST_READ))))
        elif head[:4] == b"XMP " and not found.xmp:
            found = replace(found, xmp=stream.read(min(length, LARGEST_READ)))
        elif head[:4] == b"ICCP":
            found = replace(found, color_space=icc.color_space(stream.read(min(length, LARGEST_READ))))
        stream.seek(after)
    return found


def _webp_size(chunk: bytes) -> tuple[int, int] | None:
    """From the head of a file's first chunk: the canvas, or the one lossy or lossless frame."""
    if len(chunk) < 18:
        return None
    if chunk.startswith(b"VP8X"):
        return values.size(*(int.from_bytes(chunk[at : at + 3], "little") + 1 for at in (12, 15)))
    if chunk.startswith(b"VP8L"):
        bits = int.from_bytes(chunk[9:13], "little")
        return values.size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", chunk[14:18])
    return values.size(width & 0x3FFF, height & 0x3FFF)
