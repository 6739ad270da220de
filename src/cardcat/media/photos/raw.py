"""Camera raws that are not built like TIFF: Canon's CR3 and CRW, Fujifilm's RAF, Minolta's MRW."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.bounded import LARGEST_READ
from cardcat.media.boxes import CANON, boxes, content_of, top_boxes
from cardcat.media.photos.header import MAX_STEPS, Header, exif_stream
from cardcat.media.photos.jpeg import read_jpeg
from cardcat.media.photos.tiff import tiff_size

# Its IFDs, and the tag that leads to each where they are in one TIFF.
_CANON_IFDS = {b"CMT1": None, b"CMT2": 0x8769, b"CMT4": 0x8825}
_LARGEST_CRW = 1 << 25


def read_cr3(stream: BinaryIO) -> Header:
    """
    Canon keeps the first IFD, the EXIF and the GPS IFD as TIFF blocks in a box of its own.

    The maker's note is another; its second reader wants the whole of that box.
    """
    tops = {box.kind: box for box in top_boxes(stream)}
    movie = content_of(stream, tops[b"moov"]) if b"moov" in tops else b""
    blocks = {
        part.kind: movie[part.start : part.end]
        for box in boxes(movie)
        if box.kind == b"uuid" and movie[box.start : box.start + 16] == CANON
        for part in boxes(movie, box.start + 16, box.end)
    }
    size = tiff_size(io.BytesIO(blocks[b"CMT1"])) if b"CMT1" in blocks else None
    exif = [_rooted(blocks[kind], tag) for kind, tag in _CANON_IFDS.items() if kind in blocks]
    second = _box(b"ftyp", b"crx \0\0\0\1crx isom") + _box(b"moov", movie) if blocks else b""
    return Header(size, tuple(found for block in exif for found in exif_stream(block)), second=second)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _rooted(block: bytes, tag: int | None) -> bytes:
    """A TIFF whose first IFD leads to that of *block* by *tag*, so that its tags mean what they should."""
    order = "<" if block.startswith(b"II") else ">"
    if tag is None or len(block) < 8:
        return block
    entry = struct.pack(order + "HHHI4sI", 1, tag, 4, 1, block[4:8], 0)
    return block[:4] + struct.pack(order + "I", len(block)) + block[8:] + entry


def read_crw(stream: BinaryIO) -> Header:
    """Its directory stands at the end and is Canon's own, so the second reader gets the file."""
    stream.seek(0, io.SEEK_END)
    if stream.tell() > _LARGEST_CRW:
        return Header()
    stream.seek(0)
    return Header(second=stream.read(_LARGEST_CRW))


def read_raf(stream: BinaryIO) -> Header:
    """Fujifilm keeps everything in the JPEG preview that its header points to."""
    stream.seek(84)
    offset, length = struct.unpack(">II", stream.read(8).ljust(8, b"\0"))
    stream.seek(offset)
    preview = read_jpeg(io.BytesIO(stream.read(min(length, LARGEST_READ))))
    return replace(preview, format=None, bit_depth=None, color_space=None)


def read_mrw(stream: BinaryIO) -> Header:
    """Minolta's blocks: one with the size, one that is a TIFF."""
    stream.seek(4)
    end = 8 + int.from_bytes(stream.read(4), "big")
    found, at = Header(), 8
    for _ in range(MAX_STEPS):
        if at + 8 > end:
            break
        stream.seek(at)
        kind, length = struct.unpack(">4sI", stream.read(8).ljust(8, b"\0"))
        if kind == b"\0PRD":
            height, width, depth = struct.unpack(">12xHHB", stream.read(17).ljust(17, b"\0"))
            found = replace(found, size=values.size(width, height), bit_depth=depth or None)
        elif kind == b"\0TTW":
            return replace(found, exif=exif_stream(stream.read(min(length, LARGEST_READ))))
        at += 8 + length
    return found
