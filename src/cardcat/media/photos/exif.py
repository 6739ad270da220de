"""EXIF tags, read by exifread, as the catalog's columns."""

from __future__ import annotations

import logging
import re
from typing import BinaryIO

import exifread

from cardcat.media import values
from cardcat.media.bounded import BoundedReader
from cardcat.media.photos import gps
from cardcat.media.photos.gps import Tags
from cardcat.metadata import DateSource, Details, Metadata

# Every damaged block would write lines to the user's terminal.
logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)

_MAX_APEX = 60.0
_COLOR_SPACES = {1: "sRGB", 2: "Adobe RGB"}
_ADOBE_RGB = "R03"  # what the interoperability tag says where the other says "uncalibrated"
_LARGEST_ORIENTATION = 8


def read_tags(stream: BinaryIO) -> Tags:
    """
    The tags of a TIFF stream, without maker notes, which cost 25 times as much.

    Raises whatever a hostile block makes exifread raise, TooMuchError among it.
    """
    bounded: BinaryIO = BoundedReader(stream)  # type: ignore[assignment]
    tags = exifread.process_file(bounded, details=False, extract_thumbnail=False)
    return {name: getattr(tag, "values", None) for name, tag in tags.items()}


def to_metadata(tags: Tags) -> Metadata:
    """The columns that EXIF knows; `date_taken` is when it was taken, else digitised, never when edited."""
    date, source, fraction = _date(tags)
    return Metadata(
        camera_make=_camera(tags, "Make"),
        camera_model=_camera(tags, "Model"),
        lens_model=lens(values.text(_find(tags, "LensModel"))),
        date_taken=date,
        iso=_iso(tags),
        aperture=_aperture(tags),
        shutter_speed=_shutter_speed(tags),
        focal_length=values.focal_length(_number(tags, "FocalLength")),
        software=values.text(tags.get("Image Software")),
        details=Details(
            date_source=source,
            date_subsec=fraction,
            gps_date=gps.date(tags),
            orientation=_orientation(tags),
            color_space=_color_space(tags),
            camera_serial=_serial(tags, "BodySerialNumber", "CameraSerialNumber"),
            lens_serial=_serial(tags, "LensSerialNumber"),
            **gps.where(tags),
        ),
    )


def lens(name: str | None) -> str | None:
    """*name* if it names a lens: no dashes, no numbers alone, no "unknown"."""
    is_none = name is None or re.fullmatch(
        r"[-\W\d_]*|\(?(n/a|none|unknown\b.*|no lens)\)?", name, re.IGNORECASE
    )
    return None if is_none else name


def serial(number: str | None) -> str | None:
    """*number* if it tells one thing from others: not all zeros, no dashes alone."""
    return number if number and re.search(r"[1-9A-Za-z]", number) else None


def _serial(tags: Tags, *names: str) -> str | None:
    found = (serial(values.text(_find(tags, name))) for name in names)
    return next((number for number in found if number), None)


def _camera(tags: Tags, name: str) -> str | None:
    """Of the first IFD; some phones put it into the EXIF IFD."""
    return values.text(tags.get(f"Image {name}")) or values.text(tags.get(f"EXIF {name}"))


def _date(tags: Tags) -> tuple[str | None, DateSource | None, str | None]:
    """When it was taken, which tag says so, and the digits behind the second."""
    for name, source in (("Original", DateSource.ORIGINAL), ("Digitized", DateSource.DIGITISED)):
        found = values.local_time(_find(tags, f"DateTime{name}"), _find(tags, f"OffsetTime{name}"))
        if found:
            return found, source, values.subsec(_find(tags, f"SubSecTime{name}"))
    return None, None, None


def _find(tags: Tags, name: str) -> object:
    """A tag of the EXIF IFD; some raws keep them all in the first IFD."""
    found = tags.get(f"EXIF {name}")
    return tags.get(f"Image {name}") if found in (None, "", []) else found


def _number(tags: Tags, name: str) -> float | None:
    """The first number of a tag that is not 0, else 0 if there is one, else None."""
    found = _find(tags, name)
    items = found if isinstance(found, list) else []
    numbers = [values.number(item[0] if isinstance(item, tuple) and item else item) for item in items[:4]]
    known = [number for number in numbers if number is not None]
    return next((number for number in known if number), known[0] if known else None)


def _iso(tags: Tags) -> str | None:
    names = ("ISOSpeedRatings", "ISOSpeed", "RecommendedExposureIndex", "StandardOutputSensitivity")
    found = (values.iso(_number(tags, name)) for name in names)
    return next((speed for speed in found if speed), None)


def _aperture(tags: Tags) -> str | None:
    written = values.aperture(_number(tags, "FNumber"))
    apex = _number(tags, "ApertureValue")
    if written or apex is None or not 0 <= apex < _MAX_APEX:
        return written
    return values.aperture(2 ** (apex / 2))


def _shutter_speed(tags: Tags) -> str | None:
    written = values.shutter_speed(_number(tags, "ExposureTime"))
    apex = _number(tags, "ShutterSpeedValue")
    if written or apex is None or not -_MAX_APEX < apex < _MAX_APEX:
        return written
    return values.shutter_speed(2**-apex)


def _orientation(tags: Tags) -> int | None:
    turned = _number(tags, "Orientation")
    return int(turned) if turned and 1 <= turned <= _LARGEST_ORIENTATION else None


def _color_space(tags: Tags) -> str | None:
    said = _number(tags, "ColorSpace")
    if said not in _COLOR_SPACES and tags.get("Interoperability InteroperabilityIndex") == _ADOBE_RGB:
        return "Adobe RGB"
    return _COLOR_SPACES.get(int(said)) if said else None
