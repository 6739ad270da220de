"""What MP4 and MOV films hold beside their pictures: the notes of makers, by the letters of their boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from cardcat.media import values
from cardcat.media.boxes import CANON, Box, boxes, boxes_in, content_of

_LARGEST = 1 << 20  # bytes of one note
_MOST_NOTES = 200
_MOST_KEYS = 200
_MOST_BYTES = 1 << 23  # of all notes together


@dataclass(frozen=True, slots=True)
class Atoms:
    """
    *seconds* is how long the film says it is; *notes* are contents by the letters of their boxes.

    *keys* are Apple's and Android's words by their long names, *documents* XML beside the film.
    """

    seconds: float | None = None
    notes: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[str, bytes] = field(default_factory=dict)
    documents: list[bytes] = field(default_factory=list)


def read_atoms(stream: BinaryIO, size: int) -> Atoms:
    """The notes of a film of *size* bytes; whatever is not there is left out."""
    notes: dict[bytes, bytes] = {}
    keys: dict[str, bytes] = {}
    documents: list[bytes] = []
    seconds = None
    room = _MOST_BYTES
    for at in _noted(stream, size):
        told = _note(stream, at)
        room -= len(told)
        if room < 0 or len(notes) >= _MOST_NOTES:
            break
        if at.kind == b"mvhd":
            seconds = seconds or _seconds(told)
        elif at.kind == b"meta":
            _take_meta(told, keys, documents)
        elif told:
            notes.setdefault(at.kind, told)
    return Atoms(seconds, notes, keys, documents)


def _note(stream: BinaryIO, at: Box) -> bytes:
    """What is in the box; empty if it is too large to be a camera's note."""
    return content_of(stream, at) if at.end - at.start <= _LARGEST else b""


def _noted(stream: BinaryIO, size: int) -> Iterator[Box]:
    """The boxes worth reading: those about the film, its user data, and what its tracks say of themselves."""
    for top in boxes_in(stream, 0, size):
        if top.kind == b"meta":
            yield top
        elif top.kind == b"moov":
            for part in boxes_in(stream, top.start, top.end):
                yield from _of_movie(stream, part)


def _of_movie(stream: BinaryIO, part: Box) -> Iterator[Box]:
    if part.kind in (b"mvhd", b"meta"):
        yield part
    elif part.kind == b"udta":
        yield from boxes_in(stream, part.start, part.end)
    elif part.kind == b"trak":
        yield from (one for one in boxes_in(stream, part.start, part.end) if one.kind == b"meta")
    elif part.kind == b"uuid":
        stream.seek(part.start)
        if stream.read(16) == CANON:
            yield from boxes_in(stream, part.start + 16, part.end)


def _seconds(header: bytes) -> float | None:
    """How long all of it is shown, by the movie's header."""
    scale, length = (
        (header[20:24], header[24:32]) if header[:1] == b"\x01" else (header[12:16], header[16:20])
    )
    if not int.from_bytes(scale, "big") or length.count(0xFF) == len(length):
        return None
    return values.duration(int.from_bytes(length, "big") / int.from_bytes(scale, "big"))


def _take_meta(told: bytes, keys: dict[str, bytes], documents: list[bytes]) -> None:
    """Apple's keys with their values, and XML, out of a box that QuickTime writes without a version."""
    start = 0 if told[4:8] == b"hdlr" else 4
    named: list[str] = []
    for box in boxes(told, start):
        if box.kind == b"xml ":
            documents.append(told[box.start + 4 : box.end])
        elif box.kind == b"keys":
            named = _names(told[box.start + 8 : box.end])
        elif box.kind == b"ilst":
            for name, value in _items(told[box.start : box.end], named):
                keys.setdefault(name, value)


def _names(table: bytes) -> list[str]:
    every: Iterable[bytes] = (table[box.start : box.end] for box in boxes(table))
    return [name.decode("utf-8", "replace") for _, name in zip(range(_MOST_KEYS), every, strict=False)]


def _items(table: bytes, named: list[str]) -> Iterator[tuple[str, bytes]]:
    for item in boxes(table):
        number = int.from_bytes(item.kind, "big")
        value = next((box for box in boxes(table, item.start, item.end) if box.kind == b"data"), None)
        if value and 1 <= number <= len(named):
            yield named[number - 1], table[value.start + 8 : value.end]
