"""The films of one take are known by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.plan.chapters import Chapter, chapter_of, name_of_chapter
from tests.plan.strategies import file_names, unhurried


@pytest.mark.parametrize(
    ("path", "chapter"),
    [
        ("DCIM/100GOPRO/GH010003.MP4", Chapter("DCIM/100GOPRO/gh0003", 1, 1)),
        ("DCIM/100GOPRO/gx120003.mp4", Chapter("DCIM/100GOPRO/gx0003", 12, 1)),
        ("DCIM/100GOPRO/GS010135.360", Chapter("DCIM/100GOPRO/gs0135", 1, 1)),
        ("DCIM/100GOPRO/GOPR0003.MP4", Chapter("DCIM/100GOPRO/gopr0003", 0, 0)),
        ("DCIM/100GOPRO/GP020003.MP4", Chapter("DCIM/100GOPRO/gopr0003", 2, 0)),
        ("DCIM/100GOPRO/GHAA0002.MP4", Chapter("DCIM/100GOPRO/ghaa", 2, None)),
        ("VID_20200630_112759_00_002.insv", Chapter("/vid_20200630_112759", 2, None)),
        ("VID_20200630_112759_10_002.insv", Chapter("/vid_20200630_112759", 2, None)),
    ],
)
def test_a_chapter_of_a_take(path: str, chapter: Chapter) -> None:
    assert chapter_of(path) == chapter


@pytest.mark.parametrize(
    "name",
    [
        "GOPR0003.JPG",
        "GOPR0003.GPR",
        "G0010003.JPG",
        "GL010003.LRV",
        "GH010003.THM",
        "GH01003.MP4",
        "GH010003.MP4.xmp",
        "IMG_0003.MP4",
        "C0003.MP4",
        "VID_20200630_112759.mp4",
        "IMG_20200630_112759_00_001.insp",
        "DJI_0003.MP4",
        "",
    ],
)
def test_other_files_are_no_chapters(name: str) -> None:
    assert chapter_of(f"DCIM/100GOPRO/{name}") is None


@pytest.mark.parametrize(
    ("name", "number", "other"),
    [
        ("GH010003.MP4", 2, "GH020003.MP4"),
        ("gx030003.mp4", 1, "gx010003.mp4"),
        ("GP020003.MP4", 0, "GOPR0003.MP4"),
        ("GOPR0003.MP4", 1, "GP010003.MP4"),
        ("gp020003.mp4", 0, "gopr0003.mp4"),
    ],
)
def test_another_chapter_is_named_as_the_camera_would(name: str, number: int, other: str) -> None:
    assert name_of_chapter(name, number) == other


@given(st.sampled_from("GH GX GS GP".split()), st.integers(1, 99), st.integers(1, 99), st.integers(0, 9999))
def test_named_chapters_are_of_the_same_take(letters: str, number: int, other: int, file: int) -> None:
    name = f"{letters}{number:02d}{file:04d}.MP4"
    one, two = chapter_of(name), chapter_of(name_of_chapter(name, other))

    assert one
    assert two
    assert (one.take, one.number, two.number) == (two.take, number, other)


@unhurried
@given(file_names)
def test_no_name_is_too_much(name: str) -> None:
    chapter = chapter_of(f"DCIM/{name}")

    assert chapter is None or chapter.take.startswith("DCIM/")
