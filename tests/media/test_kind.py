"""What a file is, by its bytes; by its name only where bytes can't tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media.kind import kind_by_name, kind_of
from cardcat.model import Kind

PACKET = b"G" + bytes(187)

IMAGES = {
    "jpeg": b"\xff\xd8\xff\xe1",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "gif": b"GIF89a",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "heic": b"\0\0\0\x18ftypheic",
    "sony and canon heif": b"\0\0\0\x18ftypheix",
    "heif sequence": b"\0\0\0\x18ftypmsf1",
    "avif": b"\0\0\0\x1cftypavif",
    "cr3": b"\0\0\0\x18ftypcrx ",
    "tiff": b"II*\0",
    "big-endian tiff": b"MM\0*",
    "orf": b"IIRO",
    "rw2": b"IIU\0",
    "raf": b"FUJIFILMCCD-RAW 0201",
    "x3f": b"FOVb",
    "mrw": b"\0MRM",
    "crw": b"II\x1a\0\0\0HEAPCCDR",
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "jxl": b"\xff\x0a\x01",
    "jxl box": b"\0\0\0\x0cJXL \r\n\x87\n",
    "bmp": b"BM" + bytes(12) + b"\x28\0\0\0",
    "ico": b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + b"\0\1\0\0" + b"\x16\0\0\0",
}
VIDEOS = {
    "mp4": b"\0\0\0\x18ftypmp42",
    "mov": b"\0\0\0\x14ftypqt  ",
    "brand never heard of": b"\0\0\0\x14ftypzzzz",
    "old mov": b"\0\0\0\x08wide\0\0\0\0mdat",
    "older mov": b"\0\1\x02\x03moov",
    "3gp": b"\0\0\0\x18ftyp3gp5",
    "mkv": b"\x1aE\xdf\xa3",
    "avi": b"RIFF\0\0\0\0AVI LIST",
    "ts": PACKET * 5,
    "m2ts": (b"\0\0\0\0" + PACKET) * 5,
    "short m2ts": (b"\0\0\0\0" + PACKET) * 3,
    "mxf": bytes.fromhex("060e2b34020501010d01020101020400"),
    "wmv": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "mpeg-2": b"\0\0\1\xba\x44",
    "mpeg-1": b"\0\0\1\xba\x21",
    "mlv": b"MLVI",
    "r3d": b"\0\0\1\0RED2",
    "theora": b"OggS" + bytes(24) + b"\x80theora",
}
AUDIO = {
    "wav": b"RIFF\0\0\0\0WAVEfmt ",
    "long wav": b"RF64\xff\xff\xff\xffWAVE",
    "aiff": b"FORM\0\0\0\0AIFF",
    "mp3": b"ID3\4",
    "mp3 without tag": b"\xff\xfb\x90\x64",
    "aac": b"\xff\xf1\x50\x80",
    "m4a": b"\0\0\0\x1cftypM4A ",
    "flac": b"fLaC",
    "ogg": b"OggS" + bytes(24) + b"\1vorbis",
    "amr": b"#!AMR\n",
}
OTHERS = {
    "nothing": b"",
    "a letter": b"B",
    "text": b"this is not an image\n",
    "text that begins like a bitmap": b"BMW is a brand, and this is a long enough line",
    "text that begins like a film": b"the moov atom tells where the samples are",
    "other such text": b"Get free stuff here, today",
    "text on music": b"ID3 tags explained",
    "text on networks": b"MAC address list",
    "UTF-16": "ÿþ text".encode("utf-16"),
    "PNG with mangled line ends": b"\x89PNG\r\r\x1a\r\0\0\0\rIHDR",
    "zeros": bytes(4096),
    "Mac resource": b"\0\5\x16\7\0\2\0\0Mac OS X",
    "DS_Store": b"\0\0\0\1Bud1",
    "letters G": b"GGGG" * 10,
}


@pytest.mark.parametrize("head", IMAGES.values(), ids=IMAGES)
def test_images_are_known_by_their_bytes(head: bytes) -> None:
    assert kind_of(head, "name.txt") is Kind.IMAGE


@pytest.mark.parametrize("head", VIDEOS.values(), ids=VIDEOS)
def test_videos_are_known_by_their_bytes(head: bytes) -> None:
    assert kind_of(head, "name.jpg") is Kind.VIDEO


@pytest.mark.parametrize("head", AUDIO.values(), ids=AUDIO)
def test_audio_is_known_by_its_bytes(head: bytes) -> None:
    assert kind_of(head, "name.mp4") is Kind.AUDIO


@pytest.mark.parametrize("head", OTHERS.values(), ids=OTHERS)
def test_no_name_makes_media_of_what_is_none(head: bytes) -> None:
    for name in ("a.jpg", "a.mov", "a.wav", "a"):
        assert kind_of(head, name) is Kind.OTHER


@pytest.mark.parametrize(
    "name", ["a.xmp", "IMG_1.CR3.xmp", "DJI_1.SRT", "IMG.AAE", "M0100.CTG", "INDEX.BDM", "a.Cube"]
)
def test_sidecars_are_known_by_their_names_only_if_they_are_no_media(name: str) -> None:
    assert kind_of(b"", name) is kind_of(b"text", name) is kind_by_name(name) is Kind.SIDECAR
    assert kind_of(IMAGES["jpeg"], name) is Kind.IMAGE


def test_sound_in_a_container_of_films_needs_a_name_that_says_so_and_no_pictures() -> None:
    head = b"\0\0\0\x14ftypqt  " + bytes(8)

    assert kind_of(head, "memo.m4a") is Kind.AUDIO
    assert kind_of(head + b"hdlr\0\0\0\0mhlrvide", "memo.m4a") is Kind.VIDEO
    assert kind_of(VIDEOS["wmv"], "song.WMA") is Kind.AUDIO


def test_canon_raw_video_says_the_same_as_a_raw_photo() -> None:
    assert kind_of(IMAGES["cr3"], "A001.CRM") is Kind.VIDEO


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DCIM/IMG.JPG", Kind.IMAGE),
        ("a.insv", Kind.VIDEO),
        ("a.wav", Kind.AUDIO),
        ("a.txt", Kind.OTHER),
        (".jpg", Kind.OTHER),
        ("folder.jpg/name", Kind.OTHER),
        ("bad\udcff.Nef", Kind.IMAGE),
        ("", Kind.OTHER),
    ],
)
def test_a_name_alone_is_a_guess(name: str, kind: Kind) -> None:
    assert kind_by_name(name) is kind


@given(st.binary(max_size=1000), st.text(max_size=20))
def test_any_bytes_and_name_have_a_kind(head: bytes, name: str) -> None:
    assert kind_of(head, name) in Kind


def test_every_real_file_is_what_others_say(devset: Path, manifest: list[dict[str, str]]) -> None:
    ours, theirs = set(), set()
    for row in manifest:
        path = devset / row["path"]
        with path.open("rb") as file:
            kind = kind_of(file.read(1 << 16), path.name)
        said = row["mime"].partition("/")[0] if row["kind"] != "audio" else "audio"
        assert (kind if kind.is_media else None) == (said if said in ("image", "video") else None), row[
            "path"
        ]
        ours |= {row["sha256"]} if kind.is_media else set()
        theirs |= {row["sha256"]} if said in ("image", "video") else set()
    assert len(ours) == len(theirs) == 158
