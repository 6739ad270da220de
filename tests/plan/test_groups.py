"""Files that belong together are seen as one group, within one folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.plan.groups import assign_groups, group_key, split_name
from tests.plan.strategies import file_names, unhurried

FOLDERS = st.sampled_from(["", "DCIM/100CANON", "DCIM/100canon", "DCIM", "PRIVATE/M4ROOT/CLIP"])
CAMERA_NAMES = st.sampled_from(
    "IMG_1.JPG img_1.cr3 IMG_1.CR3.xmp IMG_1.xmp IMG_E0001.JPG IMG_0001.AAE GH010003.MP4 GL010003.LRV "
    "C0001.MP4 C0001M01.XML C0001S03.MP4 .nomedia IMG_1 DSC_1.NEF DSC_1.WAV".split()
)
PATHS = st.lists(
    st.builds(lambda folder, name: f"{folder}/{name}" if folder else name, FOLDERS, CAMERA_NAMES), unique=True
)


def together(*names: str) -> bool:
    return set(assign_groups(f"DCIM/100/{name}" for name in names)) == {0}


@pytest.mark.parametrize(
    "names",
    [
        "IMG_1.CR3 IMG_1.JPG IMG_1.xmp IMG_1.CR3.xmp IMG_1.JPG.xmp IMG_1.cr3.dop IMG_1.WAV",
        "IMG_1.cr3 img_1.Jpg Img_1.XMP",
        "DSC_0042.NEF DSC_0042.WAV DSC_0042.MOV",
        "IMG_1234.HEIC IMG_1234.MOV IMG_1234.AAE IMG_E1234.HEIC IMG_O1234.AAE IMG_E1234.MOV",
        "img_e0007.jpg IMG_0007.JPG",
        "GH010003.MP4 GH010003.THM GL010003.LRV",
        "GX010003.MP4 GX010003.THM GL010003.LRV GX010003.WAV",
        "GS010135.360 GS010135.THM GL010135.LRV",
        "GHAA0001.MP4 GHAA0001.THM GLAA0001.LRV",
        "GOPR0003.MP4 GOPR0003.LRV GOPR0003.THM",
        "GP010003.MP4 GP010003.LRV gp010003.thm",
        "VID_20200630_112759_00_001.insv VID_20200630_112759_10_001.insv LRV_20200630_112759_11_001.insv",
        "VID_20200630_112759_00_001.mp4 LRV_20200630_112759_01_001.lrv",
        "DJI_20230501101112_0001_D.MP4 DJI_20230501101112_0001_D.LRF dji_20230501101112_0001_d.srt",
        "PXL_20210101_120000000.RAW-01.MP.COVER.jpg PXL_20210101_120000000.RAW-02.ORIGINAL.dng",
        "PXL_20210101_120000000.PORTRAIT-01.COVER.jpg PXL_20210101_120000000.PORTRAIT-02.ORIGINAL.jpg",
        "IMG_0007.JPG SND_0007.WAV",
        "IMG_0007.CR2 IMG_0007.WAV",
        "Typhoon_00001.MXF Typhoon_00001M01.XML Typhoon_00001R01.BIM",
        "A_0001_01.MP4 A_0001_01M01.XML A_0001_01I01.PPN A_0001_01R01.BIM A_0001_01.SMI",
        "FILM01.MP4 FILM01.XML",
        "C0001.MP4 C0001M01.XML C0001S03.MP4 C0001T01.JPG",
        "Typhoon_00001.MXF Typhoon_00001M01.XML",
        "MVI_4823.AVI MVI_4823.THM",
        "DJI_0001.MP4 DJI_0001.SRT DJI_0001.LRF",
        "A 1.JPG A 1.xmp",
        "photo.final.tif photo.final.tif.xmp photo.final.xmp",
    ],
)
def test_what_one_exposure_left_is_one_group(names: str) -> None:
    listed = names.split() if "A 1" not in names else ["A 1.JPG", "A 1.xmp"]

    assert together(*listed)
    assert together(*reversed(listed))


@pytest.mark.parametrize(
    "names",
    [
        "IMG_1.JPG IMG_2.JPG",
        "IMG_1.JPG IMG_10.JPG",
        "IMG_1.JPG IMG_1-2.JPG",
        "GH010003.MP4 GH020003.MP4",  # chapters of one film, each whole in itself
        "GH010003.MP4 GL010004.LRV",
        "C0001.MP4 C0002M01.XML",
        "C0001.MP4 C0001X01.XML",
        "IMG_E123.HEIC IMG_123.HEIC",
        "GOPR0003.MP4 GP010003.MP4 GP020003.MP4",
        "GHAA0001.MP4 GHAA0002.MP4 GHAB0001.MP4",
        "G0010001.JPG G0010002.JPG",
        "VID_20200630_112759_00_001.insv VID_20200630_112759_00_002.insv VID_20200630_112800_00_001.insv",
        "20200630_112759.jpg 20200630_112759_001.jpg 20200630_112759_002.jpg",
        "20200630_112759.jpg 20200630_112759(0).jpg",
        "PXL_20210101_120000000.jpg PXL_20210101_120000001.jpg",
        "PXL_20210101_120000000.MP.jpg PXL_20210101_120000000.MP~2.jpg",
        "00000IMG_00000_BURST20200630112759_COVER.jpg 00001IMG_00001_BURST20200630112759.jpg",
        "IMG_20200630_112759_BURST001.jpg IMG_20200630_112759_BURST002.jpg",
        "SND_0007.WAV SND_0008.WAV",
        "SND_0007.JPG IMG_0007.JPG",
        "MVI_0007.MP4 IMG_0007.JPG",
        "IMG_E1234x.HEIC IMG_1234x.HEIC",
        "report.2023.pdf report.2024.pdf",
        ".nomedia .hidden",
        "IMG_E1234\n.JPG IMG_1234.JPG",
    ],
)
def test_what_has_other_names_is_not(names: str) -> None:
    assert not together(*names.split(" "))


def test_a_group_stays_in_its_folder() -> None:
    paths = ["A/IMG_1.JPG", "B/IMG_1.JPG", "A/IMG_1.xmp", "IMG_1.xmp", "a/IMG_1.AAE"]

    assert assign_groups(paths) == [0, 1, 0, 3, 4]


@given(PATHS)
def test_a_group_is_numbered_by_its_first_member(paths: list[str]) -> None:
    groups = assign_groups(paths)

    assert len(groups) == len(paths)
    for position, group in enumerate(groups):
        assert group <= position
        assert groups[group] == group
        assert paths[group].rpartition("/")[0] == paths[position].rpartition("/")[0]


@given(PATHS)
def test_the_order_of_the_files_does_not_change_who_belongs_together(paths: list[str]) -> None:
    def sets(of: list[str]) -> set[frozenset[str]]:
        groups = assign_groups(of)
        return {frozenset(p for p, g in zip(of, groups, strict=True) if g == group) for group in set(groups)}

    assert sets(paths) == sets(paths[::-1]) == sets(sorted(paths))


@unhurried
@given(file_names)
def test_case_never_matters_and_a_sidecar_follows_any_raw(name: str) -> None:
    name = name.replace(".", "_")

    assert group_key(f"{name}.CR3") == group_key(f"{name}.cr3.XMP") == group_key(f"{name}.Jpg")
    if name.isascii():
        assert group_key(f"{name}.CR3".upper()) == group_key(f"{name}.xmp".lower())


@unhurried
@given(file_names)
def test_stem_and_extension_make_the_name(name: str) -> None:
    stem, extension = split_name(name)

    assert stem + extension == name
    assert stem
    assert not extension or extension.startswith(".")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("IMG_1.JPG", ("IMG_1", ".JPG")),
        ("IMG_1.CR3.xmp", ("IMG_1", ".CR3.xmp")),
        ("IMG_1.cr3.XMP", ("IMG_1", ".cr3.XMP")),
        ("archive.tar.gz", ("archive.tar", ".gz")),
        ("IMG_1", ("IMG_1", "")),
        (".nomedia", (".nomedia", "")),
        (".jpg.xmp", (".jpg", ".xmp")),
        (".hidden.jpg", (".hidden", ".jpg")),
        ("a.b.jpg", ("a.b", ".jpg")),
        ("a.", ("a", ".")),
        ("...", ("..", ".")),
    ],
)
def test_double_extensions_stay_whole(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


def test_the_groups_of_real_cards(manifest: list[dict[str, str]]) -> None:
    paths = sorted(row["path"] for row in manifest if row["path"].startswith("cards/"))
    groups = dict(zip(paths, assign_groups(paths), strict=True))
    canon, gopro = "cards/canon_eos/DCIM/101CANON", "cards/gopro/DCIM/100GOPRO"

    assert groups[f"{canon}/IMG_0007.CRW"] == groups[f"{canon}/IMG_0007.THM"]
    assert groups[f"{canon}/MVI_4823.AVI"] == groups[f"{canon}/MVI_4823.THM"]
    assert len({groups[f"{gopro}/{name}"] for name in ("GH010003.MP4", "GH010003.THM", "GL010003.LRV")}) == 1
    clip = "cards/sony_alpha/PRIVATE/M4ROOT/CLIP"
    assert groups[f"{clip}/C0001.MP4"] == groups[f"{clip}/C0001M01.XML"]
    assert (
        groups["cards/iphone/DCIM/100APPLE/IMG_0001.JPG"] != groups["cards/iphone/DCIM/100APPLE/IMG_0002.JPG"]
    )
