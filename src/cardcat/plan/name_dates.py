"""Dates that file names tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

_YEAR = r"199\d|20\d\d|2100"
_GLUED = "img|vid|mov|pic|pano|burst|video|photo|image|rec|screenshot"  # IMG20200630112759.jpg
_ALONE = "img|vid|aud|ptt|stk|doc|mov|pano|mvimg|screenshot"  # IMG-20200630-WA0001.jpg

# A border, a day, a time of day, and what may follow it: digits of the second, a Z, a half of the day.
_MOMENT = re.compile(
    rf"(?:^|[^0-9a-z]|(?:^|[^0-9a-z])(?:{_GLUED}))"
    rf"(?:(?P<year>{_YEAR})(?P<split>[-_.]?)(?P<month>\d\d)(?P=split)(?P<day>\d\d)"
    rf"|(?P<year_>{_YEAR})_(?P<month_>\d\d)(?P<day_>\d\d))"
    r"(?P<gap>[-_ t.]|,? at )?"
    r"(?P<hour>\d\d|(?<= )\d(?=\.))(?P<mark>[-._:]?)(?P<minute>\d\d)(?P=mark)(?P<second>\d\d)"
    r"(?(gap)(?P<digits>\d{3}|(?<=-\d\d)-\d{3}(?!\d))?)"
    r"(?:(?P<zulu>z)|[ \u202f]?(?P<half>[ap]m))?(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,
)
_DAYS = re.compile(
    rf"(?:^(?:{_ALONE})[-_ ]?(?P<year>{_YEAR})(?P<month>\d\d)(?P<day>\d\d)"
    rf"|(?:^|[^0-9a-z])(?P<year_>{_YEAR})-(?P<month_>\d\d)-(?P<day_>\d\d))(?![0-9a-z])",
    re.IGNORECASE | re.ASCII,
)
_MAY_HAVE_ONE = re.compile(rf"(?:{_YEAR})[-_.]?\d\d[-_.]?\d\d", re.ASCII)
_NOON = 12


@dataclass(frozen=True, slots=True)
class NameDate:
    """
    What a name says of when: *local* is ISO 8601 with the digits behind the second, or a day alone.

    With *is_utc* it is no wall clock, as in the names that Google's phones give.
    """

    local: str
    is_utc: bool


def name_date(name: str) -> NameDate | None:
    """
    The date in a file's name; None where digits could be anything else.

    Eight digits alone are a day only behind a word that phones put before days.
    """
    if not _MAY_HAVE_ONE.search(name):
        return None
    moments = (found for each in _MOMENT.finditer(name) if (found := _moment(each, name)))
    return next(moments, None) or _day_alone(name)


def _moment(found: re.Match[str], name: str) -> NameDate | None:
    day, hour = _day(found), _hour(found)
    if day is None or hour is None:
        return None
    try:
        moment = datetime(day.year, day.month, day.day, hour, int(found["minute"]), int(found["second"]))  # noqa: DTZ001
    except ValueError:
        return None
    digits = (found["digits"] or "").lstrip("-")
    is_utc = found["zulu"] is not None or name[:4].lower() == "pxl_"
    return NameDate(moment.isoformat() + (f".{digits}" if digits else ""), is_utc)


def _hour(found: re.Match[str]) -> int | None:
    """The hour of 24; None where it is more than a half of a day has."""
    hour, half = int(found["hour"]), found["half"]
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        return None
    return hour % _NOON + (_NOON if half.lower() == "pm" else 0)


def _day_alone(name: str) -> NameDate | None:
    days = (day for each in _DAYS.finditer(name) if (day := _day(each)))
    day = next(days, None)
    return NameDate(day.isoformat(), is_utc=False) if day else None


def _day(found: re.Match[str]) -> date | None:
    year, month, day = (found[part] or found[f"{part}_"] for part in ("year", "month", "day"))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
