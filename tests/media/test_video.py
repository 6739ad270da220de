"""The columns of films."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pymediainfo import MediaInfo

from cardcat.media.films.video import to_metadata
from cardcat.media.reader import read_metadata
from cardcat.metadata import DateSource, Metadata
from cardcat.model import Kind
from tests.media.conftest import box

Film = Callable[..., Path]


def read(path: Path) -> Metadata:
    return read_metadata(path, Kind.VIDEO)


def test_an_mp4_knows_when_it_was_made_in_utc(film: Film) -> None:
    found = read(film("a.mp4", creation_time="2024-05-01T08:00:00Z"))

    assert (found.date_taken, found.date_is_utc) == ("2024-05-01T08:00:00+00:00", True)
    assert found.duration_seconds == 1.0
    assert (found.resolution_width, found.resolution_height) == (64, 48)
    assert found.trouble is None


def test_the_cameras_own_clock_comes_before_utc(film: Film) -> None:
    told = {
        "com_dot_apple_dot_quicktime_dot_creationdate": "2024-05-01T10:00:00+0200",
        "com_dot_apple_dot_quicktime_dot_make": "Apple",
        "com_dot_apple_dot_quicktime_dot_model": "iPhone 15",
        "com_dot_apple_dot_quicktime_dot_software": "17.4",
    }
    found = read(film("a.mov", creation_time="2024-05-01T08:00:00Z", **told))

    assert (found.date_taken, found.date_is_utc) == ("2024-05-01T10:00:00+02:00", False)
    assert (found.camera_make, found.camera_model, found.software) == ("Apple", "iPhone 15", "17.4")


def test_a_phones_film_tells_its_place_and_its_photo(film: Film) -> None:
    told = {
        "com_dot_apple_dot_quicktime_dot_location_dot_ISO6709": "+32.0929+034.8620+028.516/",
        "com_dot_apple_dot_quicktime_dot_content_dot_identifier": "0A1B-2C",
    }
    found = read(film("a.mov", **told)).details

    assert (found.gps_latitude, found.gps_longitude, found.gps_altitude) == (32.0929, 34.862, 28.516)
    assert found.live_photo_id == "0A1B-2C"


def test_a_film_tells_what_it_is_made_of(film: Film) -> None:
    found = read(film("a.mov", turned=True)).details

    assert (found.format, found.codec, found.rotation) == ("MOV", "MPEG-4", 90)
    assert (found.frame_rate, found.bit_depth, found.read_with) == (10.0, 8, "MediaInfo")


def with_firmware(path: Path) -> Path:
    """The film with what GoPro writes into its user data."""
    whole = path.read_bytes()
    at = whole.rindex(b"moov") - 4
    end = at + int.from_bytes(whole[at : at + 4], "big")
    firmware = box(b"udta", box(b"FIRM", b"HD9.01.01.72.00"))
    path.write_bytes(whole[:at] + box(b"moov", whole[at + 8 : end], firmware) + whole[end:])
    return path


def test_a_gopros_utc_is_its_own_clock(film: Film) -> None:
    found = read(with_firmware(film("a.mp4", creation_time="2019-11-18T15:45:32Z")))

    assert (found.camera_make, found.date_taken) == ("GoPro", "2019-11-18T15:45:32")
    assert found.details.date_source is DateSource.CREATION_DATE


def test_a_clock_that_a_gopros_film_names_keeps_its_offset(film: Film) -> None:
    told = {"com_dot_apple_dot_quicktime_dot_creationdate": "2024-05-01T10:00:00+0200"}
    found = read(with_firmware(film("a.mov", **told)))

    assert (found.camera_make, found.date_taken) == ("GoPro", "2024-05-01T10:00:00+02:00")


def test_a_film_is_as_wide_as_it_is_shown(film: Film) -> None:
    found = read(film("a.mp4", turned=True))

    assert (found.resolution_width, found.resolution_height) == (48, 64)


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.mp4"])
def test_a_film_without_a_date_has_none(film: Film, name: str) -> None:
    found = read(film(name))

    assert (found.date_taken, found.date_is_utc, found.duration_seconds) == (None, False, 1.0)


def test_a_name_may_hold_any_bytes(film: Film, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"%http:\xff\n0001.mp4")
    film("a.mp4", creation_time="2024-05-01T08:00:00Z").rename(odd)

    assert read(odd).date_taken == "2024-05-01T08:00:00+00:00"


def test_a_film_may_end_anywhere(film: Film, tmp_path: Path) -> None:
    whole = film("a.mov", creation_time="2024-05-01T08:00:00Z").read_bytes()

    for end in range(0, len(whole), 97):
        cut = tmp_path / "cut"
        cut.write_bytes(whole[:end])
        assert isinstance(read(cut), Metadata)


@pytest.mark.parametrize(
    ("general", "date"),
    [
        ({"Recorded_Date": "2019-04-24 22:24:00+02:00"}, "2019-04-24T22:24:00+02:00"),
        ({"Mastered_Date": "2012-09-10 20:52:00"}, "2012-09-10T20:52:00"),
        ({"Recorded_Date": "2020-08-28"}, None),
        ({"Recorded_Date": "2020", "Encoded_Date": "2024-05-01 08:00:00 UTC"}, "2024-05-01T08:00:00+00:00"),
        ({"Recorded_Date": "DATE / 2012-08-29 18:57:25"}, "2012-08-29T18:57:25"),
        ({"Encoded_Date": "2012-08-29 18:57:25 UTC / DATE_ENCODED"}, "2012-08-29T18:57:25+00:00"),
        ({"Encoded_Date": "1904-01-01 00:00:00 UTC"}, None),
        ({"File_Modified_Date": "2024-05-01 08:00:00 UTC", "Tagged_Date": "2024-05-01 08:00:00 UTC"}, None),
        ({"Mastered_Date": "Eÿÿ\x8e"}, None),
        ({"extra": ["no", "mapping"]}, None),
        ({"Recorded_Date": {"value": 1}}, None),
    ],
)
def test_the_date_is_when_it_was_recorded(general: dict[str, object], date: str | None) -> None:
    assert to_metadata(general, {}).date_taken == date


def test_avchd_names_the_camera_as_its_program() -> None:
    named = {"Encoded_Application_CompanyName": "Sony", "Encoded_Application_Name": "ILCE-7M3"}

    camera = to_metadata({"Format": "BDAV", "Encoded_Application": "Sony ILCE-7M3", **named}, {})
    assert (camera.camera_make, camera.camera_model, camera.software) == ("Sony", "ILCE-7M3", None)
    assert to_metadata({"Format": "MXF", **named}, {}).camera_make is None
    canon = {"Encoded_Application_CompanyName": "CANON", "Encoded_Application_Name": "EOS C300"}
    assert to_metadata({"Format": "MXF", **canon}, {}).camera_model == "EOS C300"
    assert to_metadata({"Format": "AVI", **named}, {}).camera_model is None


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ({"Width": "1920", "Height": "1080", "Rotation": "0.000"}, (1920, 1080)),
        ({"Width": "1920", "Height": "1080", "Rotation": "270.000"}, (1080, 1920)),
        ({"Width": "1920", "Height": "1080", "Rotation": "-90.000"}, (1080, 1920)),
        ({"Width": "1920", "Height": "1080", "Rotation": "180.000"}, (1920, 1080)),
        ({"Width": "40960"}, (None, None)),
        ({"Width": "nan", "Height": "1"}, (None, None)),
    ],
)
def test_sizes_are_whole_or_not_there(
    picture: dict[str, object], size: tuple[int | None, int | None]
) -> None:
    found = to_metadata({}, picture)

    assert (found.resolution_width, found.resolution_height) == size


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ({"FrameRate": "23.976", "BitRate": "50000000", "BitDepth": "10"}, (23.976, 50_000_000, 10)),
        ({"FrameRate": "0", "BitRate": "-1", "BitDepth": "0"}, (None, None, None)),
        ({"FrameRate": "1e9", "BitRate": "1e30", "BitDepth": "999"}, (None, None, None)),
        ({"FrameRate": "nan", "BitRate": "x"}, (None, None, None)),
    ],
)
def test_impossible_numbers_are_left_out(picture: dict[str, object], expected: tuple[object, ...]) -> None:
    found = to_metadata({}, picture).details
    assert (found.frame_rate, found.bit_rate, found.bit_depth) == expected


def test_mediainfo_is_not_asked_about_boxes_without_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can take minutes for half a kilobyte of a photo's tables, and has nothing to say."""
    asked: list[object] = []

    def parse(stream: object, **_: object) -> str:
        asked.append(stream)
        return "{}"

    monkeypatch.setattr(MediaInfo, "parse", parse)
    for name, data in (("a.mp4", box(b"ftyp", b"mp42") + box(b"meta", bytes(40))), ("b.avi", b"RIFF")):
        (tmp_path / name).write_bytes(data)
        assert read(tmp_path / name).trouble is None

    assert len(asked) == 1


def test_reading_leaves_the_access_time_alone(film: Film) -> None:
    path = film("a.mp4")
    os.utime(path, ns=(1, 2))  # so old that any read would renew it
    read(path)

    assert path.stat().st_atime_ns == 1
