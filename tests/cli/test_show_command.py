"""`cardcat show`, on a catalog with copies on three drives."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.catalog.groups import GroupRow
from cardcat.media.pool import MetadataPool
from cardcat.metadata import Confidence, DateSource, Details, GroupKind, GroupRole, Metadata, Moment
from tests.catalog.shelf import FILE_TIME, NOON, Shelf, sha256
from tests.cli.conftest import Run
from tests.support import jpeg

Golden = Callable[[str, str], None]

PHOTO = b"\xff\xd8\xff\xe0" + bytes(1000)
NEW = b"\xff\xd8\xff\xe0" + bytes(2000)
FILM = b"\0\0\0\x18ftypqt  \0\0\0\0qt  mp42"
METADATA = Metadata(
    camera_make="Canon",
    camera_model="Canon EOS R5",
    lens_model="RF24-70mm F2.8 L IS USM",
    date_taken="2024-05-01T10:00:00+02:00",
    iso="100",
    aperture="f/2.8",
    shutter_speed="1/250",
    focal_length="50 mm",
    software="Firmware Version 1.8.1",
    resolution_width=8192,
    resolution_height=5464,
    details=Details(
        format="JPEG",
        orientation=6,
        bit_depth=8,
        color_space="sRGB",
        gps_latitude=48.858370,
        gps_longitude=-2.294481,
        gps_altitude=35.2,
        camera_serial="012021001122",
        lens_serial="0000c1a2b3",
        read_with="exifread",
    ),
)
CLIP = Metadata(
    duration_seconds=12.5,
    resolution_width=1920,
    resolution_height=1080,
    details=Details(
        format="QuickTime",
        codec="HEVC",
        audio_codec="AAC",
        frame_rate=29.97,
        bit_rate=12_300_000,
        rotation=90,
        live_photo_id="0D1C7A3E-7F0E-4C54-9D0E-6D7BB1F3F7A5",
        unfinished="has no index: the camera was switched off, or lost its power, while it was written",
    ),
    trouble="its user data is cut off",
)
WHEN = Moment("2024-05-01T10:00:00.12", "+02:00", DateSource.ORIGINAL, Confidence.CERTAIN, "file")
ABOUT = Moment("2024-05-01", None, DateSource.FILE_NAME, Confidence.GUESS)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A photo with its sidecar and its film, on three drives of which one is not plugged in."""
    shelf = Shelf(tmp_path, monkeypatch)
    files = {"DCIM/100CANON/IMG_0001.JPG": PHOTO, "DCIM/100CANON/IMG_0001.XMP": b"<x:xmpmeta/>"}
    files["DCIM/100CANON/IMG_0001.MOV"] = FILM
    roles = (GroupRole.MASTER, GroupRole.SIDECAR, GroupRole.MOTION)
    members = tuple((path.removeprefix("DCIM/"), role) for path, role in zip(files, roles, strict=True))
    read = {"DCIM/100CANON/IMG_0001.JPG": (METADATA, WHEN), "DCIM/100CANON/IMG_0001.MOV": (CLIP, ABOUT)}
    for drive in ("ARCHIVE", "SAFE", "OFFSITE"):
        shelf.back_up(
            files, drive=drive, read=read, groups=[GroupRow(GroupKind.LIVE_PHOTO, "IMG_0001", members)]
        )
    shelf.unplug("OFFSITE")
    (shelf.folder / "SAFE/photos/2024/2024-05-01/IMG_0001.JPG").unlink()
    monkeypatch.setenv("CARDCAT_CATALOG", str(shelf.catalog))
    return shelf


def readable(shelf: Shelf, text: str) -> str:
    """The same wherever the tests run."""
    return text.replace(str(shelf.folder), "/media/me")


@pytest.mark.parametrize(("name", "data"), [("photo", PHOTO), ("film", FILM)])
def test_what_a_person_reads(cardcat: Run, shelf: Shelf, golden: Golden, name: str, data: bytes) -> None:
    answer = cardcat("show", sha256(data)[:8])
    assert (answer.code, answer.err) == (0, "")
    said = readable(shelf, answer.out)
    assert max(map(len, said.splitlines())) <= 80
    golden(f"cli/show-{name}.txt", said)


def test_a_file_that_is_not_in_the_catalog(
    cardcat: Run, shelf: Shelf, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MetadataPool, "read", lambda *_: [METADATA])
    new = shelf.put("CARD", {"DCIM/NEW.JPG": NEW}) / "DCIM/NEW.JPG"
    answer = cardcat("show", str(new))
    assert (answer.code, answer.err) == (0, "")
    golden("cli/show-new.txt", readable(shelf, answer.out))
    document = cardcat("show", str(new), "--json").json
    assert (document["in_catalog"], document["known_since"], document["copies"]) == (False, None, [])
    assert document["metadata"]["camera_make"] == "Canon"


def test_all_of_it_in_json(cardcat: Run, shelf: Shelf) -> None:
    copy = shelf.folder / "ARCHIVE/photos/2024/2024-05-01/IMG_0001.JPG"
    document = cardcat("show", str(copy), "--json").json
    copies, groups, sources = (document.pop(name) for name in ("copies", "groups", "sources"))
    metadata = document.pop("metadata")
    assert document == {
        "in_catalog": True,
        "path": str(copy),
        "hash": sha256(PHOTO),
        "size_bytes": len(PHOTO),
        "kind": "image",
        "known_since": NOON,
        "taken": {
            "local": "2024-05-01T10:00:00.12",
            "offset": "+02:00",
            "offset_source": "file",
            "source": "DateTimeOriginal",
            "confidence": "certain",
        },
        "reader_version": 2,
        "read_at": NOON,
        "notes": [],
    }
    assert (metadata["lens_model"], metadata["gps_altitude"], metadata["codec"]) == (
        "RF24-70mm F2.8 L IS USM",
        35.2,
        None,
    )
    assert copies[0] == {
        "volume": "ARCHIVE",
        "last_seen_at": NOON,
        "last_mount_point": str(shelf.folder / "ARCHIVE"),
        "location_path": "photos",
        "path": "2024/2024-05-01/IMG_0001.JPG",
        "now": "there",
        "found_at": str(copy),
        "size_bytes": len(PHOTO),
        "mtime_ns": FILE_TIME,
        "role": "backup",
        "status": "present",
        "evidence": "read_back_cold",
        "verified_at": NOON,
        "verified_how": "read past the page cache",
        "session_id": 1,
        "finding": None,
    }
    assert [(one["now"], one["found_at"] is None) for one in copies] == [
        ("there", False),
        ("missing", False),
        ("not plugged in", True),
    ]
    assert [group["volume"] for group in groups] == ["ARCHIVE", "SAFE", "OFFSITE"]
    assert groups[0]["members"][1] == {
        "role": "motion",
        "hash": sha256(FILM),
        "path": "2024/2024-05-01/IMG_0001.MOV",
    }
    assert sources[2] == {
        "session_id": 3,
        "started_at": NOON,
        "volume": "CARD",
        "source_path": str(shelf.folder / "CARD/DCIM"),
        "path": "100CANON/IMG_0001.JPG",
    }


def test_a_path_that_is_no_text_is_told_exactly(cardcat: Run, shelf: Shelf) -> None:
    shelf.back_up({"DCIM/\udcff.JPG": jpeg(3)})
    copy = shelf.folder / "ARCHIVE/photos/2024/2024-05-01/\udcff.JPG"
    document = cardcat("show", str(copy), "--json").json
    assert base64.b64decode(document["path_b64"]) == os.fsencode(copy)
    assert base64.b64decode(document["copies"][0]["found_at_b64"]) == os.fsencode(copy)
    assert "\\xff.JPG" in cardcat("show", str(copy)).out


def test_names_and_values_from_a_card_do_no_harm(cardcat: Run, shelf: Shelf) -> None:
    hostile = Metadata(camera_model="\x1b]0;gone\x07[bold]", software="a\nb " + "x" * 200)
    shelf.back_up({"DCIM/\x1b[2J.JPG": jpeg(3)}, read={"DCIM/\x1b[2J.JPG": (hostile, None)})
    said = cardcat("show", sha256(jpeg(3))).out
    assert "\x1b" not in said
    assert "[bold]" in said


@pytest.mark.parametrize("given", ["nowhere.jpg", "0" * 64, "abcdef12", "/media/me/nowhere/IMG_0001.JPG", ""])
@pytest.mark.usefixtures("shelf")
def test_what_nobody_knows(cardcat: Run, given: str) -> None:
    answer = cardcat("show", given)
    assert (answer.code, answer.out) == (2, "")
    assert "\nhint: " in answer.err
    assert cardcat("show", given, "--json").json["error"]["exit_code"] == 2


def test_without_a_catalog(cardcat: Run, tmp_path: Path) -> None:
    answer = cardcat("show", "IMG_0001.JPG", "--catalog", str(tmp_path / "none.db"))
    assert answer.code == 2
    assert "There is no catalog yet" in answer.err
    assert not (tmp_path / "none.db").exists()


def test_no_colours_where_none_are_wanted(
    cardcat: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cardcat("show", sha256(PHOTO)).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in cardcat("show", sha256(PHOTO)).out
    assert shelf.plugged
