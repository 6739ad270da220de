"""The day of a group: the photo's own, then the video's, then the file's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind
from cardcat.plan.layout import Dated, day_folder, day_of_group, file_day

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")  # UTC+14
PAGO_PAGO = ZoneInfo("Pacific/Pago_Pago")  # UTC-11
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from([UTC_ZONE, BERLIN, KIRITIMATI, PAGO_PAGO])
EPOCH = date(1970, 1, 1)
FILE_TIME = 1_600_000_000_000_000_000  # 2020-09-13 12:26:40 UTC
FILE_DAY = date(2020, 9, 13)


def image(taken: str | None, mtime_ns: int = FILE_TIME) -> Dated:
    return Dated(Kind.IMAGE, taken, date_is_utc=False, mtime_ns=mtime_ns)


def video(taken: str | None, *, is_utc: bool = False, mtime_ns: int = FILE_TIME) -> Dated:
    return Dated(Kind.VIDEO, taken, is_utc, mtime_ns)


def sidecar(mtime_ns: int, taken: str | None = None) -> Dated:
    return Dated(Kind.SIDECAR, taken, date_is_utc=False, mtime_ns=mtime_ns)


def day(*members: Dated, zone: ZoneInfo = BERLIN) -> date:
    found = day_of_group(members, zone)
    assert day_of_group(members[::-1], zone) == found or len(members) > 2
    return found


def test_the_photo_decides_before_the_video_before_the_file_time() -> None:
    photo, clip = image("2024-05-01T10:00:00"), video("2023-04-02T10:00:00")

    assert day(clip, photo) == date(2024, 5, 1)
    assert day(clip, image(None)) == date(2023, 4, 2)
    assert day(video(None), image(None)) == FILE_DAY


def test_a_photos_day_is_what_its_clock_said() -> None:
    assert day(image("2024-05-01T23:59:59-11:00"), zone=KIRITIMATI) == date(2024, 5, 1)
    assert day(image("2024-05-01T00:00:00.999+14:00"), zone=PAGO_PAGO) == date(2024, 5, 1)


def test_a_moment_in_utc_is_seen_from_the_zone() -> None:
    late = video("2024-05-01T23:00:00", is_utc=True)

    assert day(late, zone=UTC_ZONE) == date(2024, 5, 1)
    assert day(late, zone=BERLIN) == date(2024, 5, 2)
    assert day(late, zone=PAGO_PAGO) == date(2024, 5, 1)
    assert day(video("2024-05-01T23:00:00Z", is_utc=True), zone=BERLIN) == date(2024, 5, 2)
    assert day(video("2024-05-01T23:00:00+00:00", is_utc=True), zone=BERLIN) == date(2024, 5, 2)


@pytest.fixture
def computer_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("computer_in_tokyo")
def test_the_zone_of_the_computer_does_not_matter() -> None:
    assert day(video("2024-05-01T22:30:00", is_utc=True), zone=BERLIN) == date(2024, 5, 2)
    assert file_day(FILE_TIME + 4 * 3_600_000_000_000, BERLIN) == FILE_DAY


def test_a_videos_wall_clock_decides_before_utc() -> None:
    wall, utc = video("2024-05-01T23:30:00"), video("2024-05-01T22:30:00", is_utc=True)

    assert day(wall, utc) == day(utc, wall) == date(2024, 5, 1)
    assert day(utc) == date(2024, 5, 2)


@pytest.mark.parametrize(
    "taken",
    ["", "0000:00:00 00:00:00", "2024-02-30T10:00:00", "24-13-01", "10000-01-01T00:00:00", "no", "    "],
)
def test_a_date_that_is_none_is_passed_over(taken: str) -> None:
    assert day(image(taken)) == FILE_DAY
    assert day(image(taken), video("2023-04-02T10:00:00")) == date(2023, 4, 2)
    assert day(image(taken), image("2024-05-01T10:00:00")) == date(2024, 5, 1)


def test_a_moment_that_no_zone_can_have_is_passed_over() -> None:
    assert day(video("0001-01-01T00:00:00", is_utc=True), zone=NEW_YORK) == FILE_DAY
    assert day(video("9999-12-31T23:59:59", is_utc=True), zone=BERLIN) == FILE_DAY


def test_the_file_time_of_media_counts_before_that_of_a_sidecar() -> None:
    edited = FILE_TIME + 10**18

    assert day(sidecar(edited), video(None)) == FILE_DAY
    assert day(sidecar(edited), image(None)) == FILE_DAY
    assert day(sidecar(FILE_TIME)) == FILE_DAY


def test_what_a_sidecar_says_of_itself_is_no_date() -> None:
    assert day(sidecar(FILE_TIME, "2024-05-01T10:00:00")) == FILE_DAY


@pytest.mark.parametrize(
    ("mtime_ns", "zone", "expected"),
    [
        (0, UTC_ZONE, EPOCH),
        (-1, UTC_ZONE, date(1969, 12, 31)),
        (-1, BERLIN, EPOCH),
        (-2_208_988_800_000_000_000, UTC_ZONE, date(1900, 1, 1)),
        (315_532_800_000_000_000, UTC_ZONE, date(1980, 1, 1)),
        (2**63 - 1, UTC_ZONE, date(2262, 4, 11)),
        (-(2**63), UTC_ZONE, date(1677, 9, 21)),
        (10**21, UTC_ZONE, EPOCH),
        (-(10**21), UTC_ZONE, EPOCH),
        (10**40, UTC_ZONE, EPOCH),
    ],
)
def test_a_file_time_of_any_size_has_a_day(mtime_ns: int, zone: ZoneInfo, expected: date) -> None:
    assert file_day(mtime_ns, zone) == expected


@given(st.integers(), ZONES)
def test_no_file_time_is_too_much(mtime_ns: int, zone: ZoneInfo) -> None:
    assert file_day(mtime_ns, zone).year >= 1


@given(st.datetimes(timezones=st.just(UTC)), ZONES)
def test_a_moment_lies_on_the_day_that_a_calendar_of_the_zone_shows(moment: datetime, zone: ZoneInfo) -> None:
    assume(2 < moment.year < 9999)
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    expected = (moment + offset).date()

    assert day(video(moment.isoformat(), is_utc=True), zone=zone) == expected
    assert day(video(moment.replace(tzinfo=None).isoformat(), is_utc=True), zone=zone) == expected


@given(st.text(), st.booleans(), ZONES)
def test_no_text_is_too_much(taken: str, is_utc: bool, zone: ZoneInfo) -> None:
    assert isinstance(day(video(taken, is_utc=is_utc), zone=zone), date)


@pytest.mark.parametrize(
    ("moment", "folder"),
    [
        (date(2024, 5, 1), "2024/2024-05-01"),
        (date(987, 12, 31), "0987/0987-12-31"),
        (date(1, 1, 1), "0001/0001-01-01"),
        (date(9999, 12, 31), "9999/9999-12-31"),
    ],
)
def test_a_days_folder_sorts_by_name(moment: date, folder: str) -> None:
    assert day_folder(moment) == folder


def test_what_was_read_is_gathered() -> None:
    metadata = Metadata(date_taken="2024-05-01T10:00:00", details=Details(date_source=DateSource.UTC))

    assert Dated.of(Kind.VIDEO, metadata, 5) == video("2024-05-01T10:00:00", is_utc=True, mtime_ns=5)
    assert Dated.of(Kind.OTHER, None, 5) == Dated(Kind.OTHER, None, date_is_utc=False, mtime_ns=5)
