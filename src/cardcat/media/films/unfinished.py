"""
Whether a recording was ended properly, by its containers' headers alone.

Only what is surely wrong is told: a film that plays from its beginning to its end is never called unfinished.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from typing import BinaryIO

from cardcat.media.boxes import MOST, boxes_in
from cardcat.media.films.avi import chunks

INDEXES = (b"moov", b"moof")  # without one of them nothing of a film can be shown
TOP_BOXES = frozenset(
    b"ftyp styp moov moof mdat free skip wide pnot udta meta uuid sidx mfra emsg prft".split()
)

_NO_INDEX = "has no index ({}), so the recording was not ended properly"
_TAIL = 1 << 20  # bytes at the end of an MXF film that are searched
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d010201")
_MXF_OPEN = (1, 3)
_MXF_RANDOM_INDEX = bytes.fromhex("060e2b34020501010d01020101110100")


def unfinished(stream: BinaryIO, size: int) -> str | None:
    """What completes the sentence "it …" if the film of *size* bytes was not ended properly."""
    stream.seek(0)
    head = stream.read(64)
    if head[4:8] in TOP_BOXES:
        return _boxes(stream, size)
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return _avi(stream, size)
    if head.startswith(_MXF_PARTITION):
        return _mxf(stream, size)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _matroska(head, size)
    return None


def _boxes(stream: BinaryIO, size: int) -> str | None:
    """MP4, MOV and their kin: all of the last box must be there, and an index."""
    kinds, missing = [], 0
    for box in boxes_in(stream, 0, size):
        missing = box.claimed_end - size
        if missing > 0 and box.kind not in TOP_BOXES:
            missing = 0  # what cameras put behind a film is not always made of boxes
            break
        kinds.append(box.kind)
    has_index = any(kind in INDEXES for kind in kinds)
    if missing > 0:
        return _cut(missing) if has_index else f"{_cut(missing)}, its index (moov) among them"
    return None if has_index or len(kinds) >= MOST else _NO_INDEX.format("moov")


def _cut(missing: int) -> str:
    return f"is cut off: {missing:,} {'byte is' if missing == 1 else 'bytes are'} missing"


def _avi(stream: BinaryIO, size: int) -> str | None:
    """Up to the ends that its parts claim; a size of nothing is what stands there while it is recorded."""
    parts = [part for part in chunks(stream, 0, size) if part.kind == b"RIFF"]
    if not parts or parts[0].claimed_end == 8:
        return _NO_INDEX.format("idx1")
    missing = max(part.claimed_end for part in parts) - size
    if missing > 1:  # an odd end may lack its filling byte
        return _cut(missing)
    has_pictures = any(part.inner == b"movi" for part in chunks(stream, 12, size))
    return None if has_pictures else _NO_INDEX.format("idx1")


def _mxf(stream: BinaryIO, size: int) -> str | None:
    """A header that is still open, no footer that it names and none at the end."""
    stream.seek(0)
    head = stream.read(96)
    length = head[16] if len(head) > 16 else 0
    at = 17 + (length & 0x7F if length & 0x80 else 0)
    footer = int.from_bytes(head[at + 24 : at + 32], "big")
    if footer > size:
        return f"is cut off: more than {footer - size:,} bytes are missing"
    if len(head) < at + 32 or head[14] not in _MXF_OPEN or footer:
        return None
    stream.seek(max(0, size - _TAIL))
    tail = stream.read(_TAIL)
    has_footer = _MXF_RANDOM_INDEX in tail or _MXF_PARTITION + b"\x01\x04" in tail
    return None if has_footer else "has no footer, so the recording was not ended properly"


def _matroska(head: bytes, size: int) -> str | None:
    """Only where the one segment says how long it is; a stream that was never closed does not."""
    begin = 5 + (head[4] & 0x7F) if head[4] & 0x80 else 0
    if not begin or head[begin : begin + 4] != b"\x18\x53\x80\x67" or len(head) < begin + 5:
        return None
    width = 9 - head[begin + 4].bit_length()
    written = head[begin + 4 : begin + 4 + width]
    length = int.from_bytes(written, "big") & ((1 << 7 * width) - 1)
    if len(written) < width or length == (1 << 7 * width) - 1:
        return None
    missing = begin + 4 + width + length - size
    return _cut(missing) if missing > 0 else None
