"""The columns of films."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.media.reader import read_metadata
from cardcat.media.video import to_metadata
from cardcat.metadata import Metadata
from cardcat.model import Kind

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

    assert to_metadata({"Format": "BDAV", **named}, {}).camera_model == "ILCE-7M3"
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
