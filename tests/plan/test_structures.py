"""Folder trees that only work whole are found, and known again by what is in them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardcat.plan.structures import clip_place, group_files, same_moment, structure_id, structure_root
from tests.plan.strategies import file_names, unhurried

QUARTER_NS = 15 * 60 * 1_000_000_000
TIMES = st.integers(-(10**18), 4 * 10**18)
FILES = st.lists(
    st.tuples(st.text("abAB/.\n\udce9", min_size=1), st.integers(0, 2**40), TIMES),
    min_size=1,
    unique_by=lambda file: file[0],
)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("PRIVATE/AVCHD/BDMV/STREAM/00000.MTS", "PRIVATE"),
        ("PRIVATE/M4ROOT/CLIP/C0001.MP4", "PRIVATE"),
        ("private/m4root/clip/c0001.mp4", "private"),
        ("AVCHD/BDMV/INDEX.BDM", "AVCHD"),
        ("backup/card 1/PRIVATE/SONY/SONYCARD.IND", "backup/card 1/PRIVATE"),
        ("XDROOT/Clip/C0001.MXF", "XDROOT"),
        ("CONTENTS/CLIPS001/A001C001.MXF", "CONTENTS"),
        ("CONTENTS/XDROOT/PRIVATE/x", "CONTENTS"),
        ("A001_0612.RDM/A001_C001_0612XY.RDC/A001_C001_0612XY_001.R3D", "A001_0612.RDM"),
        ("a001_c001.rdc/x.R3D", "a001_c001.rdc"),
        ("BPAV/CLPR/x/x.MP4", "BPAV"),
    ],
)
def test_the_outermost_folder_of_a_structure_is_its_root(path: str, root: str) -> None:
    assert structure_root(path) == root


@pytest.mark.parametrize(
    "path",
    [
        "PRIVATE",
        "DCIM/PRIVATE",
        "A001_0612.RDM",
        "DCIM/100CANON/IMG_0001.JPG",
        "PRIVATE2/x.jpg",
        "MY PRIVATE/x.jpg",
        "x.rdm.d/y",
        "IMG_0001.JPG",
    ],
)
def test_other_folders_and_files_with_such_names_are_none(path: str) -> None:
    assert structure_root(path) is None


@given(st.lists(st.sampled_from("DCIM PRIVATE AVCHD A.RDM CONTENTS x".split()), min_size=1))
def test_a_root_is_a_folder_above_the_file_with_none_above_it(parts: list[str]) -> None:
    path = "/".join(parts)
    root = structure_root(path)
    if root is not None:
        assert path.startswith(f"{root}/")
        assert structure_root(root) is None


@given(FILES, st.randoms())
def test_the_id_does_not_depend_on_the_order(files: list[tuple[str, int, int]], random: object) -> None:
    assert structure_id(files) == structure_id(reversed(files)) == structure_id(iter(sorted(files)))
    assert len(structure_id(files)) == 8
    assert int(structure_id(files), 16) >= 0


@given(FILES, st.integers(-96, 96))
def test_a_card_read_in_another_time_zone_keeps_its_id(
    files: list[tuple[str, int, int]], quarters: int
) -> None:
    moved = [(path, size, mtime_ns + quarters * QUARTER_NS) for path, size, mtime_ns in files]

    assert structure_id(moved) == structure_id(files)


@given(FILES, st.data())
def test_one_file_that_differs_makes_another_structure(
    files: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(files) - 1))
    path, size, mtime_ns = files[at]
    other = data.draw(
        st.sampled_from(
            [
                (path + "x", size, mtime_ns),
                (path, size + 1, mtime_ns),
                (path, size, mtime_ns + 2_000_000_000),
                (path, size, mtime_ns - 60_000_000_000),
            ]
        )
    )
    assume(other[0] not in {name for name, _, _ in files} or other[0] == path)

    assert structure_id([*files[:at], other, *files[at + 1 :]]) != structure_id(files)
    assert structure_id([*files, ("another", 0, 0)]) != structure_id(files)


def test_names_are_told_apart_to_the_last_byte() -> None:
    assert structure_id([("a", 12, 0)]) != structure_id([("a1", 2, 0)])
    assert structure_id([("\udce9", 1, 0)]) != structure_id([("\udcea", 1, 0)])
    assert structure_id([("a", 1, 0), ("b", 2, 0)]) != structure_id([("a10\nb", 2, 0)])


def test_times_that_a_memory_card_rounds_away_do_not_count() -> None:
    moment = 1_714_557_600_000_000_000

    assert structure_id([("a", 1, moment)]) == structure_id([("a", 1, moment + 1_990_000_000)])


@pytest.mark.parametrize(
    "paths",
    [
        "M4ROOT/CLIP/C0001.MP4 M4ROOT/CLIP/C0001M01.XML M4ROOT/SUB/C0001S03.MP4 M4ROOT/THMBNL/C0001T01.JPG",
        "m4root/clip/20240501_C0001.MP4 m4root/sub/20240501_C0001S03.MP4 m4root/CLIP/20240501_C0001M01.XML",
        "XDROOT/Clip/C0001.MXF XDROOT/Clip/C0001R01.BIM XDROOT/Sub/C0001S01.MP4 XDROOT/Thmbnl/C0001T01.JPG",
        "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI",
        (
            "CONTENTS/VIDEO/0001AB.MXF CONTENTS/AUDIO/0001AB00.MXF CONTENTS/CLIP/0001AB.XML "
            "CONTENTS/ICON/0001AB.BMP CONTENTS/PROXY/0001AB.MP4 CONTENTS/VOICE/0001AB00.WAV"
        ),
        "A.RDM/B.RDC/B_001.R3D A.RDM/B.RDC/B_002.R3D A.RDM/B.RDC/B.RMD",
        "CONTENTS/CLIPS001/AA0001/AA000101.MXF CONTENTS/CLIPS001/AA0001/AA0001.CIF",
        "BPAV/CLPR/A_0001_01/A_0001_01.MP4 BPAV/CLPR/A_0001_01/A_0001_01R01.BIM",
    ],
)
def test_what_lies_in_several_folders_is_one_clip(paths: str) -> None:
    places = [clip_place(path) for path in paths.split()]

    assert None not in places
    assert len({place.clip for place in places if place}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M4ROOT/CLIP/C0001.MP4", "M4ROOT/SUB/C0002S03.MP4"),
        ("M4ROOT/CLIP/C0001.MP4", "copy/M4ROOT/CLIP/C0001.MP4"),
        ("M4ROOT/CLIP/C0001.MP4", "XDROOT/CLIP/C0001.MP4"),
        ("BDMV/STREAM/00000.MTS", "BDMV/CLIPINF/00001.CPI"),
        ("CONTENTS/VIDEO/0001AB.MXF", "CONTENTS/AUDIO/0001AC00.MXF"),
        ("A.RDM/B.RDC/B_001.R3D", "A.RDM/C.RDC/B_001.R3D"),
    ],
)
def test_other_clips_are_others(one: str, other: str) -> None:
    places = clip_place(one), clip_place(other)

    assert places[0]
    assert places[1]
    assert places[0].clip != places[1].clip


@pytest.mark.parametrize(
    "path",
    [
        "BDMV/PLAYLIST/00000.MPL",
        "BDMV/INDEX.BDM",
        "STREAM/00000.MTS",
        "CLIP/C0001.MP4",
        "DCIM/100CANON/IMG_0001.JPG",
        "C0001.MP4",
        "M4ROOT/MEDIAPRO.XML",
        "",
    ],
)
def test_other_files_are_of_no_clip(path: str) -> None:
    assert clip_place(path) is None


@unhurried
@given(st.sampled_from(["M4ROOT/CLIP", "M4ROOT/SUB", "CONTENTS/AUDIO", "A.RDC", "BDMV/STREAM"]), file_names)
def test_any_name_has_its_place_in_a_structure(folder: str, name: str) -> None:
    place = clip_place(f"{folder}/{name}")

    assert place is not None
    assert place.part in ("CLIP", "SUB", "AUDIO", "RDC", "STREAM")


def test_the_files_of_a_clip_are_one_group_across_the_folders_of_a_structure() -> None:
    paths = [
        "PRIVATE/M4ROOT/CLIP/C0001.MP4",
        "PRIVATE/M4ROOT/CLIP/C0001M01.XML",
        "PRIVATE/M4ROOT/CLIP/C0002.MP4",
        "PRIVATE/M4ROOT/SUB/C0001S03.MP4",
        "PRIVATE/M4ROOT/THMBNL/C0001T01.JPG",
        "DCIM/C0001.JPG",
    ]

    assert group_files(paths) == [0, 0, 2, 0, 0, 5]
    assert group_files(paths[-1:]) == [0]


@unhurried
@given(TIMES, st.integers(-96, 96), st.integers(-2 * 10**9, 2 * 10**9))
def test_a_moment_is_the_same_in_every_zone_and_on_every_filesystem(
    mtime_ns: int, quarters: int, rounding: int
) -> None:
    assert same_moment(mtime_ns, mtime_ns + quarters * QUARTER_NS + rounding)
    assert not same_moment(mtime_ns, mtime_ns + quarters * QUARTER_NS + 3 * 10**9)
    assert not same_moment(mtime_ns, mtime_ns + quarters * QUARTER_NS - 3 * 10**9)
