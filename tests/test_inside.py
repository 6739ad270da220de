"""What is inside the files, from the card to the catalog: dates, sidecars, groups, and what is missing."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from cardcat.care.refreshing import refresh
from cardcat.catalog.engine import open_catalog
from cardcat.model import Layout, SessionStatus
from cardcat.stages import grouping, settling
from tests.support import DAY, Desk, Unreadable, fill, jpeg, playlist

HOUR = 3_600_000_000_000


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., bytes]:
    """`film(creation_time="…")`: the bytes of a short MOV that says that."""

    def make(seed: int = 0, **told: str) -> bytes:
        path = tmp_path / "made.mov"
        flags = {"movflags": "use_metadata_tags"} if "creation_time" not in told else {}
        with av.open(str(path), "w", options=flags) as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            container.metadata.update({key.replace("_dot_", "."): value for key, value in told.items()})
            container.metadata["comment"] = str(seed)
            for _ in range(5):
                container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
            container.mux(stream.encode())
        return path.read_bytes()

    return make


Film = Callable[..., bytes]


def live_photo(identifier: str, taken: str) -> bytes:
    """A JPEG with the note of an iPhone that says which film it belongs to."""
    text = identifier.encode() + b"\0"
    head = b"Apple iOS\0\0\1MM" + struct.pack(">H", 1)
    entry = struct.pack(">HHII", 0x0011, 2, len(text), len(head) + 12 + 4)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 15"
    exif.get_ifd(0x8769).update({0x9003: taken, 0x927C: head + entry + bytes(4) + text})
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


def groups(desk: Desk) -> dict[tuple[str, str], dict[str, str]]:
    """By kind and name of the group, the name and role of each member."""
    rows = desk.ask(
        "SELECT g.kind, g.name, f.name, m.role FROM asset_groups g "
        "JOIN asset_group_members m ON m.group_id = g.id JOIN file_locations f ON f.id = m.file_location_id"
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for kind, name, file, role in rows:
        found.setdefault((str(kind), str(name)), {})[str(file)] = str(role)
    return found


def dates(desk: Desk) -> dict[str, tuple[object, ...]]:
    """By file name: date_taken, and of the details local time, offset, source and how sure it is."""
    rows = desk.ask(
        "SELECT f.name, m.date_taken, d.date_local, d.date_offset, d.date_source, d.date_confidence "
        "FROM file_locations f JOIN media_details d ON d.content_id = f.content_id "
        "JOIN content_identity c ON c.id = f.content_id JOIN media_files m ON m.hash = c.cas_id"
    )
    return {str(name): tuple(rest) for name, *rest in rows}


def test_a_raw_its_jpeg_and_its_sidecar_are_one_group_on_every_drive(desk: Desk) -> None:
    raw = b"II*\0\x08\0\0\0\0\0\0\0\0\0" + bytes(200)
    fill(desk.card, {"IMG_1.NEF": raw, "IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"<x/>", "IMG_2.JPG": jpeg(2)})
    desk.backup("one", "two")

    members = {"IMG_1.NEF": "master", "IMG_1.JPG": "rendition", "IMG_1.xmp": "sidecar"}
    assert list(groups(desk).values()) == [members]
    assert desk.ask("SELECT count(*), count(DISTINCT location_id) FROM asset_groups") == [(2, 2)]


def test_a_member_that_comes_later_joins_its_group(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_1.WAV": b"RIFF\x04\0\0\0WAVE"})
    desk.backup("one")
    fill(desk.card, {"IMG_1.xmp": b"<x/>"})
    desk.backup("one")

    assert [sorted(members) for members in groups(desk).values()] == [["IMG_1.JPG", "IMG_1.WAV", "IMG_1.xmp"]]
    assert desk.ask("SELECT count(*) FROM asset_groups") == [(1,)]


def test_the_halves_of_a_live_photo_get_one_day_and_one_group(desk: Desk, film: Film) -> None:
    told = {
        "com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-1",
        "com_dot_apple_dot_quicktime_dot_creationdate": "2024-05-01T23:59:59+0200",
    }
    fill(
        desk.card,
        {"A/IMG_1.JPG": live_photo("7A3B-1", "2024:05:02 00:00:00"), "A/edited name.MOV": film(**told)},
    )
    desk.backup("one")

    assert {path.rpartition("/")[0] for path in desk.on("one")} == {"2024/2024-05-02"}
    assert [(kind, members) for (kind, _), members in groups(desk).items()] == [
        ("live photo", {"IMG_1.JPG": "master", "edited name.MOV": "motion"})
    ]


def test_chapters_of_one_take_go_to_the_first_ones_day(desk: Desk, film: Film) -> None:
    first, second = film(1), film(2)
    fill(desk.card, {"DCIM/100GOPRO/GX010007.MP4": first}, mtime_ns=DAY)
    fill(desk.card, {"DCIM/100GOPRO/GX020007.MP4": second}, mtime_ns=DAY + 24 * HOUR)
    desk.backup("one")

    assert sorted(desk.on("one")) == ["2024/2024-05-01/GX010007.MP4", "2024/2024-05-01/GX020007.MP4"]
    assert [kind for kind, _ in groups(desk)] == ["recording"]


def test_a_chapter_that_is_copied_later_follows_the_ones_before(desk: Desk, film: Film) -> None:
    fill(desk.card, {"GX010007.MP4": film(1)}, mtime_ns=DAY)
    desk.backup("one")
    fill(desk.card, {"GX020007.MP4": film(2)}, mtime_ns=DAY + 24 * HOUR)
    desk.backup("one")

    assert sorted(desk.on("one")) == ["2024/2024-05-01/GX010007.MP4", "2024/2024-05-01/GX020007.MP4"]


XML = """<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.20">
  <CreationDate value="2024-05-02T00:30:00+02:00"/>
  <Device manufacturer="Sony" modelName="ILCE-7SM3" serialNo="4294967295"/>
</NonRealTimeMeta>"""


def test_the_cameras_xml_tells_what_the_clip_does_not(desk: Desk, film: Film) -> None:
    clip = film(creation_time="2024-05-01T22:30:00Z")
    fill(desk.card, {"CLIP/C0001.MP4": clip, "CLIP/C0001M01.XML": XML.encode()})
    desk.backup("one")

    assert desk.ask("SELECT camera_make, camera_model, date_taken FROM media_files") == [
        ("Sony", "ILCE-7SM3", "2024-05-02T00:30:00+02:00")
    ]
    assert {path.rpartition("/")[0] for path in desk.on("one")} == {"2024/2024-05-02"}


def test_every_date_says_where_it_comes_from(desk: Desk, film: Film) -> None:
    fill(
        desk.card,
        {
            "IMG_0001.JPG": jpeg(1, "2024:05:01 10:00:00"),
            "IMG_20200630_112759.jpg": jpeg(2, None),
            "IMG-20200630-WA0001.jpg": jpeg(3, None),
            "nothing.jpg": jpeg(4, None),
            "VID_20240502_003000.mov": film(creation_time="2024-05-01T22:30:00Z"),
        },
    )
    desk.backup("one")

    assert dates(desk) == {
        "IMG_0001.JPG": (
            "2024-05-01T10:00:00", "2024-05-01T10:00:00", None, "DateTimeOriginal", "certain"
        ),
        "IMG_20200630_112759.jpg": (None, "2020-06-30T11:27:59", None, "file name", "guess"),
        "IMG-20200630-WA0001.jpg": (None, "2020-06-30", None, "file name", "guess"),
        "nothing.jpg": (None, "2024-05-01T10:00:00", "+00:00", "file time", "guess"),
        "VID_20240502_003000.mov": (
            "2024-05-02T00:30:00+02:00", "2024-05-02T00:30:00", "+02:00", "MediaCreateDate", "likely"
        ),
    }  # fmt: skip
    assert {path.rpartition("/")[0] for path in desk.on("one")} == {
        "2024/2024-05-01", "2024/2024-05-02", "2020/2020-06-30"
    }  # fmt: skip


def test_what_is_missing_is_known_before_the_card_leaves(desk: Desk, film: Film) -> None:
    fill(
        desk.card,
        {
            "GX010007.MP4": film(1),
            "GX030007.MP4": film(3),
            "CLIP/C0002.RSV": b"not ended",
            "DJI_0009.SRT": b"1\n",
        },
    )
    result = desk.backup("one")

    assert result.status == SessionStatus.COMPLETED
    told = {finding.path: finding.error_type for finding in result.findings if finding.is_before_leaving}
    assert told["CLIP/C0002.RSV"] == "Unfinished"
    assert {path for path, kind in told.items() if kind == "Incomplete"} >= {"DJI_0009.SRT"}
    assert any("GX020007" in finding.message for finding in result.findings)
    assert not any(finding.failed or finding.attention for finding in result.findings)


def test_the_tree_layout_moves_no_chapter(desk: Desk, film: Film) -> None:
    fill(desk.card, {"A/GX010007.MP4": film(1), "B/GX020007.MP4": film(2)})
    desk.backup("one", layout=Layout.TREE)

    assert sorted(desk.on("one")) == ["A/GX010007.MP4", "B/GX020007.MP4"]


def test_the_half_of_a_live_photo_that_comes_later_finds_the_other(desk: Desk, film: Film) -> None:
    told = {"com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-2"}
    fill(desk.card, {"IMG_1.JPG": live_photo("7A3B-2", "2024:05:02 00:00:00")})
    desk.backup("one")
    fill(desk.card, {"another name.MOV": film(**told)})
    desk.backup("one")

    assert [members for (kind, _), members in groups(desk).items() if kind == "live photo"] == [
        {"IMG_1.JPG": "master", "another name.MOV": "motion"}
    ]


def test_the_half_of_a_live_photo_that_a_run_taken_up_again_has_copied_finds_the_other(
    desk: Desk, film: Film
) -> None:
    told = {"com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-3"}
    fill(
        desk.card,
        {"IMG_1.JPG": live_photo("7A3B-3", "2024:05:02 00:00:00"), "another name.MOV": film(**told)},
    )
    desk.backup("one", disk=Unreadable("another name.MOV"))
    assert desk.backup("one").sessions[0].resumed

    assert [members for (kind, _), members in groups(desk).items() if kind == "live photo"] == [
        {"IMG_1.JPG": "master", "another name.MOV": "motion"}
    ]


def test_groups_are_written_by_the_next_run_if_one_was_cut_short(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"<x/>"})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(grouping, "record_groups", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.backup("one")
    assert groups(desk) == {}
    desk.backup("one")

    assert [sorted(members) for members in groups(desk).values()] == [["IMG_1.JPG", "IMG_1.xmp"]]


def test_a_run_that_adds_nothing_looks_for_no_groups(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"<x/>"})
    desk.backup("one")
    monkeypatch.setattr(grouping, "record_groups", None)

    assert desk.backup("one").status == SessionStatus.COMPLETED


def test_a_copy_that_was_named_and_not_recorded_gets_its_date_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.card, {"IMG_20200630_112759.jpg": jpeg(1, None)})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(settling, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.backup("one")
    assert len(desk.on("one")) == 1
    desk.backup("one")

    assert dates(desk)["IMG_20200630_112759.jpg"][1] == "2020-06-30T11:27:59"


def test_a_live_photo_without_its_film_is_known_if_another_has_its_own(desk: Desk, film: Film) -> None:
    told = {"com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-3"}
    fill(
        desk.card,
        {
            "IMG_1.JPG": live_photo("7A3B-3", "2024:05:02 00:00:00"),
            "IMG_1.MOV": film(**told),
            "IMG_2.JPG": live_photo("7A3B-4", "2024:05:02 00:00:01"),
        },
    )
    result = desk.backup("one")

    assert [finding.path for finding in result.findings if finding.is_before_leaving] == ["IMG_2.JPG"]


def test_the_photo_decides_the_day_of_a_live_photo_whichever_is_met_first(desk: Desk, film: Film) -> None:
    told = {
        "com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-5",
        "com_dot_apple_dot_quicktime_dot_creationdate": "2024-05-01T23:59:59+0200",
    }
    photo = live_photo("7A3B-5", "2024:05:02 00:00:00")
    fill(desk.card, {"A first.MOV": film(**told), "B second.JPG": photo})
    desk.backup("one")

    assert {path.rpartition("/")[0] for path in desk.on("one")} == {"2024/2024-05-02"}


def test_the_half_that_comes_later_follows_the_other_to_its_day(desk: Desk, film: Film) -> None:
    told = {
        "com_dot_apple_dot_quicktime_dot_content_dot_identifier": "7A3B-6",
        "com_dot_apple_dot_quicktime_dot_creationdate": "2024-05-01T23:59:59+0200",
    }
    fill(desk.card, {"IMG_1.JPG": live_photo("7A3B-6", "2024:05:02 00:00:00")})
    desk.backup("one")
    fill(desk.card, {"another name.MOV": film(**told)})
    desk.backup("one")

    assert {path.rpartition("/")[0] for path in desk.on("one")} == {"2024/2024-05-02"}


def test_a_recording_that_was_not_ended_is_told_at_every_backup(desk: Desk) -> None:
    unfinished = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088)
    fill(desk.card, {"DJI_0001.MP4": unfinished, "IMG_2.JPG": jpeg(2)})

    for _ in range(2):
        told = [finding.path for finding in desk.backup("one").findings if finding.is_before_leaving]
        assert told == ["DJI_0001.MP4"]


def test_a_number_beyond_any_database_costs_no_file(desk: Desk) -> None:
    """A TIFF that says it has 2^64 - 1 bits a sample."""
    entries = [(0x100, 4, 100), (0x101, 4, 100), (0x102, 16, 50), (0x112, 16, 50)]
    ifd = struct.pack("<H", len(entries))
    ifd += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    bomb = b"II*\0" + struct.pack("<I", 8) + ifd
    bomb += bytes(4) + b"\xff" * 32
    fill(desk.card, {"bomb.tif": bomb, "IMG_1.JPG": jpeg(1)})

    assert desk.backup("one").status == SessionStatus.COMPLETED
    assert sorted(path.rpartition("/")[2] for path in desk.on("one")) == ["IMG_1.JPG", "bomb.tif"]


def test_a_second_photo_with_a_live_photos_name_keeps_its_own_day(desk: Desk) -> None:
    first, second = (live_photo("7A3B-7", f"2024:05:0{day} 10:00:00") for day in (1, 3))
    fill(desk.card, {"IMG_1.JPG": first, "IMG_2.JPG": second})
    desk.backup("one")

    assert sorted(desk.on("one")) == ["2024/2024-05-01/IMG_1.JPG", "2024/2024-05-03/IMG_2.JPG"]


def test_copies_of_a_time_before_there_were_groups_get_theirs(desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_1.xmp": b"<x/>"})
    desk.backup("one")
    with desk.writing() as connection:
        connection.execute("DELETE FROM asset_group_members")
        connection.execute("DELETE FROM asset_groups")

    desk.backup("one")

    assert [sorted(members) for members in groups(desk).values()] == [["IMG_1.JPG", "IMG_1.xmp"]]


def test_a_take_is_known_by_its_playlist_whenever_that_was_read(desk: Desk, film: Film) -> None:
    clips = {f"PRIVATE/AVCHD/BDMV/STREAM/0000{n}.MTS": film(n) for n in range(2)}
    lists = {"PRIVATE/AVCHD/BDMV/PLAYLIST/00000.MPL": playlist("00000", "+00001", "00009")}
    fill(desk.card, {**clips, **lists, "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"INDX0100"})

    def told() -> list[str]:
        return [f.message for f in desk.backup("one").findings if "00009" in f.message]

    assert told()
    before = groups(desk)
    assert "recording" in {kind for kind, _ in before}
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    assert told()
    assert groups(desk) == before


def test_a_film_in_utc_is_seen_from_where_the_cards_photos_were(desk: Desk, film: Film) -> None:
    photo = jpeg_with_offset("2024:05:02 00:10:00", "+02:00")
    fill(
        desk.card,
        {
            "PXL_20240501_221000000.jpg": photo,
            "PXL_20240501_223000000.mp4": film(creation_time="2024-05-01T22:30:00Z"),
            "PXL_20240601_223000000.mp4": film(6, creation_time="2024-06-01T22:30:00Z"),
        },
    )
    desk.backup("one")

    assert dates(desk)["PXL_20240501_223000000.mp4"][:4] == (
        "2024-05-02T00:30:00+02:00", "2024-05-02T00:30:00", "+02:00", "MediaCreateDate"
    )  # fmt: skip
    assert sorted(desk.on("one")) == [
        "2024/2024-05-02/PXL_20240501_221000000.jpg",
        "2024/2024-05-02/PXL_20240501_223000000.mp4",
        "2024/2024-06-01/PXL_20240601_223000000.mp4",  # a month later it may be anywhere
    ]
    before = dates(desk)
    with open_catalog(desk.catalog) as opened:
        assert refresh(opened, everything=True).changed == 0
    assert dates(desk) == before


def test_a_film_that_is_copied_later_is_seen_from_there_too(desk: Desk, film: Film) -> None:
    fill(desk.card, {"PXL_20240501_221000000.jpg": jpeg_with_offset("2024:05:02 00:10:00", "+02:00")})
    desk.backup("one")
    fill(desk.card, {"PXL_20240501_223000000.mp4": film(creation_time="2024-05-01T22:30:00Z")})
    desk.backup("one")

    assert {path.rpartition("/")[0] for path in desk.on("one")} == {"2024/2024-05-02"}


def jpeg_with_offset(taken: str, offset: str) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Google", "Pixel 7"
    exif.get_ifd(0x8769).update({0x9003: taken, 0x9011: offset})
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()
