"""What belongs together on a card, across its folders, and what each file is to the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.kind import kind_by_name
from cardcat.metadata import GroupKind, GroupRole
from cardcat.model import Kind
from cardcat.plan.assets import Asset, AssetFile, assemble, recording_key
from cardcat.plan.groups import assign_groups
from tests.plan.strategies import file_names, unhurried

PHOTO, LIVE, CLIP, RECORDING, INDEX = (
    GroupKind.PHOTO,
    GroupKind.LIVE_PHOTO,
    GroupKind.CLIP,
    GroupKind.RECORDING,
    GroupKind.INDEX,
)
BDMV = "PRIVATE/AVCHD/BDMV"


def card(
    paths: Sequence[str],
    ids: Mapping[str, str] | None = None,
    clips: Mapping[str, tuple[str, ...]] | None = None,
) -> list[AssetFile]:
    """The files of a card: each a byte smaller than the one before."""
    groups = assign_groups(paths)
    return [
        AssetFile(
            item,
            path,
            1_000_000 - item,
            kind_by_name(path),
            groups[item],
            (ids or {}).get(path),
            (clips or {}).get(path, ()),
        )
        for item, path in enumerate(paths)
    ]


def told(files: Sequence[AssetFile]) -> list[tuple[GroupKind, str, dict[str, str]]]:
    """The assets, each member by the last part of its path with its role."""
    return [
        (
            asset.kind,
            asset.name,
            {files[item].path.rpartition("/")[2]: role.value for item, role in asset.members},
        )
        for asset in assemble(files)
    ]


def one(paths: str, kind: GroupKind, name: str, roles: str) -> None:
    listed = paths.split()
    expected = dict(zip((path.rpartition("/")[2] for path in listed), roles.split(), strict=True))
    for order in (listed, listed[::-1]):
        assert told(card(order)) == [(kind, name, expected)]


@pytest.mark.parametrize(
    ("paths", "name", "roles"),
    [
        ("DCIM/A/IMG_0001.JPG DCIM/A/IMG_0001.CR3", "IMG_0001", "rendition master"),
        ("A/IMG_1.CR3 A/IMG_1.JPG A/IMG_1.xmp A/IMG_1.CR3.xmp", "IMG_1", "master rendition sidecar sidecar"),
        ("A/DSC_1.NEF A/DSC_1.WAV", "DSC_1", "master sidecar"),
        ("A/DSC00001.HIF A/DSC00001.JPG", "DSC00001", "master rendition"),
        ("A/IMG_1.DNG A/IMG_1.CR3", "IMG_1", "rendition master"),
        ("A/CRW_0007.CRW A/CRW_0007.THM", "CRW_0007", "master preview"),
        ("A/IMG_1234.HEIC A/IMG_E1234.HEIC A/IMG_1234.AAE", "IMG_1234", "master rendition sidecar"),
        ("A/IMG_E1234.HEIC A/IMG_1234.JPG", "IMG_1234", "rendition master"),
        ("A/IMG_0007.JPG A/SND_0007.WAV", "IMG_0007", "master sidecar"),
        ("A/DSC_0042.NEF A/DSC_0042.MOV", "DSC_0042", "master part"),
        ("A/DJI_0001.JPG A/DJI_0001.MP4", "DJI_0001", "master part"),
        (
            "A/PXL_20210101_120000000.RAW-01.COVER.jpg A/PXL_20210101_120000000.RAW-02.ORIGINAL.dng",
            "PXL_20210101_120000000.RAW-02.ORIGINAL",
            "rendition master",
        ),
    ],
)
def test_a_photo_and_what_belongs_to_it(paths: str, name: str, roles: str) -> None:
    one(paths, PHOTO, name, roles)


@pytest.mark.parametrize(
    ("paths", "name", "roles"),
    [
        ("A/MVI_4823.AVI A/MVI_4823.THM", "MVI_4823", "master preview"),
        ("A/DJI_0001.MP4 A/DJI_0001.SRT A/DJI_0001.LRF", "DJI_0001", "master sidecar preview"),
        (
            "A/GX010003.MP4 A/GX010003.THM A/GL010003.LRV A/GX010003.WAV",
            "GX010003",
            "master preview preview sidecar",
        ),
        ("A/GHAA0001.MP4 A/GLAA0001.LRV", "GHAA0001", "master preview"),
        (
            (
                "P/M4ROOT/CLIP/C0001.MP4 P/M4ROOT/CLIP/C0001M01.XML P/M4ROOT/SUB/C0001S03.MP4 "
                "P/M4ROOT/THMBNL/C0001T01.JPG"
            ),
            "C0001",
            "master sidecar preview preview",
        ),
        (
            "XDROOT/Clip/C0001.MXF XDROOT/Clip/C0001M01.XML XDROOT/Clip/C0001R01.BIM XDROOT/Sub/C0001S01.MP4",
            "C0001",
            "master sidecar sidecar preview",
        ),
        (f"{BDMV}/STREAM/00000.MTS {BDMV}/CLIPINF/00000.CPI", "00000", "master sidecar"),
        (
            (
                "CONTENTS/VIDEO/0001AB.MXF CONTENTS/AUDIO/0001AB00.MXF CONTENTS/AUDIO/0001AB01.MXF "
                "CONTENTS/CLIP/0001AB.XML CONTENTS/ICON/0001AB.BMP CONTENTS/PROXY/0001AB.MP4"
            ),
            "0001AB",
            "master part part sidecar preview preview",
        ),
        (
            (
                "A/VID_20200630_112759_10_001.insv A/VID_20200630_112759_00_001.insv "
                "A/LRV_20200630_112759_11_001.insv"
            ),
            "VID_20200630_112759_00_001",
            "part master preview",
        ),
        ("A/A.MP4 A/A.MOV", "A", "master rendition"),
    ],
)
def test_a_clip_and_what_belongs_to_it(paths: str, name: str, roles: str) -> None:
    listed = paths.split()
    expected = dict(zip((path.rpartition("/")[2] for path in listed), roles.split(), strict=True))

    assert told(card(listed)) == [(CLIP, name, expected)]


@pytest.mark.parametrize(
    ("paths", "name", "roles"),
    [
        (
            "A/GH020003.MP4 A/GH010003.MP4 A/GH010003.THM A/GL020003.LRV A/GH030003.MP4",
            "GH010003",
            "part master preview preview part",
        ),
        ("A/GX010003.MP4 A/GX020003.MP4", "GX010003", "master part"),
        (
            "A/GP010007.MP4 A/GOPR0007.MP4 A/GP010007.LRV A/GOPR0007.THM",
            "GOPR0007",
            "part master preview preview",
        ),
        ("A/GHAA0001.MP4 A/GHAA0002.MP4", "GHAA0001", "master part"),
        (
            (
                "A/VID_20200630_112759_00_001.insv A/VID_20200630_112759_10_001.insv "
                "A/VID_20200630_112759_00_002.insv"
            ),
            "VID_20200630_112759_00_001",
            "master part part",
        ),
        ("A.RDM/B.RDC/B_001.R3D A.RDM/B.RDC/B_002.R3D A.RDM/B.RDC/B.RMD", "B_001", "master part sidecar"),
        (
            (
                "CONTENTS/CLIPS001/AA0001/AA000101.MXF CONTENTS/CLIPS001/AA0001/AA000102.MXF "
                "CONTENTS/CLIPS001/AA0001/AA0001.XML"
            ),
            "AA000101",
            "master part sidecar",
        ),
    ],
)
def test_a_take_in_several_films(paths: str, name: str, roles: str) -> None:
    one(paths, RECORDING, name, roles)


@pytest.mark.parametrize(
    "paths",
    [
        "A/IMG_0001.JPG A/IMG_0002.JPG B/IMG_0001.CR3",
        "A/GH010003.MP4 A/GX010004.MP4 B/GH020003.MP4",
        "A/GOPR0003.JPG A/GP010003.MP4",
        "A/20200630_112759_001.jpg A/20200630_112759_002.jpg",
        "A/GL010003.LRV A/GH010003.THM",
        "A/notes.txt A/notes.pdf",
        "A/IMG_1.AAE A/IMG_1.XMP",
        f"{BDMV}/CLIPINF/00000.CPI {BDMV}/PLAYLIST/00000.MPL",
        f"{BDMV}/STREAM/00000.MTS AVCHD/BDMV/CLIPINF/00000.CPI",
    ],
)
def test_what_does_not_belong_together(paths: str) -> None:
    assert told(card(paths.split())) == []


HALVES = ["A/IMG_1234.HEIC", "A/IMG_1234.MOV"]


def test_the_halves_of_a_live_photo_are_known_by_their_identifier() -> None:
    whole = {"A/IMG_1234.HEIC": "x", "A/IMG_1234.MOV": "x"}
    assert told(card(HALVES, whole)) == [
        (LIVE, "IMG_1234", {"IMG_1234.HEIC": "master", "IMG_1234.MOV": "motion"})
    ]
    for apart in ({"A/IMG_1234.HEIC": "x", "A/IMG_1234.MOV": "y"}, {"A/IMG_1234.HEIC": "x"}):
        assert told(card(HALVES, apart))[0][0] is PHOTO


def test_halves_with_other_names_find_each_other() -> None:
    paths = ["A/photo.jpg", "B/film.mov", "B/film.aae", "A/IMG_0002.HEIC"]

    assert told(card(paths, {"A/photo.jpg": "x", "B/film.mov": "x"})) == [
        (LIVE, "photo", {"photo.jpg": "master", "film.mov": "motion", "film.aae": "sidecar"})
    ]


def test_halves_that_could_be_several_pairs_stay_apart() -> None:
    paths = ["A/a.jpg", "A/b.mov", "B/c.jpg", "B/d.mov"]

    assert told(card(paths, dict.fromkeys(paths, "x"))) == []
    beside = [*HALVES, "B/copy.heic"]
    assert len(told(card(beside, dict.fromkeys(beside, "x")))[0][2]) == 2


def test_a_whole_live_photo_does_not_keep_halves_from_finding_each_other() -> None:
    paths = [*HALVES, "B/photo.jpg", "B/film.mov"]

    found = told(card(paths, dict.fromkeys(paths, "x")))

    assert [(kind, name) for kind, name, _ in found] == [(LIVE, "IMG_1234"), (LIVE, "photo")]


def test_without_identifiers_only_an_iphones_names_make_a_live_photo() -> None:
    assert told(card(HALVES))[0][0] is LIVE
    edited = told(card([*HALVES, "A/IMG_E1234.HEIC", "A/IMG_E1234.MOV", "A/IMG_1234.AAE"]))
    assert edited == [
        (
            LIVE,
            "IMG_1234",
            {
                "IMG_1234.HEIC": "master",
                "IMG_E1234.HEIC": "rendition",
                "IMG_E1234.MOV": "rendition",
                "IMG_1234.MOV": "motion",
                "IMG_1234.AAE": "sidecar",
            },
        )
    ]
    for paths in ("A/P1.JPG A/P1.MOV", "A/IMG_1234.JPG A/IMG_1234.MP4", "A/IMG_1234.CR2 A/IMG_1234.MOV"):
        assert told(card(paths.split()))[0][0] is PHOTO


STREAMS = [
    f"{BDMV}/{part}/0000{n}{end}" for n in range(4) for part, end in (("STREAM", ".MTS"), ("CLIPINF", ".CPI"))
]
PLAYLIST = f"{BDMV}/PLAYLIST/00000.MPL"


def test_a_playlist_joins_the_spans_of_a_take() -> None:
    found = told(card([*STREAMS, PLAYLIST], clips={PLAYLIST: ("00001", "+00002", "+00003")}))

    assert [(kind, name) for kind, name, _ in found] == [(CLIP, "00000"), (RECORDING, "00001")]
    assert found[1][2] == {
        "00001.MTS": "master",
        "00002.MTS": "part",
        "00003.MTS": "part",
        "00001.CPI": "sidecar",
        "00002.CPI": "sidecar",
        "00003.CPI": "sidecar",
        "00000.MPL": "sidecar",
    }


def test_a_playlist_of_several_takes_is_a_list_of_them() -> None:
    found = told(card([*STREAMS, PLAYLIST], clips={PLAYLIST: ("00000", "00001", "+00002", "00009")}))

    assert [kind for kind, _, _ in found] == [CLIP, RECORDING, CLIP, INDEX]
    assert found[-1] == (
        INDEX,
        "00000",
        {"00000.MPL": "index", "00000.MTS": "part", "00001.MTS": "part", "00002.MTS": "part"},
    )


def test_a_playlist_of_one_clip_belongs_to_it() -> None:
    found = told(card([*STREAMS[:2], PLAYLIST], clips={PLAYLIST: ("00000", "00007")}))

    assert found == [(CLIP, "00000", {"00000.MTS": "master", "00000.CPI": "sidecar", "00000.MPL": "sidecar"})]
    assert told(card([PLAYLIST], clips={PLAYLIST: ("00000",)})) == []


def test_the_order_of_playlists_does_not_matter() -> None:
    other = PLAYLIST.replace("00000.MPL", "00001.MPL")
    clips = {PLAYLIST: ("00000", "00001"), other: ("00000", "+00001")}

    found = told(card([*STREAMS[:4], PLAYLIST, other], clips=clips))

    assert [(kind, name) for kind, name, _ in found] == [(RECORDING, "00000"), (INDEX, "00000")]
    assert found == told(card([*STREAMS[:4], other, PLAYLIST], clips=clips))


def test_a_playlist_at_the_top_finds_its_streams() -> None:
    paths = ["PLAYLIST/00000.MPL", "STREAM/00000.MTS"]

    assert told(card(paths, clips={paths[0]: ("00000",)}))[0][2] == {
        "00000.MTS": "master",
        "00000.MPL": "sidecar",
    }


def test_members_stand_in_the_order_of_their_roles_and_chapters() -> None:
    paths = (
        "A/VID_20200630_112759_00_002.insv A/VID_20200630_112759_10_001.insv A/b.txt "
        "A/VID_20200630_112759_00_001.insv A/VID_20200630_112759_00_001.xmp "
        "A/VID_20200630_112759_00_001.json A/VID_20200630_112759_00_001.log"
    ).split()

    (asset,) = assemble(card(paths))

    assert [item for item, _ in asset.members] == [3, 1, 0, 5, 6, 4]


def test_a_canon_list_counts_the_pictures_of_its_folder() -> None:
    paths = (
        "DCIM/100CANON/IMG_0001.CR2 DCIM/100CANON/IMG_0001.JPG DCIM/100CANON/x.txt "
        "DCIM/101CANON/IMG_0002.JPG DCIM/CANONMSC/M0100.CTG DCIM/CANONMSC/M0102.CTG "
        "OTHER/100CANON/IMG_0003.JPG"
    ).split()

    found = told(card(paths))

    assert [kind for kind, _, _ in found] == [PHOTO, INDEX]
    assert found[1] == (
        INDEX,
        "M0100",
        {"M0100.CTG": "index", "IMG_0001.CR2": "part", "IMG_0001.JPG": "part"},
    )


def test_a_text_that_calls_itself_a_photo_is_none() -> None:
    files = card(["A/IMG_1.JPG", "A/IMG_1.CR3"])
    files[0] = replace(files[0], kind=Kind.OTHER)

    assert told(files) == [(PHOTO, "IMG_1", {"IMG_1.CR3": "master", "IMG_1.JPG": "sidecar"})]


def test_the_fullest_photo_is_the_master() -> None:
    files = card(["A/x.jpg", "A/x.jpeg"])

    assert told(files)[0][2] == {"x.jpg": "master", "x.jpeg": "rendition"}
    files[1] = replace(files[1], size=2_000_000)
    assert told(files)[0][2] == {"x.jpeg": "master", "x.jpg": "rendition"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A/GH010003.MP4", "A/GH020003.MP4"),
        ("A/GOPR0003.MP4", "A/gp010003.mp4"),
        ("A/VID_20200630_112759_00_001.insv", "A/VID_20200630_112759_10_002.insv"),
    ],
)
def test_chapters_share_a_key(one: str, other: str) -> None:
    assert recording_key(one) == recording_key(other) is not None
    assert recording_key(one) != recording_key(f"B/{other}")


@pytest.mark.parametrize("path", ["A/GOPR0003.JPG", "A/IMG_0001.MOV", "A/C0001.MP4", "x", "", "/"])
def test_what_is_no_chapter_has_no_key(path: str) -> None:
    assert recording_key(path) is None


CAMERA_PATHS = st.lists(
    st.builds(
        "{}/{}".format,
        st.sampled_from(
            ["A", "B", "DCIM/100CANON", "DCIM/CANONMSC", "M4ROOT/CLIP", "M4ROOT/SUB", "BDMV/STREAM"]
        )
        | st.sampled_from(["BDMV/CLIPINF", "BDMV/PLAYLIST", "CONTENTS/VIDEO", "CONTENTS/AUDIO", "A.RDC"]),
        st.sampled_from(
            "IMG_0001.JPG IMG_0001.CR3 img_0001.xmp IMG_0001.MOV IMG_E0001.JPG GH010003.MP4 GH020003.MP4 "
            "GL020003.LRV GOPR0003.MP4 GP010003.MP4 C0001.MP4 C0001M01.XML C0001S03.MP4 00000.MTS 00001.MTS "
            "00000.CPI 00000.MPL 0001AB.MXF 0001AB00.MXF M0100.CTG x.R3D y.R3D".split()
        )
        | file_names,
    ),
    unique=True,
    max_size=12,
)
CARDS = st.builds(
    lambda paths, ids, clips: [
        replace(file, live_photo_id=id_, clips=tuple(names) if file.path.endswith(".MPL") else ())
        for file, id_, names in zip(card(paths), ids, clips, strict=False)
    ],
    CAMERA_PATHS,
    st.lists(st.sampled_from([None, "x", "y"]), min_size=12, max_size=12),
    st.lists(st.lists(st.sampled_from(["00000", "+00001", "00001", "+"])), min_size=12, max_size=12),
)


@unhurried
@given(CARDS, st.randoms(use_true_random=False))
def test_whatever_is_on_a_card(files: list[AssetFile], random: Random) -> None:
    """Order never matters; a file is in one asset but for lists; each has one master and more."""
    assets = assemble(files)

    assert assemble(random.sample(files, len(files))) == assets
    shots = [asset for asset in assets if asset.kind is not INDEX]
    items = [item for asset in shots for item, _ in asset.members]
    assert len(items) == len(set(items))
    for asset in assets:
        _check(asset, {file.item for file in files})


def _check(asset: Asset, known: set[int]) -> None:
    items = {item for item, _ in asset.members}
    assert len(items) == len(asset.members) >= 2
    assert items <= known
    leads = [role for _, role in asset.members if role in (GroupRole.MASTER, GroupRole.INDEX)]
    assert leads == [GroupRole.INDEX if asset.kind is INDEX else GroupRole.MASTER]
    assert asset.members[0][1] is leads[0]


@given(CARDS)
def test_what_keeps_its_name_in_step_stays_together(files: list[AssetFile]) -> None:
    for asset in assemble(files):
        groups = {files[item].group for item, _ in asset.members}
        if asset.kind is not INDEX:
            assert {item for item, _ in asset.members} == {f.item for f in files if f.group in groups}


def test_the_assets_of_real_cards(manifest: list[dict[str, str]]) -> None:
    paths = sorted(row["path"] for row in manifest if row["path"].startswith("cards/"))
    found = {(kind, name): members for kind, name, members in told(card(paths))}

    assert found[CLIP, "C0001"].keys() == {"C0001.MP4", "C0001M01.XML", "C0001S03.MP4", "C0001T01.JPG"}
    assert found[CLIP, "00000"].keys() == {"00000.MTS", "00000.CPI"}
    assert found[CLIP, "GH010003"].keys() == {"GH010003.MP4", "GH010003.THM", "GL010003.LRV"}
    assert found[PHOTO, "IMG_0007"] == {"IMG_0007.CRW": "master", "IMG_0007.THM": "preview"}
    assert found[INDEX, "M0100"]["IMG_0005.JPG"] == "part"
