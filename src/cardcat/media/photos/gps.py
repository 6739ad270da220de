"""Where and when, as a receiver in or beside the camera said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cardcat.media import values
from cardcat.media.geo import Where, place, sexagesimal

Tags = Mapping[str, object]
"""What exifread calls a tag (`EXIF FNumber`), and its value or values."""

_PARTS = 3  # degrees, minutes, seconds; hours, minutes, seconds
_FIRST_YEAR = "1980"  # the satellites count from there


def where(tags: Tags) -> Where:
    """Degrees north and east, metres above the sea."""
    height = next(iter(_numbers(tags, "GPSAltitude")), None)
    is_below = height is not None and _numbers(tags, "GPSAltitudeRef")[:1] == [1.0]
    latitude, longitude = _degrees(tags, "GPSLatitude"), _degrees(tags, "GPSLongitude")
    return place(latitude, longitude, -height if height and is_below else height)


def date(tags: Tags) -> str | None:
    """ISO 8601 in UTC, to the second."""
    day, clock = values.text(tags.get("GPS GPSDate")), _numbers(tags, "GPSTimeStamp")
    if day is None or len(clock) < _PARTS:
        return None
    hours, minutes, seconds = (int(part) for part in clock[:_PARTS])
    try:
        year, month, of_month = (int(part) for part in day.replace("-", ":").split(":"))
        moment = datetime(year, month, of_month, hours, minutes, seconds, tzinfo=UTC)
    except ValueError:
        return None
    found = moment.isoformat()
    return found if found >= _FIRST_YEAR else None


def _degrees(tags: Tags, name: str) -> float | None:
    hemisphere = (values.text(tags.get(f"GPS {name}Ref")) or "")[:1]
    return sexagesimal(_numbers(tags, name), hemisphere)


def _numbers(tags: Tags, name: str) -> list[float]:
    """The numbers of a tag; none if any is none."""
    items = tags.get(f"GPS {name}")
    numbers = [values.number(item) for item in items[:_PARTS]] if isinstance(items, list) else []
    known = [number for number in numbers if number is not None]
    return known if len(known) == len(numbers) else []
