"""What the clocks of a card's other files tell of the place: the offset of the nearest one within a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from cardcat.metadata import Moment

Clocks = Mapping[int, str]
"""By the hour since the epoch, in UTC: the offset that a file of that hour tells by itself."""

_TELLING = ("file", "GPS", "file name")
_FARTHEST = 24  # hours; who flies is in another zone the next day
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clocks_of(moments: Iterable[Moment]) -> Iterator[tuple[int, str]]:
    """The hours and offsets of those that know theirs by themselves."""
    for moment in moments:
        if moment.offset and moment.offset_source in _TELLING and "T" in moment.local:
            at = _instant(moment)
            if at is not None:
                yield (at - _EPOCH) // _HOUR, moment.offset


def offset_near(at: datetime, clocks: Clocks) -> str | None:
    """The offset told nearest to *at* (UTC, without saying so), the earlier of two; None if none is near."""
    hour = (at.replace(tzinfo=UTC) - _EPOCH) // _HOUR
    for distance in range(_FARTHEST + 1) if clocks else ():
        for near in (hour - distance, hour + distance):
            if near in clocks:
                return clocks[near]
    return None


def _instant(moment: Moment) -> datetime | None:
    try:
        return datetime.fromisoformat(moment.local[:19] + (moment.offset or "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
