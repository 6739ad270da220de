"""What is missing on a card is told, and what people and cameras leave out on purpose is not."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.kind import kind_by_name
from cardcat.model import INCOMPLETE, UNFINISHED
from cardcat.paths import display
from cardcat.plan.assets import AssetFile
from cardcat.plan.gaps import Gap, gaps_by_content, gaps_by_name
from cardcat.plan.groups import assign_groups
from tests.plan.strategies import file_names, unhurried

M4ROOT, BDMV = "PRIVATE/M4ROOT", "PRIVATE/AVCHD/BDMV"

WHOLE = {
    "canon": "DCIM/100CANON/IMG_0001.CR3 DCIM/100CANON/IMG_0001.JPG DCIM/100CANON/IMG_0007.CRW "
    "DCIM/100CANON/IMG_0007.THM DCIM/100CANON/MVI_0008.AVI DCIM/100CANON/MVI_0008.THM "
    "DCIM/CANONMSC/M0100.CTG",
    "gopro": "DCIM/100GOPRO/GX010003.MP4 DCIM/100GOPRO/GX010003.THM DCIM/100GOPRO/GL010003.LRV "
    "DCIM/100GOPRO/GX020003.MP4 DCIM/100GOPRO/GOPR0007.MP4 DCIM/100GOPRO/GOPR0007.LRV "
    "DCIM/100GOPRO/GP010007.MP4 DCIM/100GOPRO/GOPR0009.JPG DCIM/100GOPRO/G0010011.JPG "
    "DCIM/100GOPRO/GHAA0005.MP4 DCIM/100GOPRO/GLAA0005.LRV",
    "gopro, a take over two folders": "DCIM/100GOPRO/GX010003.MP4 DCIM/101GOPRO/GX020003.MP4",
    "iphone": "DCIM/100APPLE/IMG_0001.HEIC DCIM/100APPLE/IMG_0001.MOV DCIM/100APPLE/IMG_0001.AAE "
    "DCIM/100APPLE/IMG_E0001.HEIC DCIM/100APPLE/IMG_O0001.AAE DCIM/100APPLE/IMG_0002.PNG",
    "dji": "DCIM/100MEDIA/DJI_0001.MP4 DCIM/100MEDIA/DJI_0001.SRT DCIM/100MEDIA/DJI_0001.LRF",
    "insta360": "DCIM/VID_20200630_112759_00_002.insv DCIM/LRV_20200630_112759_11_002.insv "
    "DCIM/VID_20200630_112900_00_003.mp4 DCIM/LRV_20200630_112900_01_003.lrv",
    "sony": f"{M4ROOT}/CLIP/C0001.MP4 {M4ROOT}/CLIP/C0001M01.XML {M4ROOT}/THMBNL/C0001T01.JPG "
    f"{M4ROOT}/MEDIAPRO.XML {M4ROOT}/CLIP/Typhoon_00001.MP4 {M4ROOT}/CLIP/Typhoon_00001M01.XML",
    "sony without any XML": f"{M4ROOT}/CLIP/C0001.MP4 {M4ROOT}/CLIP/C0002.MP4",
    "avchd": f"{BDMV}/STREAM/00000.MTS {BDMV}/CLIPINF/00000.CPI {BDMV}/PLAYLIST/00000.MPL {BDMV}/INDEX.BDM",
    "avchd in lower case": "bdmv/stream/00000.m2ts bdmv/clipinf/00000.clpi bdmv/index.bdmv",
    "avchd without films": f"{BDMV}/MOVIEOBJ.BDM",
    "p2": "CONTENTS/VIDEO/0001AB.MXF CONTENTS/AUDIO/0001AB00.MXF CONTENTS/CLIP/0001AB.XML",
    "p2 without sound": "CONTENTS/VIDEO/0001AB.MXF CONTENTS/CLIP/0001AB.XML",
    "p2, long-gop": "CONTENTS/AVCLIP/0001AB.MXF CONTENTS/CLIP/0001AB.XML",
    "canon xf": "CONTENTS/CLIPS001/AA0001/AA000101.MXF CONTENTS/CLIPS001/AA0001/AA0001.XML",
    "presets": "Presets/warm.xmp Presets/cold.xmp Subtitles/film.srt",
    "other raws": "work/x.psd work/x.psd.xmp work/y.CR3 work/y.xmp work/z.mos work/z.xmp",
    "deleted at will": "DCIM/100NIKON/DSC_0001.NEF DCIM/100NIKON/DSC_0004.JPG DCIM/100NIKON/DSC_0004.WAV",
}


def told(paths: Sequence[str], sizes: Sequence[int] | None = None) -> list[tuple[str, str]]:
    found = list(gaps_by_name(paths, sizes or [1] * len(paths)))
    assert all(gap.path.rpartition("/")[2] in gap.what for gap in found if "take is" not in gap.what)
    return [(gap.path, gap.error_type) for gap in found]


@pytest.mark.parametrize("name", WHOLE)
def test_a_card_with_everything_has_no_gap(name: str) -> None:
    assert told(WHOLE[name].split()) == []


@pytest.mark.parametrize("name", WHOLE)
def test_case_does_not_matter(name: str) -> None:
    assert told(WHOLE[name].lower().split()) == []


@pytest.mark.parametrize(
    "path", [f"{M4ROOT}/CLIP/C0003.RSV", "DCIM/100_PANA/P1000001.MDT", "clip.rsv", "DCIM/100MEDIA/A.rsv"]
)
def test_a_recording_that_was_not_ended_is_told(path: str) -> None:
    assert told([path]) == [(path, UNFINISHED)]


@pytest.mark.parametrize("path", ["DCIM/A/IMG_0001.JPG", "DCIM/A/MVI_0001.MP4", "X.CR3"])
def test_an_empty_photo_or_film_is_told(path: str) -> None:
    assert told([path], [0]) == [(path, UNFINISHED)]
    assert told([path], [1]) == []


def test_only_films_can_be_mended() -> None:
    photo, film = gaps_by_name(["A/IMG_0001.JPG", "A/MVI_0001.MP4"], [0, 0])

    assert photo.what == "IMG_0001.JPG is an empty photo"
    assert film.what.startswith("MVI_0001.MP4 is an empty recording; the camera may be able to mend it")


@pytest.mark.parametrize(
    "path", ["DCIM/A/.nomedia", "notes.txt", "DCIM/A/._IMG_0001.JPG", "MISC/version.txt"]
)
def test_other_files_may_be_empty(path: str) -> None:
    assert told([path], [0]) == []


@pytest.mark.parametrize(
    ("paths", "gap", "missing"),
    [
        ("A/GX010003.MP4 A/GX030003.MP4", "A/GX010003.MP4", "GX020003.MP4 is"),
        ("A/GX020003.MP4", "A/GX020003.MP4", "GX010003.MP4 is"),
        ("A/GP010007.MP4", "A/GP010007.MP4", "GOPR0007.MP4 is"),
        ("A/GOPR0007.MP4 A/GP030007.MP4", "A/GOPR0007.MP4", "GP010007.MP4, GP020007.MP4 are"),
        ("A/GX010003.MP4 A/GX020004.MP4", "A/GX020004.MP4", "GX010004.MP4 is"),
        ("A/GX990003.MP4", "A/GX990003.MP4", "GX010003.MP4, GX020003.MP4, GX030003.MP4 and 95 more are"),
    ],
)
def test_chapters_that_are_missing_are_told_once_a_take(paths: str, gap: str, missing: str) -> None:
    found = list(gaps_by_name(paths.split(), [1] * len(paths.split())))

    what = f"{missing} not on the card, but a later chapter of the take is"
    assert found == [Gap(gap, what, INCOMPLETE)]


def test_the_end_of_a_take_and_the_beginning_of_a_loop_may_be_anywhere() -> None:
    assert told(["A/GX010003.MP4", "A/GHAA0004.MP4", "A/GHAA0006.MP4"]) == []


@pytest.mark.parametrize(
    ("paths", "gaps"),
    [
        ("A/DJI_0001.MP4 A/DJI_0002.SRT", "A/DJI_0002.SRT"),
        ("A/GL010003.LRV A/GL020003.LRV", "A/GL010003.LRV A/GL020003.LRV"),
        ("A/GX010003.THM A/GL010003.LRV", "A/GL010003.LRV"),
        ("A/MVI_0001.THM", "A/MVI_0001.THM"),
        ("A/DJI_0001.LRF", "A/DJI_0001.LRF"),
        ("A/MVI_0001.AVI B/MVI_0001.THM", "B/MVI_0001.THM"),
        ("A/IMG_0001.AAE A/IMG_O0001.AAE", "A/IMG_0001.AAE"),
        ("A/IMG_0001.CR3 A/IMG_0002.xmp A/IMG_0003.CR3.xmp", "A/IMG_0002.xmp A/IMG_0003.CR3.xmp"),
        ("MVI_0001.THM", "MVI_0001.THM"),
    ],
)
def test_a_file_about_one_that_is_not_there_is_told(paths: str, gaps: str) -> None:
    assert told(paths.split()) == [(path, INCOMPLETE) for path in gaps.split()]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("A.SRT", "holds the subtitles of a film"),
        ("A.LRV", "is the preview of a film"),
        ("A.THM", "is the thumbnail of a photo or film"),
        ("A.AAE", "holds the edits of a photo or film"),
        ("A.XMP", "describes a photo or film"),
    ],
)
def test_what_a_file_says_of_one_that_is_not_there(name: str, what: str) -> None:
    (gap,) = gaps_by_name([f"D/{name}", "D/B.JPG"], [1, 1])

    assert gap.what == f"{name} {what} that is not on the card"


@pytest.mark.parametrize(
    ("lost", "added", "gaps"),
    [
        ("C0001M01.XML", "", f"{M4ROOT}/CLIP/C0001.MP4"),
        ("CLIP/C0001.MP4", "", f"{M4ROOT}/CLIP/C0001M01.XML"),
        ("CLIP/C0001.MP4", f"{M4ROOT}/CLIP/C0001.RSV", f"{M4ROOT}/CLIP/C0001.RSV"),
    ],
)
def test_a_sony_clip_and_its_xml(lost: str, added: str, gaps: str) -> None:
    paths = [path for path in WHOLE["sony"].split() if not path.endswith(lost)] + added.split()

    assert [path for path, _ in told(paths)] == gaps.split()


@pytest.mark.parametrize(
    ("paths", "gaps"),
    [
        ("STREAM/00000.MTS STREAM/00001.MTS CLIPINF/00000.CPI INDEX.BDM", "/STREAM/00001.MTS"),
        ("STREAM/00000.MTS CLIPINF/00000.CPI CLIPINF/00001.CPI INDEX.BDM", "/CLIPINF/00001.CPI"),
        ("STREAM/00000.MTS CLIPINF/00000.CPI", ""),
        ("STREAM/00000.MTS STREAM/00001.MTS INDEX.BDM", ""),
        ("CLIPINF/00000.CPI INDEX.BDM", "/CLIPINF/00000.CPI"),
    ],
)
def test_an_avchd_structure(paths: str, gaps: str) -> None:
    assert told([f"{BDMV}/{path}" for path in paths.split()]) == [(f"{BDMV}{gaps}", INCOMPLETE)]


@pytest.mark.parametrize(
    ("paths", "gaps"),
    [
        ("VIDEO/0001AB.MXF VIDEO/0002AB.MXF CLIP/0001AB.XML", "/VIDEO/0002AB.MXF"),
        ("VIDEO/0001AB.MXF VIDEO/0002AB.MXF", ""),
        ("CLIP/0001AB.XML CLIP/0002AB.XML VIDEO/0001AB.MXF", "/CLIP/0002AB.XML"),
        (
            "VIDEO/0001AB.MXF AUDIO/0001AB00.MXF CLIP/0001AB.XML VIDEO/0002AB.MXF CLIP/0002AB.XML",
            "/VIDEO/0002AB.MXF",
        ),
    ],
)
def test_a_p2_structure(paths: str, gaps: str) -> None:
    assert told([f"CONTENTS/{path}" for path in paths.split()]) == [(f"CONTENTS{gaps}", INCOMPLETE)]


def test_odd_names_are_told_in_one_line() -> None:
    (gap,) = gaps_by_name(["A/two\nlines\udce9.THM"], [1])

    assert gap.what == "two\\nlines\\xe9.THM is the thumbnail of a photo or film that is not on the card"


def read(paths: str, ids: str = "", clips: dict[str, tuple[str, ...]] | None = None) -> list[AssetFile]:
    listed = paths.split()
    groups, told_ids = assign_groups(listed), dict(zip(listed, ids.split(), strict=False))
    return [
        AssetFile(
            item,
            path,
            1,
            kind_by_name(path),
            groups[item],
            None if told_ids.get(path, "-") == "-" else told_ids[path],
            (clips or {}).get(path, ()),
        )
        for item, path in enumerate(listed)
    ]


@pytest.mark.parametrize(
    ("paths", "ids", "gaps"),
    [
        ("A/1.HEIC A/1.MOV A/2.HEIC", "x x y", "A/2.HEIC"),
        ("A/1.HEIC A/1.MOV A/2.MOV", "x x y", "A/2.MOV"),
        ("A/1.HEIC A/1.MOV A/2.HEIC A/2.MOV", "x x y -", ""),  # a film that could not be read
        ("A/1.HEIC A/2.HEIC", "x y", ""),  # exported without films
        ("A/1.HEIC A/1.MOV A/2.HEIC B/2.HEIC", "x x y y", "A/2.HEIC"),
        ("A/1.HEIC B/9.MOV A/2.HEIC", "x x -", ""),
    ],
)
def test_half_of_a_live_photo_is_told_where_another_is_whole(paths: str, ids: str, gaps: str) -> None:
    assert [(gap.path, gap.error_type) for gap in gaps_by_content(read(paths, ids))] == [
        (path, INCOMPLETE) for path in gaps.split()
    ]


def test_a_playlist_tells_which_clips_are_missing() -> None:
    playlist = f"{BDMV}/PLAYLIST/00000.MPL"
    names = ("00000", "+00001", "00002", "00002")
    files = read(f"{playlist} {BDMV}/STREAM/00000.MTS AVCHD/BDMV/STREAM/00001.MTS", clips={playlist: names})

    what = "00000.MPL names clips that are not on the card: 00001, 00002"
    assert list(gaps_by_content(files)) == [Gap(playlist, what, INCOMPLETE)]
    whole = read(f"{playlist} {BDMV}/stream/00000.mts", clips={playlist: ("00000",)})
    assert list(gaps_by_content(whole)) == []


PATHS = st.lists(
    st.builds(
        "{}/{}".format,
        st.sampled_from("A B M4ROOT/CLIP M4ROOT/SUB BDMV BDMV/STREAM BDMV/CLIPINF CONTENTS/VIDEO".split())
        | st.sampled_from("CONTENTS/AUDIO CONTENTS/CLIP x/CONTENTS/CLIP".split()),
        st.sampled_from(
            "IMG_0001.JPG IMG_0001.xmp IMG_0001.AAE GH010003.MP4 GH030003.MP4 GP010003.MP4 GL020003.LRV "
            "C0001.MP4 C0001M01.XML 00000.MTS 00000.CPI INDEX.BDM "
            "0001AB.MXF 0001AB00.MXF 0001AB.XML C0001.RSV".split()
        )
        | file_names,
    ),
    unique=True,
    max_size=12,
)


@unhurried
@given(PATHS, st.randoms(use_true_random=False))
def test_whatever_is_on_a_card(paths: list[str], random: Random) -> None:
    """The order never matters, and nothing is told twice."""
    found = list(gaps_by_name(paths, [1] * len(paths)))

    assert len(set(found)) == len(found)
    assert set(gaps_by_name(random.sample(paths, len(paths)), [1] * len(paths))) == set(found)
    for gap in found:
        assert gap.path in paths or gap.path in {path.rpartition("/")[0] for path in paths} | {
            "BDMV",
            "CONTENTS",
        }
        assert gap.what == display(gap.what)


def test_the_gaps_of_real_cards(manifest: list[dict[str, str]]) -> None:
    rows = [row for row in manifest if row["path"].startswith("cards/")]
    found = gaps_by_name([row["path"] for row in rows], [1] * len(rows))

    assert [gap.path for gap in found] == ["cards/dji/DCIM/100MEDIA/DJI_0002.SRT"]
