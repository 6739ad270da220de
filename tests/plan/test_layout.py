"""The day of a group: the photo's own, then the video's, then the file's."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind
from cardcat.plan.dates import Dated, moments_of
from cardcat.plan.layout import day_folder, day_of_dated, file_day

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")  # UTC+14
PAGO_PAGO = ZoneInfo("Pacific/Pago_Pago")  # UTC-11
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from([UTC_ZONE, BERLIN, KIRITIMATI, PAGO_PAGO])
EPOCH = date(1970, 1, 1)
FILE_TIME = 1_600_000_000_000_000_000  # 2020-09-13 12:26:40 UTC
FILE_DAY = date(2020, 9, 13)


def image(taken: str | None, mtime_ns: int = FILE_TIME, name: str = "IMG_0001.JPG") -> Dated:
    return Dated(Kind.IMAGE, name, Metadata(date_taken=taken), mtime_ns)


def video(
    taken: str | None, *, is_utc: bool = False, mtime_ns: int = FILE_TIME, name: str = "IMG_0001.MOV"
) -> Dated:
    source = DateSource.UTC if is_utc else DateSource.CREATION_DATE
    return Dated(Kind.VIDEO, name, Metadata(date_taken=taken, details=Details(date_source=source)), mtime_ns)


def sidecar(mtime_ns: int, taken: str | None = None) -> Dated:
    return Dated(Kind.SIDECAR, "IMG_0001.XMP", Metadata(date_taken=taken), mtime_ns)


def day_of_group(members: Sequence[Dated], zone: ZoneInfo) -> date:
    """Of files of which nothing is known but each other."""
    return day_of_dated([*zip(members, moments_of(members, zone), strict=True)], zone)


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
    for edited in (FILE_TIME + 10**18, FILE_TIME - 10**18):
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


def test_a_name_counts_where_nothing_inside_tells_and_before_the_file_time() -> None:
    named = image(None, name="IMG_20200630_112759.JPG")

    assert day(named) == date(2020, 6, 30)
    assert day(named, sidecar(FILE_TIME)) == date(2020, 6, 30)
    assert day(named, image("2024-05-01T10:00:00")) == date(2024, 5, 1)
    assert day(named, video("2024-05-01T10:00:00", is_utc=True)) == date(2024, 5, 1)
    assert day(Dated(Kind.SIDECAR, "IMG_20200630_112759.XMP", None, FILE_TIME)) == date(2020, 6, 30)


def test_of_several_photos_the_surest_and_then_the_earliest_decides() -> None:
    early, late = image("2024-05-01T10:00:00"), image("2024-05-02T10:00:00")
    scanned = Metadata(date_taken="2023-01-01T10:00:00", details=Details(date_source=DateSource.DIGITISED))

    assert day(early, late) == date(2024, 5, 1)
    assert day(late, Dated(Kind.IMAGE, "IMG_0001.JPG", scanned, FILE_TIME)) == date(2024, 5, 2)
    assert day(image(None, FILE_TIME + 10**18), image(None)) == FILE_DAY


def test_both_halves_of_a_live_photo_get_the_photos_day() -> None:
    photo, film = image("2024-05-01T23:59:59"), video("2024-05-01T22:00:01", is_utc=True)

    for zone in (KIRITIMATI, PAGO_PAGO):
        assert day(photo, film, zone=zone) == date(2024, 5, 1)


def test_what_is_known_without_the_zone_counts_before_what_is_seen_from_it() -> None:
    satellites = Metadata(details=Details(gps_date="2024-05-01T23:00:00"))
    photo = Dated(Kind.IMAGE, "IMG_0001.JPG", satellites, FILE_TIME)

    assert day(photo, zone=BERLIN) == date(2024, 5, 2)
    assert day(photo, video("2024-04-20T10:07:00"), zone=BERLIN) == date(2024, 4, 20)


def test_a_sound_alone_has_the_day_that_it_says() -> None:
    sound = Dated(Kind.AUDIO, "ZOOM0001.WAV", Metadata(date_taken="2024-05-01T10:00:00"), FILE_TIME)

    assert day(sound) == date(2024, 5, 1)
    assert day(sound, video("2023-04-02T10:00:00")) == date(2023, 4, 2)


MEMBERS = st.lists(
    st.builds(
        Dated,
        st.sampled_from(Kind),
        st.sampled_from(["IMG_0001.JPG", "IMG_20200630_112759.JPG", "PXL_20200630_112759123.jpg", "a.wav"]),
        st.none()
        | st.builds(
            lambda taken, source: Metadata(date_taken=taken, details=Details(date_source=source)),
            st.none() | st.datetimes().map(datetime.isoformat),
            st.none() | st.sampled_from(DateSource),
        ),
        st.integers(-(10**21), 10**21),
    ),
    min_size=1,
    max_size=4,
)


@given(MEMBERS, st.datetimes(), st.sampled_from([Kind.IMAGE, Kind.VIDEO]))
def test_the_zone_does_not_matter_where_a_camera_has_told_the_time(
    members: list[Dated], taken: datetime, kind: Kind
) -> None:
    if kind is Kind.VIDEO:
        members = [member for member in members if member.kind is not Kind.IMAGE]
    clock = Metadata(date_taken=taken.isoformat(), details=Details(date_source=DateSource.ORIGINAL))
    members = [*members, Dated(kind, "IMG_0001.JPG", clock, FILE_TIME)]

    assert len({day_of_group(members, zone) for zone in (UTC_ZONE, BERLIN, KIRITIMATI, PAGO_PAGO)}) == 1


@given(MEMBERS, st.randoms(use_true_random=False), ZONES)
def test_the_order_of_the_members_does_not_matter(
    members: list[Dated], random: Random, zone: ZoneInfo
) -> None:
    shuffled = random.sample(members, len(members))

    assert day_of_group(members, zone) == day_of_group(shuffled, zone)
