"""Where something was taken, as films and sidecars write it. Pure."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict

from cardcat.media import values

_ISO_6709 = re.compile(
    r"([+-][0-9]{2,6}(?:\.[0-9]+)?)([+-][0-9]{3,7}(?:\.[0-9]+)?)([+-][0-9]+(?:\.[0-9]+)?)?"
)
_HIGHEST = 100_000.0  # metres


class Where(TypedDict):
    """The fields of Details that say where."""

    gps_latitude: float | None
    gps_longitude: float | None
    gps_altitude: float | None


NOWHERE: Where = {"gps_latitude": None, "gps_longitude": None, "gps_altitude": None}


def place(latitude: float | None, longitude: float | None, altitude: float | None = None) -> Where:
    """A place on earth; nowhere if there is none such, or at 0, 0, which receivers without a fix write."""
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return NOWHERE
    if latitude == longitude == 0:
        return NOWHERE
    if altitude is not None and not abs(altitude) < _HIGHEST:
        altitude = None
    return {
        "gps_latitude": round(latitude, 8),
        "gps_longitude": round(longitude, 8),
        "gps_altitude": None if altitude is None else round(altitude, 3),
    }


def iso_6709(written: object) -> Where:
    """The place in `+32.0929+034.8620+028.516/`, in degrees or with minutes and seconds behind them."""
    parts = _ISO_6709.match(values.text(written) or "")
    if parts is None:
        return NOWHERE
    altitude = None if parts[3] is None else float(parts[3])
    return place(_degrees(parts[1], 2), _degrees(parts[2], 3), altitude)


def _degrees(written: str, width: int) -> float:
    """`+32.5`, `+3230.0` and `+323000` are the same, where *width* digits are degrees."""
    sign, digits = (-1 if written[0] == "-" else 1), written[1:]
    whole = len(digits.partition(".")[0])
    if whole <= width + 1:
        return sign * float(digits)
    if whole <= width + 3:
        return sign * (float(digits[:width]) + float(digits[width:]) / 60)
    minutes, seconds = float(digits[width : width + 2]), float(digits[width + 2 :])
    return sign * (float(digits[:width]) + minutes / 60 + seconds / 3600)


def sexagesimal(parts: Sequence[float | None], hemisphere: str | None) -> float | None:
    """Degrees from degrees, minutes and seconds, negative in the south and west; None if any is None."""
    known = [part for part in parts if part is not None]
    if hemisphere is None or len(known) < len(parts) or not 1 <= len(known) <= 3:
        return None
    total: float = sum(part / 60**power for power, part in enumerate(known))
    return -total if hemisphere.upper() in ("S", "W") else total
