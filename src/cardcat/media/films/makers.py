"""What the makers' boxes of MP4 and MOV films say, which MediaInfo does not: camera, lens, clock, place."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import re
from collections.abc import Callable

from cardcat.media import values
from cardcat.media.boxes import boxes
from cardcat.media.combining import combined
from cardcat.media.films.atoms import Atoms
from cardcat.media.films.nikon import read_ncdt
from cardcat.media.films.picture import told_by_picture
from cardcat.media.films.tags import read_pent, read_tags
from cardcat.media.geo import iso_6709, place
from cardcat.media.sidecars.clip_xml import read_clip_xml
from cardcat.media.told import told
from cardcat.metadata import DateSource, Metadata

_LENS = "com.apple.quicktime.camera.lens_model"
_LARGEST_GPMF = 1 << 16
_PICTURE = re.compile(rb"\xff\xd8\xff[\xe0\xe1]")


def told_by_makers(atoms: Atoms) -> Metadata:
    """All that the boxes say; of two that say the same, the one that stands first in the list of readers."""
    found = [read(atoms.notes[kind]) for kind, read in _NOTES.items() if kind in atoms.notes]
    found += [_told_by_document(document) for document in atoms.documents]
    return combined(told(lens=atoms.keys.get(_LENS)), *found)


def _text(field: str, make: str | None = None) -> Callable[[bytes], Metadata]:
    """A reader of a box that is one text; *make* is whose box it is."""

    def read(data: bytes) -> Metadata:
        named = {field: _bare(data)}
        return told(**({"make": make} if make else {}), **named)  # type: ignore[arg-type] # fields by name

    return read


def _bare(data: bytes) -> bytes:
    """The text without the length and the language before it, which some makers write and some do not."""
    if data.startswith(b"\0\0\0\0"):  # as phones write it
        return data[6:]
    length = int.from_bytes(data[:2], "big")
    return data[4 : 4 + length] if 0 < length <= len(data) - 4 and data[:1] < b" " else data


def _date(data: bytes) -> Metadata:
    return told(date=values.local_time(_bare(data)))


def _xyz(data: bytes) -> Metadata:
    return told(where=iso_6709(_bare(data)))


def _loci(data: bytes) -> Metadata:
    """A place as phones write it: behind a name, fractions of 65,536, east first."""
    after = data.find(b"\0", 6) + 2
    if after < 8 or len(data) < after + 12:
        return Metadata()
    east, north, up = (
        int.from_bytes(data[at : at + 4], "big", signed=True) / 65536 for at in range(after, after + 12, 4)
    )
    return told(where=place(north, east, up))


def _gpmf(data: bytes) -> Metadata:
    """GoPro's own: keys of four letters, a type, a size and a count; what nests has no type."""
    keys: dict[bytes, bytes] = {}
    at, end = 0, min(len(data), _LARGEST_GPMF)
    while at + 8 <= end:
        length = 0
        if data[at + 4]:
            length = data[at + 5] * int.from_bytes(data[at + 6 : at + 8], "big")
            keys.setdefault(data[at : at + 4], data[at + 8 : at + 8 + length])
        at += 8 + length + -length % 4
    return told(
        make="GoPro",
        model=keys.get(b"MINF"),
        software=keys.get(b"FMWR"),
        serial=keys.get(b"CASN"),
        lens_serial=keys.get(b"LINF"),
    )


def _inner_picture(data: bytes) -> Metadata:
    """The EXIF of the first small picture in the box."""
    at = _PICTURE.search(data)
    return told_by_picture(data[at.start() :]) if at else Metadata()


def _canon(data: bytes) -> Metadata:
    return combined(_inner_picture(data), told(make="Canon"))


def _panasonic(data: bytes) -> Metadata:
    if data.startswith((b"LEICA", b"Panasonic")):
        camera = told(make=data[:22], model=data[0x16:0x34])
    else:
        at = next((at for at in (4, 12) if b"\0" not in data[at : at + 6]), None)
        camera = told(
            make="Panasonic", model=data[at : at + 16] if at and data[at : at + 6].isascii() else None
        )
    return combined(_inner_picture(data), camera)


def _samsung(data: bytes) -> Metadata:
    model = next((data[box.start : box.end] for box in boxes(data, 4) if box.kind == b"mdln"), None)
    return told(make="samsung" if model else None, model=model)


def _samsung_camera(data: bytes) -> Metadata:
    return told(make=data[:32], model=data[32:64])


def _minolta(data: bytes) -> Metadata:
    return told(make=data[:20], software=data[20:36])


def _told_by_document(document: bytes) -> Metadata:
    """Sony's XML, which stands in the film as it does beside it; here it is the film's own clock."""
    try:
        return read_clip_xml(document, DateSource.CREATION_DATE)
    except ValueError:
        return Metadata()


_NOTES: dict[bytes, Callable[[bytes], Metadata]] = {
    b"GPMF": _gpmf,
    b"CNTH": _canon,
    b"NCDT": read_ncdt,
    b"PANA": _panasonic,
    b"LEIC": _panasonic,
    b"RICO": lambda data: told_by_picture(b"\xff\xd8" + data),
    b"CMT1": told_by_picture,
    b"RMKN": told_by_picture,
    b"SIGM": told_by_picture,
    b"TAGS": read_tags,
    b"PENT": read_pent,
    b"MMA0": _minolta,
    b"MMA1": _minolta,
    b"@sec": _samsung_camera,
    b"smta": _samsung,
    b"CNMN": _text("model", "Canon"),
    b"CNFV": _text("software", "Canon"),
    b"FIRM": _text("software", "GoPro"),
    b"LENS": _text("lens_serial"),
    b"\xa9mdl": _text("model", "DJI"),
    b"\xa9mak": _text("make"),
    b"@mak": _text("make"),
    b"manu": _text("make"),
    b"\xa9mod": _text("model"),
    b"@mod": _text("model"),
    b"modl": _text("model"),
    b"cmnm": _text("model"),
    b"\xa9swr": _text("software"),
    b"@swr": _text("software"),
    b"slno": _text("serial"),
    b"SNum": _text("serial"),
    b"\xa9day": _date,
    b"@day": _date,
    b"date": _date,
    b"\xa9xyz": _xyz,
    b"@xyz": _xyz,
    b"loci": _loci,
}
