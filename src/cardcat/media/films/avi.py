"""What cameras write into their AVI films beside what MediaInfo reads: camera and exposure."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.combining import combined
from cardcat.media.films.nikon import read_nctg
from cardcat.media.films.numbers import ratio
from cardcat.media.told import told
from cardcat.metadata import Metadata

_MOST = 500
_LARGEST = 1 << 16
_LISTS = (b"RIFF", b"LIST")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its name, for a list also the list's, where its content begins, the end that it claims."""

    kind: bytes
    inner: bytes
    start: int
    claimed_end: int


def chunks(stream: BinaryIO, start: int, end: int) -> Iterator[Chunk]:
    """The chunks between *start* and *end* of *stream*, up to the first that is none."""
    for _ in range(_MOST):
        if start + 8 > end:
            return
        stream.seek(start)
        head = stream.read(12)
        if len(head) < 8 or not head[:4].isascii():
            return
        size = int.from_bytes(head[4:8], "little")
        is_list = head[:4] in _LISTS
        yield Chunk(
            head[:4], head[8:12] if is_list else b"", start + (12 if is_list else 8), start + 8 + size
        )
        start += 8 + size + (size & 1)


def told_by_avi(stream: BinaryIO, size: int) -> Metadata:
    """All that the chunks before the pictures, and those behind them, say."""
    return combined(Metadata(), *_answers(stream, 12, size, 0))


def _answers(stream: BinaryIO, start: int, end: int, depth: int) -> Iterator[Metadata]:
    for chunk in chunks(stream, start, end):
        if chunk.inner in _FOLDERS and depth < 3:
            yield from _answers(stream, chunk.start, min(chunk.claimed_end, end), depth + 1)
        elif chunk.kind in _READERS:
            stream.seek(chunk.start)
            yield _READERS[chunk.kind](
                stream.read(max(0, min(chunk.claimed_end - chunk.start, end - chunk.start, _LARGEST)))
            )


def _junk(data: bytes) -> Metadata:
    """Olympus and Pentax hide a table of fixed places in what others fill up with zeros."""
    if not data.startswith((b"OLYMDigital Camera", b"PENTDigital Camera")):
        return Metadata()
    return told(
        make=data[0x12:0x2A],
        model=data[0x2C:0x44],
        f_number=ratio(data, 0x5E),
        date=values.local_time(data[0x83:0x9B]),
    )


_FOLDERS = (b"hdrl", b"strl", b"ncdt", b"exif", b"INFO")
_READERS: dict[bytes, Callable[[bytes], Metadata]] = {
    b"nctg": read_nctg,
    b"JUNK": _junk,
    b"ecor": lambda data: told(make=data),
    b"emdl": lambda data: told(model=data),
    b"ISFT": lambda data: _by_program(values.text(data) or ""),
}


def _by_program(program: str) -> Metadata:
    """Some cameras name themselves where a program would."""
    if program.startswith("PENTAX "):
        return told(make="PENTAX", model=program)
    return told(make="Canon") if program.startswith("CanonMVI") else Metadata()
