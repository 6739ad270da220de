"""
What the first digital cameras wrote into the `TAGS` of their films: text and numbers at places of their own.

The text that it begins with tells the layout.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from cardcat.media.films.numbers import ratio
from cardcat.media.told import told
from cardcat.metadata import Metadata

_MAKE = 32  # bytes at the most, up to the first zero


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where things stand: *model* and *iso* with their width, the others in the form they have everywhere.

    The exposure is stored as *unit* divided by it.
    """

    model: tuple[int, int] | None = None
    exposure: int | None = None
    f_number: int | None = None
    focal: int | None = None
    iso: tuple[int, int] | None = None
    unit: int = 10


_EARLY = Layout(exposure=0x26, f_number=0x2A, focal=0x48)
_LAYOUTS = (
    (rb"FUJIFILM DIGITAL CAMERA\0", Layout((0x18, 16), 0x2E, 0x32, unit=1)),
    (rb"EASTMAN KODAK COMPANY", Layout((0x16, 42), 0x4E, 0x52, 0x70)),
    (rb"KONICA MINOLTA DIGITAL CAMERA", Layout(None, 0x2E, 0x32, 0x50)),
    (rb"MINOLTA DIGITAL CAMERA", _EARLY),
    (rb"NIKON DIGITAL CAMERA\0", Layout((0x18, 8), 0x26, 0x2A, 0x48)),
    (rb"PENTAX DIGITAL CAMERA\0", Layout(None, 0x26, 0x2A, 0x48, iso=(0xAF, 2))),
    (rb"SAMSUNG DIGITAL CAMERA\0", Layout((0x18, 16), 0x2E, 0x32, iso=(0x6A, 4))),
    (rb"SANYO", Layout((0x18, 8))),
    (rb"OLYMPUS DIGITAL CAMERA\0.{9}\x01\0", Layout((0x18, 8), None, 0x2A, 0x48)),
    (
        rb"OLYMPUS DIGITAL CAMERA(?!\0.{21}\x0a\0{3})",
        Layout((0x18, 24), 0x36, 0x3A, 0x58, iso=(0xC1, 2)),
    ),
    (rb"OLYMPUS DIGITAL CAMERA\0", Layout((0x18, 24), None, 0x28)),
)
_TAGS = tuple((re.compile(begins, re.DOTALL), layout) for begins, layout in _LAYOUTS)
_PENT = Layout((0x1A, 24), 0x38, 0x3C, iso=(0xA7, 4))


def read_tags(data: bytes) -> Metadata:
    """The camera and the exposure in `TAGS`; nothing if the maker is not known."""
    layout = next((layout for begins, layout in _TAGS if begins.match(data)), None)
    return _read(data, layout) if layout else Metadata()


def read_pent(data: bytes) -> Metadata:
    """The same in `PENT`, which later Pentax cameras write."""
    return _read(data, _PENT) if data[:1].isalpha() else Metadata()


def _read(data: bytes, layout: Layout) -> Metadata:
    exposure = None if layout.exposure is None else _whole(data, layout.exposure, 4)
    return told(
        make=data[:_MAKE],
        model=_text(data, layout.model),
        exposure=layout.unit / exposure if exposure else None,
        f_number=None if layout.f_number is None else ratio(data, layout.f_number),
        focal=None if layout.focal is None else ratio(data, layout.focal),
        iso=None if layout.iso is None else _whole(data, *layout.iso),
    )


def _text(data: bytes, where: tuple[int, int] | None) -> bytes | None:
    return None if where is None else data[where[0] : where[0] + where[1]]


def _whole(data: bytes, at: int, width: int) -> int | None:
    if len(data) < at + width:
        return None
    return int(struct.unpack_from("<H" if width == 2 else "<I", data, at)[0])
