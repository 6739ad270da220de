"""What AVCHD cameras write into their video itself: maker, clock, aperture, shutter, place."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

from typing import BinaryIO

from cardcat.media import values
from cardcat.media.geo import NOWHERE, Where, place, sexagesimal
from cardcat.media.told import told
from cardcat.metadata import Metadata

_SEARCHED = 1 << 18  # bytes of the file; the first picture carries it
_LONGEST = 1024  # bytes of it
_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
_SHUTTER_CLOCK = 28125  # ticks a second

Packs = dict[int, bytes]


def told_by_transport(stream: BinaryIO) -> Metadata:
    """What stands with the first picture of an MTS or M2TS film; nothing for other transport streams."""
    stream.seek(0)
    data = stream.read(_SEARCHED)
    for payload in _payloads(data):
        at = payload.find(_MARK)
        if at >= 0:
            told_there = payload[at + len(_MARK) : at + _LONGEST].replace(b"\0\0\3", b"\0\0")
            return _told(_packs(told_there))
    return Metadata()


def _payloads(data: bytes) -> list[bytes]:
    """What the packets of each stream carry, put together."""
    start, length = (4, 192) if data[4:5] == b"\x47" else (0, 188)
    streams: dict[int, bytearray] = {}
    for at in range(start, len(data) - 187, length):
        head = int.from_bytes(data[at : at + 4], "big")
        if head >> 24 != 0x47 or not head & 0x10:
            continue
        skipped = 5 + data[at + 4] if head & 0x20 else 4
        streams.setdefault(head >> 8 & 0x1FFF, bytearray()).extend(data[at + skipped : at + 188])
    return [bytes(payload) for payload in streams.values()]


def _packs(data: bytes) -> Packs:
    """A count, then a number and four bytes each; the numbers rise."""
    found: Packs = {}
    last = -1
    for at in range(1, min(len(data), 1 + 5 * data[0] if data else 0) - 4, 5):
        if data[at] <= last:
            break
        last = data[at]
        found[last] = data[at + 1 : at + 5]
    return found


def _told(packs: Packs) -> Metadata:
    make = _MAKERS.get(int.from_bytes(packs.get(0xE0, b"")[:2], "big"))
    model = b"".join(packs.get(number, b"") for number in (0xE4, 0xE5, 0xE6))
    return told(
        make=make,
        model=model if make == "Sony" else None,  # others use these numbers otherwise
        date=_date(packs),
        f_number=_half_ratio(packs.get(0xA1)),
        exposure=_half_ratio(packs.get(0xA0)) or _shutter(packs.get(0x7F)),
        where=_where(packs),
    )


def _date(packs: Packs) -> str | None:
    """Two digits a byte, behind a byte that says how far the clock is from UTC."""
    written = (packs.get(0x18, b"") + packs.get(0x19, b"")).hex()
    if len(written) != 16:
        return None
    zone = int(written[:2], 16)
    offset = f"{'-' if zone & 0x20 else '+'}{zone >> 1 & 0xF:02}:{'30' if zone & 1 else '00'}"
    year, month, day, hour, minute, second = (
        written[2:6], *(written[at : at + 2] for at in range(6, 16, 2))
    )  # fmt: skip
    clock = f"{year}-{month}-{day} {hour}:{minute}:{second}"
    return values.local_time(clock, None if zone & 0x80 else offset)


def _half_ratio(pack: bytes | None) -> float | None:
    """A fraction of two 16-bit numbers."""
    below = int.from_bytes(pack[2:], "big") if pack else 0
    return int.from_bytes(pack[:2], "big") / below if pack and below else None


def _shutter(pack: bytes | None) -> float | None:
    ticks = int.from_bytes(pack[2:], "little") & 0x7FFF if pack else 0
    return ticks / _SHUTTER_CLOCK if 0 < ticks < 0x7FFF else None


def _where(packs: Packs) -> Where:
    north, east = _degrees(packs, 0xB1), _degrees(packs, 0xB5)
    return NOWHERE if north is None or east is None else place(north, east)


def _degrees(packs: Packs, reference: int) -> float | None:
    """N, S, E or W, then degrees, minutes and seconds as fractions."""
    parts = [_half_ratio(packs.get(number)) for number in range(reference + 1, reference + 4)]
    return sexagesimal(parts, values.text(packs.get(reference)))
