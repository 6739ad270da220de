"""What a film or photo lacks is taken from the camera's files beside it, and nothing it says is changed."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind
from cardcat.plan.companions import Companion, completed

FULL = Metadata(
    camera_make="Canon",
    camera_model="Canon EOS D30",
    lens_model="EF50mm",
    date_taken="2001-05-01T10:00:00",
    iso="100",
    aperture="f/2.8",
    shutter_speed="1/250",
    focal_length="50 mm",
    software="Firmware 1.0",
    duration_seconds=1.0,
    resolution_width=160,
    resolution_height=120,
    details=Details(
        format="JPEG",
        date_source=DateSource.ORIGINAL,
        date_subsec="12",
        gps_latitude=1.0,
        gps_longitude=2.0,
        gps_altitude=3.0,
        camera_serial="C1",
        lens_serial="L1",
        orientation=6,
    ),
)
TAKEN_OVER = replace(
    FULL,
    software=None,
    duration_seconds=None,
    resolution_width=None,
    resolution_height=None,
    details=replace(FULL.details, format=None, orientation=None, date_source=DateSource.SIDECAR),
)


def image(name: str, metadata: Metadata | None) -> Companion:
    return Companion(name, Kind.IMAGE, metadata)


def video(name: str, metadata: Metadata | None) -> Companion:
    return Companion(name, Kind.VIDEO, metadata)


def sidecar(name: str, metadata: Metadata | None) -> Companion:
    return Companion(name, Kind.SIDECAR, metadata)


def dated(taken: str | None, source: DateSource = DateSource.CREATION_DATE) -> Metadata:
    return Metadata(date_taken=taken, details=Details(date_source=source))


def first(*members: Companion) -> Metadata:
    found = completed(members)
    assert completed(members[::-1]) == found[::-1]
    assert found[0] is not None
    return found[0]


@pytest.mark.parametrize(
    "beside",
    [
        sidecar("MVI_0007M01.XML", FULL),
        sidecar("MVI_0007.xmp", FULL),
        sidecar("mvi_0007.avi.XMP", FULL),
        image("MVI_0007.THM", FULL),
        image("mvi_0007.jpg", FULL),
    ],
)
def test_a_film_that_says_nothing_takes_all_that_is_of_the_shot(beside: Companion) -> None:
    assert first(video("MVI_0007.AVI", None), beside) == TAKEN_OVER
    assert first(video("MVI_0007.AVI", Metadata()), beside) == TAKEN_OVER


def test_a_raw_takes_from_its_thumbnail_and_its_jpeg() -> None:
    assert first(image("CRW_0007.CRW", None), image("CRW_0007.THM", FULL)) == TAKEN_OVER
    wide = replace(FULL, resolution_width=6000)
    assert first(image("IMG_0007.CRW", Metadata()), image("IMG_0007.JPG", wide)) == TAKEN_OVER


def test_what_a_file_says_itself_stays() -> None:
    own = Metadata(camera_model="Mine", iso="200", details=Details(camera_serial="C2", gps_latitude=9.0))

    found = first(video("A.MP4", own), sidecar("A.XML", FULL))

    assert (found.camera_model, found.iso, found.details.camera_serial) == ("Mine", "200", "C2")
    assert (found.details.gps_latitude, found.details.gps_longitude) == (9.0, None)
    assert (found.camera_make, found.details.lens_serial) == ("Canon", "L1")


def test_the_cameras_xml_is_asked_before_the_rest() -> None:
    def says(word: str) -> Metadata:
        return Metadata(camera_model=word)

    beside = [
        image("A.JPG", says("jpeg")),
        image("A.THM", says("thumbnail")),
        sidecar("A.XMP", says("xmp")),
        sidecar("A.XML", says("xml")),
    ]
    for count in range(4, 0, -1):
        expected = ("jpeg", "thumbnail", "xmp", "xml")[count - 1]
        assert first(video("A.MP4", None), *beside[:count]).camera_model == expected


@pytest.mark.parametrize(
    "members",
    [
        (image("IMG_1.JPG", None), image("IMG_1.CR3", FULL)),  # a JPEG may be an edited one
        (image("IMG_1.JPG", None), image("IMG_1.THM", FULL)),
        (image("IMG_1.CR3", None), sidecar("IMG_1.JPG.xmp", FULL)),
        (image("IMG_1234.DNG", None), image("IMG_E1234.JPG", FULL)),
        (video("A.MP4", None), image("A.CR3", FULL)),
        (video("A.MP4", None), video("A.MOV", FULL)),
        (image("A.THM", None), sidecar("A.XML", FULL)),
        (video("C0001S03.MP4", None), sidecar("C0001M01.XML", FULL)),
        (sidecar("A.XML", None), sidecar("A.XMP", FULL)),
        (video("A.MP4", None), sidecar("A.AAE", FULL)),
    ],
)
def test_other_files_tell_nothing(members: tuple[Companion, ...]) -> None:
    assert completed(members) == [None, FULL]


def test_a_photo_of_its_own_beside_a_film_only_tells_of_the_camera_and_a_date_that_is_missing() -> None:
    wide = replace(FULL, resolution_width=6000)

    found = first(video("DSC_1.MOV", None), image("DSC_1.JPG", wide))
    assert (found.camera_model, found.iso, found.details.gps_latitude) == ("Canon EOS D30", None, None)
    assert found.date_taken == FULL.date_taken
    instant = dated("2001-05-01T08:00:00", DateSource.UTC)
    assert first(video("DSC_1.MOV", instant), image("DSC_1.JPG", wide)).date_taken == instant.date_taken


def test_a_picture_of_another_camera_tells_nothing() -> None:
    own = Metadata(camera_model="DC-GH5")

    assert first(video("A.MP4", own), image("A.JPG", FULL)) == own
    assert first(video("A.MP4", Metadata(camera_model="canon eos d30")), image("A.JPG", FULL)).iso == "100"


@pytest.mark.parametrize(
    ("own", "beside", "taken", "source"),
    [
        (None, "2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00+02:00", DateSource.SIDECAR),
        ("not a date", "2024-05-01T10:00:00", "2024-05-01T10:00:00", DateSource.SIDECAR),
        ("2024-05-01T08:00:00", "2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00+02:00", DateSource.SIDECAR),
        ("2024-05-01T08:00:00", "2024-05-02T08:00:00", "2024-05-02T08:00:00", DateSource.SIDECAR),
        ("2024-05-01T08:00:00", "2024-05-02T08:00:01", "2024-05-01T08:00:00", DateSource.UTC),
        ("2024-05-01T08:00:00", "2023-05-01T10:00:00+02:00", "2024-05-01T08:00:00", DateSource.UTC),
        ("2024-05-01T08:00:00", "not a date", "2024-05-01T08:00:00", DateSource.UTC),
        ("9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59", DateSource.UTC),
    ],
)
def test_a_sidecars_clock_replaces_an_instant_of_its_day(
    own: str | None, beside: str, taken: str, source: DateSource
) -> None:
    found = first(video("A.MP4", dated(own, DateSource.UTC)), sidecar("A.XML", dated(beside)))

    assert (found.date_taken, found.details.date_source) == (taken, source)


def test_a_sidecars_clock_never_replaces_a_clock() -> None:
    own = dated("2024-05-01T10:00:00")

    assert first(video("A.MP4", own), sidecar("A.XML", dated("2024-05-01T10:00:01+02:00"))) == own


def test_a_sidecars_instant_is_still_one() -> None:
    beside = dated("2024-05-01T08:00:00", DateSource.GPS)

    assert first(video("A.MP4", None), sidecar("A.XML", beside)).details.date_source is DateSource.GPS


DATES = (
    st.none()
    | st.sampled_from(["", "no", "2024-05-01T08:00:00+00:00"])
    | st.datetimes().map(datetime.isoformat)
)
METADATA = st.builds(
    lambda model, taken, source, width, latitude: Metadata(
        camera_model=model,
        date_taken=taken,
        resolution_width=width,
        details=Details(date_source=source, gps_latitude=latitude),
    ),
    st.none() | st.sampled_from(["A", "B"]),
    DATES,
    st.none() | st.sampled_from(DateSource),
    st.none() | st.sampled_from([160, 6000]),
    st.none() | st.floats(allow_nan=False),
)
NAMES = st.sampled_from("A.JPG A.CR3 A.MP4 A.THM A.XML A.xmp A.CR3.xmp A.LRV AM01.XML".split())
MEMBERS = st.lists(
    st.builds(Companion, NAMES, st.sampled_from(Kind), st.none() | METADATA),
    unique_by=lambda member: member.name,
    max_size=6,
)


@given(MEMBERS)
def test_nothing_is_lost_and_the_order_does_not_matter(members: list[Companion]) -> None:
    found = completed(members)

    assert completed(members[::-1]) == found[::-1]
    for member, metadata in zip(members, found, strict=True):
        before = member.metadata or Metadata()
        assert metadata is not None or member.metadata is None
        for field in fields(Metadata):
            value = getattr(before, field.name)
            if value is not None and field.name not in ("details", "date_taken"):
                assert getattr(metadata, field.name) == value
        if metadata and metadata.date_taken != before.date_taken:
            assert before.date_is_utc or not _is_date(before.date_taken)


@given(MEMBERS)
def test_sidecars_stay_as_they_are(members: list[Companion]) -> None:
    for member, found in zip(members, completed(members), strict=True):
        assert member.kind.is_media or found == member.metadata


def _is_date(text: str | None) -> bool:
    try:
        return bool(text) and datetime.fromisoformat(text or "").year > 0
    except ValueError:
        return False
