"""When a file was taken: the surest of what the file, its group, its name and its time tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cardcat.metadata import UNREAD, Confidence, DateSource, Metadata, Moment
from cardcat.model import Kind
from cardcat.plan.clocks import Clocks, offset_near
from cardcat.plan.name_dates import NameDate, name_date
from cardcat.plan.offsets import WIDEST, as_offset, offset_between, offset_text

_EPOCH = date(1970, 1, 1)
_NO_CLOCKS: Clocks = MappingProxyType({})
_SURE = {confidence: rank for rank, confidence in enumerate(Confidence)}
_SOURCES = {source: rank for rank, source in enumerate(DateSource)}
_LONGEST_DIGITS = 9
_DAY_LENGTH = len("2024-05-01")
_LONGEST_FILM = 86_400.0  # seconds
_CLOCKS = frozenset({DateSource.ORIGINAL, DateSource.CREATION_DATE, DateSource.DIGITISED})
_GPS_SLACK = timedelta(minutes=5)  # how far a camera's clock may be off
_NAME_SLACK = timedelta(minutes=2)  # how long after naming a film a phone may begin it
_TOLD_BY = ("file", "GPS", "file name", "group", "card", "time zone")  # what tells an offset, surest first


@dataclass(frozen=True, slots=True)
class Dated:
    """What the date of one file is decided from."""

    kind: Kind
    name: str
    metadata: Metadata | None
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class _Instant:
    """A moment of no place: *at* is UTC without saying so, *lasts* how long the film went on."""

    at: datetime
    digits: str
    source: DateSource
    lasts: timedelta = timedelta()


def moments_of(members: Sequence[Dated], zone: ZoneInfo, clocks: Clocks = _NO_CLOCKS) -> list[Moment]:
    """
    When each of the members of one group was taken.

    *clocks* are those of other files of the card. *zone* only counts for an instant, or a file time, that
    nothing in the file, its group, its name or those places; the order of the members never does.
    """
    names = [name_date(member.name) for member in members]
    told = [_told(member, name) for member, name in zip(members, names, strict=True)]
    known = [moment for moment in told if moment]
    return [
        moment or _seen(member, name, known, zone, clocks)
        for member, name, moment in zip(members, names, told, strict=True)
    ]


def moment_of(member: Dated, zone: ZoneInfo) -> Moment:
    """When a file that has no group was taken."""
    return moments_of([member], zone)[0]


def file_moment(mtime_ns: int, zone: ZoneInfo) -> Moment:
    """A file time in *zone*; a time that no calendar has is the first day of the epoch."""
    try:
        instant = datetime.fromtimestamp(mtime_ns // 1_000_000_000, zone)
    except (OverflowError, ValueError, OSError):
        return Moment(_EPOCH.isoformat(), None, DateSource.FILE_TIME, Confidence.GUESS)
    return _in_zone(instant, "", DateSource.FILE_TIME)


def fallback_of(member: Dated, zone: ZoneInfo) -> Moment:
    """What the name, else the file time, says: all there is where nothing inside a file tells."""
    return _seen(replace(member, metadata=None), name_date(member.name), (), zone)


def day_of(moment: Moment) -> date:
    """The day on which it was taken, where it was taken."""
    try:
        return date.fromisoformat(moment.local[:_DAY_LENGTH])
    except ValueError:
        return _EPOCH


def sureness(moment: Moment) -> tuple[int, int, str]:
    """A key that puts the surest of moments first; of equally sure ones the earliest."""
    return _SURE[moment.confidence], _SOURCES[moment.source], moment.local


def is_from_inside(moment: Moment) -> bool:
    """Whether more than a name or a file time tells it."""
    guessed = moment.source in (DateSource.FILE_NAME, DateSource.FILE_TIME)
    return not guessed or moment.confidence is not Confidence.GUESS


def is_seen_from_zone(moment: Moment) -> bool:
    """Whether it is an instant that nothing but the zone asked for has placed."""
    return moment.offset_source == "time zone" and moment.source is not DateSource.FILE_TIME


def _told(member: Dated, name: NameDate | None) -> Moment | None:
    """What the file alone tells, without a zone; of a name only what it says by itself or of an instant."""
    metadata = member.metadata or UNREAD
    if clock := _wall_clock(member.kind, metadata):
        return clock
    instant = _instant(metadata)
    if instant is None:
        return _by_name(name)
    return _placed_by_name(instant, name)


def _wall_clock(kind: Kind, metadata: Metadata) -> Moment | None:
    taken, source = _parsed(metadata.date_taken), metadata.details.date_source
    is_day = len(metadata.date_taken or "") <= _DAY_LENGTH
    if taken is None or (metadata.date_is_utc and not is_day):
        return None
    if source is None:
        source = DateSource.CREATION_DATE if kind is Kind.VIDEO else DateSource.ORIGINAL
    sure = Confidence.CERTAIN if source in _CLOCKS else Confidence.LIKELY
    if is_day:
        return Moment(taken.date().isoformat(), None, source, sure)
    local = taken.replace(tzinfo=None)
    text = _text(local, _digits(metadata))
    if offset := as_offset(taken.utcoffset()):
        return Moment(text, offset, source, sure, "file")
    between = offset_between([local], _satellites(metadata), _GPS_SLACK)
    return Moment(text, offset_text(between), source, sure, None if between is None else "GPS")


def _instant(metadata: Metadata) -> _Instant | None:
    """The file's UTC, else that of the satellites; None for one at an end of the calendar."""
    lasts = metadata.duration_seconds or 0.0
    film = timedelta(seconds=lasts) if 0.0 <= lasts <= _LONGEST_FILM else timedelta()
    source = metadata.details.date_source
    taken = _utc(_parsed(metadata.date_taken))
    if taken and metadata.date_is_utc and source:
        return _Instant(taken, _digits(metadata), source, film)
    satellites = _satellites(metadata)
    return _Instant(satellites, "", DateSource.GPS, film) if satellites else None


def _satellites(metadata: Metadata) -> datetime | None:
    """The satellites' moment; their day alone is none."""
    text = metadata.details.gps_date or ""
    return _utc(_parsed(text)) if len(text) > _DAY_LENGTH else None


def _by_name(name: NameDate | None) -> Moment | None:
    if name is None or name.is_utc:
        return None
    return Moment(name.local, None, DateSource.FILE_NAME, Confidence.GUESS)


def _placed_by_name(instant: _Instant, name: NameDate | None) -> Moment | None:
    """The instant where the name's clock says it was; that clock itself if no offset lies between the two."""
    clock = _parsed(name.local) if name and not name.is_utc and "T" in name.local else None
    if name is None or clock is None or not _is_near(clock, instant):
        return None
    if moment := _placed(instant, [clock], "file name"):
        return moment
    return Moment(name.local, None, DateSource.FILE_NAME, Confidence.LIKELY)


def _is_near(clock: datetime, instant: _Instant) -> bool:
    """Whether the two can be one moment; an instant may be the end of its film."""
    return -WIDEST - instant.lasts <= clock - instant.at <= WIDEST


def _placed(instant: _Instant, clocks: Iterable[datetime], told_by: str) -> Moment | None:
    """
    The beginning of what happened, with the offset that *clocks* agree on; None if they don't.

    Phones write the end of a film as its time: a clock that fits no beginning may fit that.
    """
    begins = [clock for clock in clocks if _is_near(clock, instant)]
    ends = [clock + instant.lasts for clock in begins]
    offset = offset_between([*begins, *ends], instant.at, _NAME_SLACK)
    if offset is None:
        return None
    if offset_between(begins, instant.at, _NAME_SLACK) is None:
        return _moved(replace(instant, digits=""), offset - instant.lasts, offset, told_by)
    return _moved(instant, offset, offset, told_by)


def _moved(instant: _Instant, by: timedelta, offset: timedelta, told_by: str) -> Moment | None:
    try:
        local = _text(instant.at + by, instant.digits)
    except OverflowError:
        return None
    return Moment(local, offset_text(offset), instant.source, Confidence.LIKELY, told_by)


def _seen(
    member: Dated, name: NameDate | None, known: Sequence[Moment], zone: ZoneInfo, clocks: Clocks = _NO_CLOCKS
) -> Moment:
    """What needs the group, the card or the zone to be a wall clock: an instant, a UTC name, a file time."""
    instants = [_instant(member.metadata or UNREAD), _instant_of_name(name)]
    for instant in instants:
        if instant and (moment := _placed_by_group(instant, known) or _placed_by_card(instant, name, clocks)):
            return moment
        if instant and (moment := _placed_by_zone(instant, name, zone)):
            return moment
    return _by_name(name) or file_moment(member.mtime_ns, zone)


def _instant_of_name(name: NameDate | None) -> _Instant | None:
    if name is None or not name.is_utc:
        return None
    seconds, _, digits = name.local.partition(".")
    return _Instant(datetime.fromisoformat(seconds), digits, DateSource.FILE_NAME)


def _placed_by_group(instant: _Instant, known: Sequence[Moment]) -> Moment | None:
    """Seen from where another member of the group was, by its offset or by what its clock showed."""
    offsets = [(_TOLD_BY.index(each.offset_source), each.offset) for each in known if _has_offset(each)]
    if offsets:
        offset = datetime.fromisoformat(f"{_EPOCH}T00:00:00{min(offsets)[1]}").utcoffset()
        offset = offset or timedelta()
        return _moved(instant, offset, offset, "group")
    clocks = [clock for each in known if "T" in each.local and (clock := _parsed(each.local))]
    return _placed(instant, clocks, "group")


def _placed_by_card(instant: _Instant, name: NameDate | None, clocks: Clocks) -> Moment | None:
    """Seen from where the card's other files of that time were, unless the name has another day."""
    told = offset_near(instant.at, clocks)
    if told is None:
        return None
    offset = datetime.fromisoformat(f"{_EPOCH}T00:00:00{told}").utcoffset() or timedelta()
    moment = _moved(instant, offset, offset, "card")
    is_day = name is not None and len(name.local) == _DAY_LENGTH
    return None if moment and is_day and name and day_of(moment).isoformat() != name.local else moment


def _has_offset(moment: Moment) -> bool:
    return moment.offset is not None and moment.offset_source in _TOLD_BY


def _placed_by_zone(instant: _Instant, name: NameDate | None, zone: ZoneInfo) -> Moment | None:
    """Seen from *zone*, unless the name has another day that the instant can have had somewhere."""
    try:
        moment = _in_zone(instant.at.replace(tzinfo=UTC).astimezone(zone), instant.digits, instant.source)
        days = {(instant.at + hours).date().isoformat() for hours in (-WIDEST, timedelta(), WIDEST)}
    except (OverflowError, ValueError):
        return None
    if name is None or name.local not in days:
        return moment
    if day_of(moment).isoformat() == name.local:
        return replace(moment, confidence=Confidence.LIKELY)
    return Moment(name.local, None, DateSource.FILE_NAME, Confidence.LIKELY)


def _in_zone(instant: datetime, digits: str, source: DateSource) -> Moment:
    local = _text(instant.replace(tzinfo=None), digits)
    return Moment(local, offset_text(instant.utcoffset()), source, Confidence.GUESS, "time zone")


def _parsed(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _utc(moment: datetime | None) -> datetime | None:
    """A moment in UTC, where it says no other; None at an end of the calendar."""
    if moment is None or moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, ValueError):
        return None


def _digits(metadata: Metadata) -> str:
    digits = (metadata.details.date_subsec or "").strip()
    return digits[:_LONGEST_DIGITS] if digits.isascii() and digits.isdigit() else ""


def _text(local: datetime, digits: str) -> str:
    """ISO 8601 with the digits behind the second; those of a date's own where no others are known."""
    own = f"{local.microsecond:06d}".rstrip("0")
    digits = digits or own
    return local.replace(microsecond=0, tzinfo=None).isoformat() + (f".{digits}" if digits else "")
