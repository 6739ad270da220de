"""What Nikon writes into its films: numbered entries, in MOV and MP4 typed as in EXIF, in AVI without."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cardcat.media import values
from cardcat.media.boxes import boxes
from cardcat.media.films.numbers import ratio
from cardcat.media.geo import place, sexagesimal
from cardcat.media.told import told
from cardcat.metadata import Metadata

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_MOST = 2000
_LONGEST = 200
_GPS = 0x1200000

Entries = dict[int, bytes]


def read_ncdt(data: bytes) -> Metadata:
    """The camera, the lens, the exposure and the clock in the `NCDT` box of a MOV or MP4."""
    box = next((box for box in boxes(data) if box.kind == b"NCTG"), None)
    if box is None:
        return Metadata()
    entries = dict(_typed(data[box.start : box.end]))
    return told(
        make=entries.get(0x01),
        model=entries.get(0x02),
        software=entries.get(0x03),
        date=values.local_time(entries.get(0x12) or entries.get(0x11)),
        exposure=ratio(entries.get(0x110829A, b""), 0, "big"),
        f_number=ratio(entries.get(0x110829D, b""), 0, "big"),
        focal=ratio(entries.get(0x110920A, b""), 0, "big"),
        serial=entries.get(0x110A431),
        lens=entries.get(0x110A434),
        lens_serial=entries.get(0x110A435),
        where=place(_degrees(entries, _GPS + 1), _degrees(entries, _GPS + 3)),
    )


def _typed(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number, type, count and value of each entry, all big-endian."""
    at = 0
    for _ in range(_MOST):
        if at + 8 > len(data):
            return
        number, form, count = struct.unpack_from(">IHH", data, at)
        size = _SIZES.get(form, 0) * count
        if form not in _SIZES or at + 8 + size > len(data):
            return
        yield number, data[at + 8 : at + 8 + min(size, _LONGEST)]
        at += 8 + size


def _degrees(entries: Entries, reference: int) -> float | None:
    """From N, S, E or W and the three fractions of the entry behind it."""
    parts = [ratio(entries.get(reference + 1, b""), at, "big") for at in (0, 8, 16)]
    return sexagesimal(parts, values.text(entries.get(reference)))


def read_nctg(data: bytes) -> Metadata:
    """The same of the `nctg` chunk of an AVI: number, size and value, little-endian."""
    entries: Entries = {}
    at = 0
    while at + 4 <= len(data) and len(entries) < _MOST:
        number, size = struct.unpack_from("<HH", data, at)
        entries.setdefault(number, data[at + 4 : at + 4 + min(size, _LONGEST)])
        at += 4 + size
    return told(
        make=entries.get(0x03),
        model=entries.get(0x04),
        software=entries.get(0x05),
        exposure=ratio(entries.get(0x08, b""), 0),
        f_number=ratio(entries.get(0x09, b""), 0),
        focal=ratio(entries.get(0x0F, b""), 0),
        date=values.local_time(entries.get(0x13)),
    )
