"""The day a file belongs to, and the folder that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from cardcat.metadata import Metadata
from cardcat.model import Kind


@dataclass(frozen=True, slots=True)
class Dated:
    """What the day of one file is decided from. *date_taken* as in media_files."""

    kind: Kind
    date_taken: str | None
    date_is_utc: bool
    mtime_ns: int

    @classmethod
    def of(cls, kind: Kind, metadata: Metadata | None, mtime_ns: int) -> Dated:
        """Gather it from what was read."""
        if metadata is None:
            return cls(kind, None, date_is_utc=False, mtime_ns=mtime_ns)
        return cls(kind, metadata.date_taken, metadata.date_is_utc, mtime_ns)


def day_of_group(members: Sequence[Dated], zone: ZoneInfo) -> date:
    """The group's photo's date, else its video's (a wall clock before UTC), else a file time in *zone*."""
    for kind in (Kind.IMAGE, Kind.VIDEO):
        for member in sorted(members, key=lambda member: member.date_is_utc):
            if member.kind == kind and (day := _day_taken(member, zone)):
                return day
    lead = next((member for member in members if member.kind.is_media), members[0])
    return file_day(lead.mtime_ns, zone)


def file_day(mtime_ns: int, zone: ZoneInfo) -> date:
    """The day of a file time in *zone*; a time that no calendar has is the first day of the epoch."""
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, zone).date()
    except (OverflowError, ValueError, OSError):
        return date(1970, 1, 1)


def day_folder(day: date) -> str:
    """`2024/2024-05-01`."""
    return f"{day.year:04d}/{day.isoformat()}"


def _day_taken(member: Dated, zone: ZoneInfo) -> date | None:
    if member.date_taken is None:
        return None
    try:
        moment = datetime.fromisoformat(member.date_taken)
        return _in_zone(moment, zone) if member.date_is_utc else moment.date()
    except (ValueError, OverflowError):
        return None


def _in_zone(moment: datetime, zone: ZoneInfo) -> date:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone).date()
