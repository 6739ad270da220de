"""Offsets from UTC: which there are, and which of them lies between two clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

WIDEST = timedelta(hours=14, minutes=15)  # how far clocks of one moment can be apart, and a bit

_MOST = timedelta(hours=14)
_HALVES = ("3:30", "4:30", "5:30", "6:30", "8:30", "9:30", "10:30", "11:30", "5:45", "8:45", "12:45", "13:45")
_WESTERN_HALVES = ("2:30", "3:30", "4:30", "9:30")


def offset_between(clocks: Iterable[datetime], utc: datetime | None, slack: timedelta) -> timedelta | None:
    """
    The one offset that some place has and that lies between *utc* and a wall clock, give or take *slack*.

    None if there is none, or if the clocks tell of several. All are without a zone.
    """
    if utc is None:
        return None
    found = {offset for clock in clocks for offset in _OFFSETS if abs(clock - utc - offset) <= slack}
    return found.pop() if len(found) == 1 else None


def as_offset(offset: timedelta | None) -> str | None:
    """An offset as it is written (`+02:00`); None for one that no place can have."""
    return offset_text(offset) if offset is not None and abs(offset) <= _MOST else None


def offset_text(offset: timedelta | None) -> str | None:
    """`+02:00`, with the seconds where a zone of old has some."""
    if offset is None:
        return None
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    text = f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def _between(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


_OFFSETS = (
    *(timedelta(hours=hours) for hours in range(-12, 15)),
    *map(_between, _HALVES),
    *(-_between(text) for text in _WESTERN_HALVES),
)
"""Those in use since there are digital cameras: whole hours but for a few, so that a clock which is off by
a quarter of an hour makes no offset."""
