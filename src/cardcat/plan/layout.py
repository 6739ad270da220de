"""The day a group of files belongs to, and the folder that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from cardcat.metadata import Confidence, Moment
from cardcat.model import Kind
from cardcat.plan.dates import (
    Dated,
    day_of,
    fallback_of,
    file_moment,
    is_from_inside,
    sureness,
)


def day_of_dated(dated: Sequence[tuple[Dated, Moment]], zone: ZoneInfo) -> date:
    """
    The group's photo's day, else its film's, else what a name or a file time says of its media.

    What is only seen from *zone* counts after what is known without it, and a sidecar's own date never:
    that is a date of the file it belongs to, if it is one.
    """
    inside = [(member, moment) for member, moment in dated if is_from_inside(moment)]
    for guessed in (False, True):
        for kind in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
            found = [
                moment
                for member, moment in inside
                if member.kind is kind and (moment.confidence is Confidence.GUESS) is guessed
            ]
            if found:
                return day_of(min(found, key=sureness))
    leads = [each for each in dated if each[0].kind.is_media] or dated
    # What nothing inside told is that already: it need not be worked out again.
    outside = (fallback_of(member, zone) if is_from_inside(moment) else moment for member, moment in leads)
    return day_of(min(outside, key=sureness))


def file_day(mtime_ns: int, zone: ZoneInfo) -> date:
    """The day of a file time in *zone*; a time that no calendar has is the first day of the epoch."""
    return day_of(file_moment(mtime_ns, zone))


def day_folder(day: date) -> str:
    """`2024/2024-05-01`."""
    return f"{day.year:04d}/{day.isoformat()}"
