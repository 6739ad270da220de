"""EXIF tags, read by exifread, as the catalog's columns."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import BinaryIO

import exifread

from cardcat.media import values
from cardcat.metadata import DateSource, Details, Metadata

# Every damaged block would write lines to the user's terminal.
logging.getLogger("exifread").setLevel(logging.CRITICAL + 1)

_SEE_OTHER_ISO = 65535  # the 16-bit tag's way to say that another tag holds the value
_MAX_APEX = 60.0

Tags = Mapping[str, object]
"""What exifread calls a tag (`EXIF FNumber`), and its value or values."""


def read_tags(stream: BinaryIO) -> Tags:
    """
    The tags of a TIFF stream, without maker notes, which cost 25 times as much.

    Raises whatever a hostile block makes exifread raise.
    """
    tags = exifread.process_file(stream, details=False, extract_thumbnail=False)
    return {name: getattr(tag, "values", None) for name, tag in tags.items()}


def to_metadata(tags: Tags) -> Metadata:
    """The columns that EXIF knows; `date_taken` is when it was taken, else digitised, never when edited."""
    original = values.local_time(_find(tags, "DateTimeOriginal"), _find(tags, "OffsetTimeOriginal"))
    digitised = values.local_time(_find(tags, "DateTimeDigitized"), _find(tags, "OffsetTimeDigitized"))
    source = DateSource.ORIGINAL if original else DateSource.DIGITISED if digitised else None
    return Metadata(
        camera_make=values.text(tags.get("Image Make")),
        camera_model=values.text(tags.get("Image Model")),
        lens_model=values.text(_find(tags, "LensModel")),
        date_taken=original or digitised,
        iso=_iso(tags),
        aperture=_aperture(tags),
        shutter_speed=_shutter_speed(tags),
        focal_length=values.focal_length(_number(tags, "FocalLength")),
        software=values.text(tags.get("Image Software")),
        details=Details(date_source=source),
    )


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
    speed = _number(tags, "ISOSpeedRatings")
    if speed == _SEE_OTHER_ISO:
        speed = _number(tags, "ISOSpeed") or _number(tags, "RecommendedExposureIndex") or speed
    return values.iso(speed)


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
