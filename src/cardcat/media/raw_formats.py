"""Which of the many formats that are TIFF inside: a scan, DNG, or the raw of some maker."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import struct
from collections.abc import Mapping

from cardcat.media.ifd import Entry, entries, number, order_of, rows

_COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 0x103, 0x106, 0x10F, 0x14A, 0xC612
_OF_A_SENSOR = (32803, 34892)
_COMPRESSIONS_OF_RAWS = frozenset((32767, 32769, 32770, 32772, 34713, 34892, 65000, 65535))
_MOST_TAGS = 200

# What a maker's raws are called, by how its name begins; the first where the file's name is another.
_MAKERS = {
    "NIKON": ("NEF", "NRW"),
    "SONY": ("ARW", "SR2", "SRF", "ARQ"),
    "CANON": ("CR2", "TIF"),
    "PENTAX": ("PEF",),
    "RICOH": ("PEF",),
    "SAMSUNG": ("SRW",),
    "HASSELBLAD": ("3FR", "FFF"),
    "EASTMAN KODAK": ("DCR", "KDC", "K25"),
    "KODAK": ("KDC", "DCR", "K25"),
    "EPSON": ("ERF",),
    "SEIKO EPSON": ("ERF",),
    "MAMIYA": ("MEF", "MOS"),
    "LEAF": ("MOS", "IIQ"),
    "PHASE ONE": ("IIQ",),
    "LEICA": ("RWL", "DNG"),
    "PANASONIC": ("RW2", "RAW"),
    "OLYMPUS": ("ORF",),
}
_BY_NAME = frozenset(suffix for suffixes in _MAKERS.values() for suffix in suffixes) - {"TIF"}

_Ifd = Mapping[int, tuple[int, ...] | bytes]


def of_tiff(head: bytes, suffix: str) -> str:
    """The format of a file that begins as TIFF, from the IFDs in its *head* and its name's *suffix*."""
    if head[8:12] in (b"IIII", b"MMMM"):
        return "IIQ"
    if head[8:11] == b"CR\2":
        return "CR2"
    order = order_of(head)
    if head[2:4] in (b"+\0", b"\0+"):
        return "DNG" if suffix == "dng" else "TIFF"
    first = _ifd(head, order, number(order, head[4:8]))
    if _DNG_VERSION in first:
        return "GPR" if suffix == "gpr" else "DNG"
    named = suffix.upper() if suffix.upper() in _BY_NAME or suffix == "dng" else None
    make = first.get(_MAKE, b"")
    raws = _raws_of(make if isinstance(make, bytes) else b"")
    if named and (not raws or named in raws):  # the IFD may stand at the end of the file
        return named
    return raws[0] if raws and _is_raw(head, order, first) else "TIFF"


def _raws_of(make: bytes) -> tuple[str, ...]:
    maker = make.decode("latin-1").upper()
    return next((raws for start, raws in _MAKERS.items() if maker.startswith(start)), ())


def _is_raw(head: bytes, order: str, first: _Ifd) -> bool:
    """Whether any picture comes straight from a sensor."""
    offsets = first.get(_SUB_IFDS, ())
    ifds = [first, *(_ifd(head, order, offset) for offset in offsets)]
    return any(
        bool(
            _numbers(ifd, _PHOTOMETRIC) & {*_OF_A_SENSOR}
            or _numbers(ifd, _COMPRESSION) & _COMPRESSIONS_OF_RAWS
        )
        for ifd in ifds
    )


def _numbers(ifd: _Ifd, tag: int) -> set[int]:
    return set(ifd.get(tag, ()))


def _ifd(head: bytes, order: str, offset: int) -> _Ifd:
    """The tags of one IFD that tell a format, as far as *head* goes."""
    found: dict[int, tuple[int, ...] | bytes] = {}
    for entry in entries(head, order, offset, _MOST_TAGS):
        if entry.tag == _DNG_VERSION:
            found[entry.tag] = entry.raw
        elif entry.tag == _MAKE and entry.kind == 2:
            found[entry.tag] = _bytes(head, entry, min(entry.amount, 64))
        elif entry.tag in (_COMPRESSION, _PHOTOMETRIC, _SUB_IFDS) and entry.kind in (3, 4, 13):
            found[entry.tag] = _array(head, order, entry)
    return found


def _array(head: bytes, order: str, entry: Entry) -> tuple[int, ...]:
    layout = f"{order}{min(entry.amount, 8)}{'H' if entry.kind == 3 else 'I'}"
    data = _bytes(head, entry, struct.calcsize(layout))
    return next(rows(layout, data), ()) if data else ()


def _bytes(head: bytes, entry: Entry, size: int) -> bytes:
    """The first *size* bytes of a value: of the entry itself where it fits, else from where it points to."""
    return entry.raw[:size] if size <= 4 else head[entry.offset : entry.offset + size]
