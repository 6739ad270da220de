"""The real files: what other programs read out of them, and that none does any harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.media.kind import kind_of
from cardcat.media.pool import MetadataPool
from cardcat.media.readable import has_metadata
from cardcat.metadata import Metadata
from cardcat.model import Kind

Row = dict[str, str]
Check = Callable[[Row, Metadata], bool]

ROTATED = {"IMG_0826.MOV", "clip.mov", "VID_20201023_202729.3gp"}  # others tell the size before rotation
MAKER_NOTE = "100_0002.JPG"  # others prefer it here; the EXIF says something else
NO_SPEED = "DSCF0002.JPG"  # an ISO of 0 says that it is not known


@pytest.fixture(scope="module")
def found(devset: Path, manifest: list[Row]) -> list[tuple[Row, Kind, Metadata]]:
    """Every real file, read by the pool, hostile ones among the others."""
    paths = [devset / row["path"] for row in manifest]
    kinds = []
    for path in paths:
        with path.open("rb") as file:
            kinds.append(kind_of(file.read(1 << 16), path.name))
    with MetadataPool(2) as pool:
        answers = pool.read(list(zip(paths, kinds, strict=True)))
    return list(zip(manifest, kinds, answers, strict=True))


def test_no_real_file_ends_a_worker(found: list[tuple[Row, Kind, Metadata]]) -> None:
    assert len(found) == 191
    for row, _, answer in found:
        assert "crashed" not in (answer.trouble or ""), row["path"]
        assert "longer" not in (answer.trouble or ""), row["path"]
        assert "memory" not in (answer.trouble or ""), row["path"]


def test_what_is_no_media_has_no_metadata(found: list[tuple[Row, Kind, Metadata]]) -> None:
    for row, kind, answer in found:
        if not has_metadata(kind, Path(row["path"]).name):
            assert answer == Metadata(), row["path"]


def is_near(said: str, ours: float | None, tolerance: float = 0.005) -> bool:
    return ours is not None and abs(float(said) - ours) <= tolerance * float(said) + 1e-9


def seconds(shutter_speed: str | None) -> float | None:
    if shutter_speed is None:
        return None
    return 1 / float(shutter_speed[2:]) if shutter_speed.startswith("1/") else float(shutter_speed)


def clock(written: str) -> str:
    """Seconds, also of `00:01:30.5`."""
    return str(sum(float(part) * 60**power for power, part in enumerate(reversed(written.split(":")))))


def digits(value: str | None, prefix: str = "", suffix: str = "") -> float | None:
    return None if value is None else float(value.removeprefix(prefix).removesuffix(suffix))


def iso_8601(row: Row) -> str:
    return row["dto_exif"].replace(":", "-", 2).replace(" ", "T") + row["offset_time"]


# Column of the manifest, how it compares, and the files that differ for a reason.
CHECKS: dict[str, tuple[Check, set[str]]] = {
    "make": (lambda row, ours: row["make"] == ours.camera_make, {"00000.MTS"}),  # exiftool says "264" there
    "model": (lambda row, ours: row["model"] == ours.camera_model, set()),
    "lens_exif": (lambda row, ours: row["lens_exif"] == ours.lens_model, set()),
    "dto_exif": (lambda row, ours: iso_8601(row) == ours.date_taken, set()),
    "iso_exif": (lambda row, ours: row["iso_exif"] == ours.iso, {NO_SPEED}),
    "aperture": (lambda row, ours: is_near(row["aperture"], digits(ours.aperture, "f/")), {MAKER_NOTE}),
    "shutter_s": (
        lambda row, ours: is_near(row["shutter_s"], seconds(ours.shutter_speed), 0.05),
        {MAKER_NOTE, "exif_gps.jpg"},  # the last one: 136 years
    ),
    "focal_mm": (lambda row, ours: is_near(row["focal_mm"], digits(ours.focal_length, suffix=" mm")), set()),
    "duration_s": (
        lambda row, ours: is_near(clock(row["duration_s"]), ours.duration_seconds, 0.01),
        {"fuzz_08.mp4", "fuzz_12.mp4"},  # damaged there
    ),
    "width": (
        lambda row, ours: (
            (int(row["width"]), int(row["height"])) == (ours.resolution_width, ours.resolution_height)
        ),
        # exif.mp4: others misread its track header, its pictures are 8 x 8; the last two are damaged there
        {"exif.mp4", "IllegalArgumentException.HeifReader.processBoxes.heif", "fuzz_12.mp4"} | ROTATED,
    ),
}

# What only a maker's note tells, and other programs too.
NOTED = {
    "DSC_0002.JPG": ("200", "Nikon AF-S Nikkor 17-35mm f/2.8D IF-ED"),
    "really_a_jpeg.NEF": ("200", "Nikon AF Nikkor 50mm f/1.8D"),
    "IMG_0007.CRW": ("100", None),
}


@pytest.mark.parametrize("name", NOTED)
def test_makers_notes_tell_the_rest(found: list[tuple[Row, Kind, Metadata]], name: str) -> None:
    ours = next(ours for row, _, ours in found if Path(row["path"]).name == name)

    assert (ours.iso, ours.lens_model) == NOTED[name]
    assert "exiv2" in (ours.details.read_with or "")


def test_every_photo_has_a_format(found: list[tuple[Row, Kind, Metadata]]) -> None:
    assert all(ours.details.format for _, kind, ours in found if kind is Kind.IMAGE)


@pytest.mark.parametrize("column", CHECKS)
def test_columns_agree_with_other_programs(found: list[tuple[Row, Kind, Metadata]], column: str) -> None:
    agrees, excused = CHECKS[column]
    differing = {
        Path(row["path"]).name
        for row, kind, ours in found
        if row[column] and kind.is_media and not agrees(row, ours)
    }

    assert differing == excused


def test_films_are_as_wide_as_they_are_shown(found: list[tuple[Row, Kind, Metadata]]) -> None:
    for row, _, ours in found:
        if Path(row["path"]).name in ROTATED:
            assert (str(ours.resolution_height), str(ours.resolution_width)) == (row["width"], row["height"])


@pytest.mark.parametrize(
    ("name", "date", "is_utc"),
    [
        ("IMG_0826.MOV", "2019-07-24T11:25:40+03:00", False),
        ("DJI_0001.MP4", "2020-11-20T15:04:02+01:00", False),
        ("00000.MTS", "2019-04-24T22:24:00+02:00", False),
        ("MVI_4823.AVI", "2012-09-10T20:52:00", False),
        ("VID_20170222_082028.mp4", "2017-02-22T08:20:28+00:00", True),
        ("rocket.mkv", None, False),
        ("hr200.jpg", "2001-01-11T03:28:39", False),
    ],
)
def test_dates_are_those_of_the_camera(
    found: list[tuple[Row, Kind, Metadata]], name: str, date: str | None, is_utc: bool
) -> None:
    ours = next(ours for row, _, ours in found if Path(row["path"]).name == name)

    assert (ours.date_taken, ours.date_is_utc) == (date, is_utc)
