"""
The second reader, for what exifread can't tell: makers' notes, and formats it does not know.

libexiv2 knows the notes and lenses of every maker, and is only asked where something is missing. It never
sees a file, only bytes: names mean nothing, and it reads no more than it was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from types import ModuleType
from typing import Any

from cardcat.media import values
from cardcat.media.combining import combined
from cardcat.media.photos import exif
from cardcat.metadata import Details, Metadata

_GROUPS = {"Image": "Image", "Photo": "EXIF", "GPSInfo": "GPS"}  # exiv2's words and exifread's
_NAMES = {"GPSDateStamp": "GPSDate"}
_MOST_NUMBERS = 4
_LONGEST_TEXT = 4096
_SLOWEST_FILM = 6.0  # ISO; what is less was computed from a 0
_CRW = "image/x-canon-crw"
_CANON_SHUTTER = "Exif.CanonSi.ShutterSpeedValue"
_CANON_THIRDS = {12: 1 / 3, 20: 2 / 3}
_EXPOSURE = tuple(
    f"Exif.Photo.{name}"
    for name in "ISOSpeedRatings FNumber ApertureValue ExposureTime ShutterSpeedValue FocalLength".split()
)
_LENS_NAMES = (
    "Exif.Canon.LensModel",
    "Exif.OlympusEq.LensModel",
    "Exif.Panasonic.LensType",
    "Exif.Samsung2.LensType",
)
_LENS_SERIALS = (
    "Exif.CanonLe.LensSerialNumber",
    "Exif.OlympusEq.LensSerialNumber",
    "Exif.Panasonic.LensSerialNumber",
)


@cache
def library() -> ModuleType:
    """The library, silenced; loaded when the first file needs it, which on most cards none does."""
    import exiv2  # noqa: PLC0415 - see above

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    return exiv2  # type: ignore[no-any-return]


def read_note(block: bytes) -> Metadata:
    """What the maker's note in an EXIF *block* tells; empty if libexiv2 can't read it."""
    return _read(block, lambda image: _by_maker(image.exifData()))


def read_whole(data: bytes) -> Metadata:
    """What stands in an EXIF block or a small file; EXIF wins over the maker's note."""
    return _read(data, _all_of)


def _read(data: bytes, tell: Callable[[Any], Metadata]) -> Metadata:
    try:
        image = library().ImageFactory.open(data)
        image.readMetadata()
        return tell(image)
    except (library().Exiv2Error, ValueError, OverflowError):
        return Metadata()


def _all_of(image: Any) -> Metadata:
    found = image.exifData()
    width, height = values.size(image.pixelWidth(), image.pixelHeight()) or (None, None)
    told, noted = exif.to_metadata(dict(_tags(found))), _by_maker(found)
    # A CRW has no EXIF: libexiv2 makes some of the note, and 1 s of all long exposures.
    if image.mimeType() == _CRW:
        told = replace(told, shutter_speed=noted.shutter_speed)
    return replace(combined(told, noted), resolution_width=width, resolution_height=height)


def _tags(found: Any) -> Iterator[tuple[str, object]]:
    """The tags of the EXIF standard, in exifread's words."""
    for datum in found:
        group = _GROUPS.get(datum.groupName())
        if group and datum.size() <= _LONGEST_TEXT:
            name = datum.tagName()
            yield f"{group} {_NAMES.get(name, name)}", _value(datum)


def _value(datum: Any) -> object:
    if datum.typeId() == library().TypeId.asciiString:
        return _text(datum.toString)
    return [datum.toFloat(index) for index in range(min(datum.count(), _MOST_NUMBERS))]


def _text(tell: Callable[[], str]) -> str | None:
    try:
        return tell()
    except UnicodeDecodeError as error:
        return values.text(error.object)


def _by_maker(found: Any) -> Metadata:
    """What libexiv2 makes of the maker's note; *found* loses its EXIF on the way."""
    lenses = [*_named(found, _LENS_NAMES), *map(_one_of, _said(found, "lensName"))]  # by the focal length too
    _drop_exposure(found)
    stops = _said(found, "fNumber", "apertureValue")
    times = (_canon_seconds(found), *map(_seconds, _said(found, "exposureTime", "shutterSpeedValue")))
    return Metadata(
        lens_model=_first(map(exif.lens, lenses)),
        iso=_first(map(_iso, _said(found, "isoSpeed"))),
        aperture=_first(values.aperture(_leading(stop.lstrip("Ff/"))) for stop in stops),
        shutter_speed=_first(map(values.shutter_speed, times)),
        focal_length=_first(values.focal_length(_leading(length)) for length in _said(found, "focalLength")),
        details=Details(
            camera_serial=_first(map(_serial, _said(found, "serialNumber"))),
            lens_serial=_first(map(_serial, _named(found, _LENS_SERIALS))),
        ),
    )


def _drop_exposure(found: Any) -> None:
    """Without the standard's own exposure, which libexiv2 prefers even if it makes no sense."""
    for key in _EXPOSURE:
        place = found.findKey(library().ExifKey(key))
        if place != found.end():
            found.erase(place)


def _said(found: Any, *ways: str) -> Iterator[str]:
    """What libexiv2 says where it knows several makers' ways to tell one thing."""
    for way in ways:
        datum = getattr(library(), way)(found)
        if datum is not None:
            yield values.text(_text(partial(datum.print, found))) or ""


def _first(found: Iterable[str | None]) -> str | None:
    return next((one for one in found if one), None)


def _named(found: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """The texts of some tags, as far as they are there."""
    for key in keys:
        place = found.findKey(library().ExifKey(key))
        if place != found.end():
            yield values.text(_text(place.toString)) or ""


def _canon_seconds(found: Any) -> float | None:
    """From Canon's logarithm of it, in steps of 1/32 of which 12 and 20 stand for thirds."""
    place = found.findKey(library().ExifKey(_CANON_SHUTTER))
    value = 0 if place == found.end() else place.toInt64()
    if not 0 < value < 1 << 16:
        return None
    steps = value - (1 << 16) if value >> 15 else value
    whole, part = divmod(abs(steps), 32)
    apex = whole + _CANON_THIRDS.get(part, part / 32)
    return float(2 ** (-apex if steps > 0 else apex))


def _one_of(lenses: str) -> str:
    """Several lenses that share a code, as one line."""
    return lenses.replace(" *OR* ", " or ")


def _leading(written: str) -> float | None:
    number = re.match(r"[0-9.]+", written)
    return values.number(number[0]) if number else None


def _iso(written: str) -> str | None:
    speed = _leading(written)
    return values.iso(speed) if speed and speed >= _SLOWEST_FILM else None


def _seconds(written: str) -> float | None:
    """Of `1/250 s` or `2.5 s`."""
    over, _, under = written.removesuffix(" s").partition("/")
    numerator, denominator = values.number(over), values.number(under or "1")
    return numerator / denominator if numerator and denominator else None


def _serial(written: str) -> str | None:
    """The first word: what may follow is another number."""
    words = written.removeprefix("NO=").split()
    return exif.serial(words[0]) if words else None
