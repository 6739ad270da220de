"""When a file was taken: the surest of what there is, and the zone only where nothing else tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment
from cardcat.model import Kind
from cardcat.plan.dates import Dated, day_of, moment_of, moments_of
from cardcat.plan.name_dates import name_date

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
KIRITIMATI, PAGO_PAGO = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")
ALL_ZONES = (UTC_ZONE, BERLIN, KIRITIMATI, PAGO_PAGO, ZoneInfo("Asia/Kathmandu"))
ZONES = st.sampled_from(ALL_ZONES)
FILE_TIME = 1_600_000_000_000_000_000  # 2020-09-13 12:26:40 UTC
CERTAIN, LIKELY, GUESS = Confidence.CERTAIN, Confidence.LIKELY, Confidence.GUESS

NOON = "2024-05-01T12:00:00"
OFFSETS = st.sampled_from(
    [*range(-12 * 60, 15 * 60, 60), 330, 345, 570, 525, 765, -210, -570]  # minutes that places have
)
MOMENTS = st.datetimes(datetime(1991, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


def said(taken: str | None, source: DateSource | None = None, **details: object) -> Metadata:
    return Metadata(date_taken=taken, details=replace(Details(date_source=source), **details))  # type: ignore[arg-type]


def photo(metadata: Metadata | None, name: str = "IMG_0001.JPG") -> Dated:
    return Dated(Kind.IMAGE, name, metadata, FILE_TIME)


def film(metadata: Metadata | None, name: str = "MVI_0001.MP4", seconds: float | None = None) -> Dated:
    if metadata and seconds is not None:
        metadata = replace(metadata, duration_seconds=seconds)
    return Dated(Kind.VIDEO, name, metadata, FILE_TIME)


def text(minutes: int) -> str:
    sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


@pytest.mark.parametrize(
    ("source", "sure"),
    [
        (DateSource.ORIGINAL, CERTAIN),
        (DateSource.CREATION_DATE, CERTAIN),
        (DateSource.DIGITISED, CERTAIN),
        (DateSource.XMP, LIKELY),
        (DateSource.SIDECAR, LIKELY),
    ],
)
def test_a_wall_clock_stays_as_it_is_with_its_offset(source: DateSource, sure: Confidence) -> None:
    taken = said(f"{NOON}+02:00", source)

    for zone in ALL_ZONES:
        assert moment_of(photo(taken), zone) == Moment(NOON, "+02:00", source, sure, "file")
        assert moment_of(photo(said(NOON, source)), zone) == Moment(NOON, None, source, sure)


def test_an_offset_that_no_place_has_is_not_taken() -> None:
    assert moment_of(photo(said(f"{NOON}+23:00")), BERLIN) == Moment(NOON, None, DateSource.ORIGINAL, CERTAIN)
    assert moment_of(photo(said(f"{NOON}-14:00")), BERLIN).offset == "-14:00"


@pytest.mark.parametrize(
    ("digits", "local"),
    [
        ("123", f"{NOON}.123"),
        ("05", f"{NOON}.05"),
        (" 7 ", f"{NOON}.7"),
        ("x", NOON),
        ("", NOON),
        ("٣", NOON),
    ],
)
def test_the_digits_behind_the_second_are_kept(digits: str, local: str) -> None:
    assert moment_of(photo(said(NOON, date_subsec=digits)), BERLIN).local == local
    instant = said(NOON, DateSource.UTC, date_subsec=digits)
    assert moment_of(film(instant), UTC_ZONE).local == local


def test_a_date_without_a_time_stays_a_day() -> None:
    for source in (DateSource.XMP, DateSource.UTC):
        assert moment_of(photo(said("2024-05-01", source)), KIRITIMATI).local == "2024-05-01"


@pytest.mark.parametrize(
    ("gps", "offset"),
    [
        ("2024-05-01T10:00:00", "+02:00"),
        ("2024-05-01T10:04:59Z", "+02:00"),
        ("2024-05-01T09:55:01+00:00", "+02:00"),
        ("2024-05-01T06:15:00", "+05:45"),
        ("2024-04-30T22:00:00", "+14:00"),
        ("2024-05-01T21:30:00", "-09:30"),
        ("2024-05-01T10:05:01", None),
        (
            "2024-05-01T10:15:00",
            None,
        ),  # a clock that is wrong by a quarter of an hour, for no place has +01:45
        ("2024-04-30T21:00:00", None),
        ("2024-03-01T10:00:00", None),
        ("2024-05-01", None),
        ("no date", None),
    ],
)
def test_the_satellites_tell_a_wall_clocks_offset(gps: str, offset: str | None) -> None:
    moment = moment_of(photo(said(NOON, DateSource.ORIGINAL, gps_date=gps)), BERLIN)

    assert moment == Moment(NOON, offset, DateSource.ORIGINAL, CERTAIN, "GPS" if offset else None)


def test_the_satellites_alone_are_an_instant() -> None:
    seen = moment_of(photo(said(None, gps_date="2024-05-01T22:30:00")), BERLIN)

    assert seen == Moment("2024-05-02T00:30:00", "+02:00", DateSource.GPS, GUESS, "time zone")


def test_an_instant_that_nothing_places_is_seen_from_the_zone() -> None:
    seen = moment_of(film(said("2024-05-01T23:00:00", DateSource.UTC)), BERLIN)

    assert seen == Moment("2024-05-02T01:00:00", "+02:00", DateSource.UTC, GUESS, "time zone")
    winter = moment_of(film(said("2024-01-01T10:00:00Z", DateSource.UTC)), BERLIN)
    assert (winter.local, winter.offset) == ("2024-01-01T11:00:00", "+01:00")
    moved = moment_of(film(said("2024-01-01T10:00:00+05:00", DateSource.UTC)), UTC_ZONE)
    assert moved.local == "2024-01-01T05:00:00"


def test_a_films_name_places_its_instant() -> None:
    instant = said("2020-10-23T18:28:05", DateSource.UTC)
    placed = moment_of(film(instant, "VID_20201023_202729.3gp", seconds=34.0), PAGO_PAGO)

    assert placed == Moment("2020-10-23T20:28:05", "+02:00", DateSource.UTC, LIKELY, "file name")


def test_an_instant_may_be_the_end_of_its_film() -> None:
    instant = said("2020-10-23T22:10:00", DateSource.UTC)
    name = "VID_20201023_235500.mp4"

    placed = moment_of(film(instant, name, seconds=900.0), PAGO_PAGO)

    assert placed == Moment("2020-10-23T23:55:00", "+02:00", DateSource.UTC, LIKELY, "file name")
    assert moment_of(film(instant, name, seconds=600.0), PAGO_PAGO).offset is None


def test_a_film_whose_both_ends_fit_an_offset_has_its_names_clock_and_none() -> None:
    instant = said("2020-10-23T19:00:00", DateSource.UTC)

    placed = moment_of(film(instant, "VID_20201023_200000.mp4", seconds=3600.0), BERLIN)

    assert placed == Moment("2020-10-23T20:00:00", None, DateSource.FILE_NAME, LIKELY)


def test_a_names_clock_that_is_off_by_odd_minutes_is_taken_itself() -> None:
    instant = said("2020-10-23T18:00:00", DateSource.UTC)

    for zone in ALL_ZONES:
        near = moment_of(film(instant, "VID_20201023_203700.mp4"), zone)
        assert near == Moment("2020-10-23T20:37:00", None, DateSource.FILE_NAME, LIKELY)


def test_a_names_clock_of_another_day_says_nothing_of_an_instant() -> None:
    instant = said("2024-05-01T18:00:00", DateSource.UTC)

    seen = moment_of(film(instant, "VID_20201023_202729.mp4"), BERLIN)

    assert seen == Moment("2024-05-01T20:00:00", "+02:00", DateSource.UTC, GUESS, "time zone")


def test_a_day_in_a_name_keeps_an_instant_from_the_zones_day() -> None:
    instant = said("2020-06-30T23:00:00", DateSource.UTC)

    there = moment_of(film(instant, "VID-20200630-WA0001.mp4"), UTC_ZONE)
    assert there == Moment("2020-06-30T23:00:00", "+00:00", DateSource.UTC, LIKELY, "time zone")
    elsewhere = moment_of(film(instant, "VID-20200630-WA0001.mp4"), BERLIN)
    assert elsewhere == Moment("2020-06-30", None, DateSource.FILE_NAME, LIKELY)
    another = moment_of(film(instant, "VID-20240101-WA0001.mp4"), BERLIN)
    assert another.local == "2020-07-01T01:00:00"


def test_a_members_offset_places_the_others_instants() -> None:
    still = photo(said("2024-05-01T23:30:00+09:00", DateSource.ORIGINAL))
    moving = film(said("2024-05-01T14:30:02", DateSource.UTC))
    placed = Moment("2024-05-01T23:30:02", "+09:00", DateSource.UTC, LIKELY, "group")

    assert moments_of([still, moving], BERLIN)[1] == placed
    assert moments_of([moving, still], BERLIN)[0] == placed


def test_a_members_clock_places_the_others_instants() -> None:
    still = photo(said("2024-05-01T23:30:00", DateSource.ORIGINAL))
    moving = film(said("2024-05-01T14:30:02", DateSource.UTC))

    placed = moments_of([still, moving], BERLIN)[1]

    assert placed == Moment("2024-05-01T23:30:02", "+09:00", DateSource.UTC, LIKELY, "group")
    later = film(said("2024-05-01T14:37:02", DateSource.UTC))
    assert moments_of([still, later], BERLIN)[1].offset_source == "time zone"


def test_the_surest_offset_of_a_group_counts() -> None:
    written = photo(said("2024-05-01T23:30:00+09:00"))
    received = photo(said("2024-05-01T12:00:00", gps_date="2024-05-01T10:00:00"))
    moving = film(said("2024-05-01T14:30:02", DateSource.UTC))

    assert moments_of([received, written, moving], BERLIN)[2].offset == "+09:00"
    assert moments_of([received, moving], BERLIN)[1].offset == "+02:00"


def test_a_pixels_name_is_utc_and_tells_no_zone() -> None:
    name = "PXL_20220909_154515546.mp4"

    alone = moment_of(film(None, name), BERLIN)
    assert alone == Moment("2022-09-09T17:45:15.546", "+02:00", DateSource.FILE_NAME, GUESS, "time zone")
    instant = moment_of(film(said("2022-09-09T15:45:20", DateSource.UTC), name), BERLIN)
    assert instant == Moment("2022-09-09T17:45:20", "+02:00", DateSource.UTC, GUESS, "time zone")
    still = photo(said("2022-09-09T08:45:15-07:00"), "PXL_20220909_154515546.jpg")
    placed = moments_of([still, film(None, name)], BERLIN)[1]
    assert placed == Moment("2022-09-09T08:45:15.546", "-07:00", DateSource.FILE_NAME, LIKELY, "group")


def test_a_name_alone_is_a_guess() -> None:
    named = moment_of(photo(None, "IMG_20200630_112759123.jpg"), BERLIN)
    day = moment_of(photo(said("0000:00:00 00:00:00"), "IMG-20200630-WA0001.jpg"), BERLIN)

    assert named == Moment("2020-06-30T11:27:59.123", None, DateSource.FILE_NAME, GUESS)
    assert day == Moment("2020-06-30", None, DateSource.FILE_NAME, GUESS)


def test_the_file_time_is_the_last_resort() -> None:
    seen = moment_of(photo(None), BERLIN)

    assert seen == Moment("2020-09-13T14:26:40", "+02:00", DateSource.FILE_TIME, GUESS, "time zone")
    no_calendar = moment_of(Dated(Kind.IMAGE, "IMG_0001.JPG", None, 10**40), BERLIN)
    assert no_calendar == Moment("1970-01-01", None, DateSource.FILE_TIME, GUESS)


def test_an_offset_of_old_has_its_seconds() -> None:
    seen = moment_of(film(said("1850-01-01T00:00:00", DateSource.UTC)), BERLIN)

    assert (seen.local, seen.offset) == ("1850-01-01T00:53:28", "+00:53:28")


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e300])
def test_a_length_that_no_film_has_is_passed_over(seconds: float) -> None:
    instant = said("2020-10-23T18:28:05", DateSource.UTC)

    assert moment_of(film(instant, "VID_20201023_202729.3gp", seconds), BERLIN).offset == "+02:00"


@given(MOMENTS, OFFSETS, st.integers(-119, 119), st.floats(0, 600))
def test_an_instant_lands_on_its_names_day(moment: datetime, minutes: int, late: int, lasts: float) -> None:
    """Whatever the zone is, whichever end of the film the instant is of."""
    wall = moment + timedelta(minutes=minutes)
    name = f"VID_{wall:%Y%m%d_%H%M%S}.mp4"
    instants = [moment + timedelta(seconds=late), moment + timedelta(seconds=lasts)]
    for instant in instants:
        taken = said(instant.isoformat(timespec="seconds"), DateSource.UTC)
        seen = {moment_of(film(taken, name, lasts), zone) for zone in ALL_ZONES}
        assert len(seen) == 1
        found = seen.pop()
        assert found.confidence is LIKELY
        assert abs(datetime.fromisoformat(found.local) - wall) <= timedelta(seconds=121)
        assert found.offset in (None, text(minutes))


@given(MOMENTS, OFFSETS, st.integers(-299, 299))
def test_every_offset_is_found_by_the_satellites(moment: datetime, minutes: int, late: int) -> None:
    wall = moment + timedelta(minutes=minutes, seconds=late)
    taken = said(wall.isoformat(), DateSource.ORIGINAL, gps_date=f"{moment.isoformat()}Z")

    assert moment_of(photo(taken), BERLIN).offset == text(minutes)


ANYTHING = st.builds(
    lambda kind, name, taken, source, gps, digits, seconds, mtime_ns: Dated(
        kind,
        name,
        replace(said(taken, source, gps_date=gps, date_subsec=digits), duration_seconds=seconds),
        mtime_ns,
    ),
    st.sampled_from(Kind),
    st.sampled_from(
        ["IMG_0001.JPG", "VID_20200630_112759.mp4", "PXL_20200630_112759123.mp4", "IMG-20200630-WA0001.jpg"]
    )
    | st.text(),
    st.none()
    | st.text()
    | st.datetimes().map(datetime.isoformat)
    | st.sampled_from(["2020-06-30T11:27:59", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00"]),
    st.none() | st.sampled_from(DateSource),
    st.none() | st.text() | st.datetimes().map(datetime.isoformat),
    st.none() | st.text(),
    st.none() | st.floats(),
    st.integers(),
)


@given(st.lists(ANYTHING, max_size=5), ZONES, st.randoms(use_true_random=False))
def test_every_file_has_a_moment_whatever_is_said_of_it(
    members: list[Dated], zone: ZoneInfo, random: object
) -> None:
    moments = moments_of(members, zone)

    assert len(moments) == len(members)
    for moment in moments:
        assert isinstance(day_of(moment), date)
        assert datetime.fromisoformat(moment.local[:19]).year >= 1
    assert moments_of(members[::-1], zone) == moments[::-1]


@given(ANYTHING, ANYTHING)
def test_the_zone_does_not_matter_where_anything_else_tells(one: Dated, other: Dated) -> None:
    """What depends on the zone says so, and then there was neither a clock nor an offset to go by."""
    for member, moment in zip((one, other), moments_of([one, other], KIRITIMATI), strict=True):
        if moment.offset_source == "time zone":
            continue
        apart = moments_of([one, other], PAGO_PAGO)[(one, other).index(member)]
        if apart.offset_source != "time zone":
            assert apart == moment
        elif name := name_date(member.name):
            assert day_of(apart).isoformat() == name.local[:10]


@pytest.mark.parametrize(
    ("instant", "beside"),
    [
        ("9999-12-31T23:59:59", "2024-05-01T12:00:00+14:00"),
        ("0001-01-01T00:00:00", "2024-05-01T12:00:00-11:00"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
    ],
)
def test_an_instant_at_an_end_of_the_calendar_is_passed_over(instant: str, beside: str) -> None:
    moving = film(said(instant, DateSource.UTC), seconds=3600.0)

    for zone in (KIRITIMATI, PAGO_PAGO):
        moment = moments_of([photo(said(beside)), moving], zone)[1]
        assert moment.source in (DateSource.FILE_TIME, DateSource.UTC)
        assert moment.offset_source != "group" or moment.local.startswith("0001-01-01")


@pytest.mark.parametrize("local", ["", "no", "0000-00-00T00:00:00", "10000-01-01"])
def test_a_moment_that_is_none_has_the_first_day(local: str) -> None:
    assert day_of(Moment(local, None, DateSource.XMP, LIKELY)) == date(1970, 1, 1)
