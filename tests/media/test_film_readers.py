"""AVI, AVCHD and Magic Lantern films: what cameras write into them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path

import pytest

from cardcat.media.films.avi import told_by_avi
from cardcat.media.films.codecs import audio_codec, codec, color_space
from cardcat.media.films.mlv import read_mlv
from cardcat.media.films.transport import told_by_transport
from cardcat.media.reader import read_metadata
from cardcat.metadata import Metadata
from cardcat.model import Kind


def chunk(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def avi(*parts: bytes) -> Metadata:
    film = chunk(b"RIFF", b"AVI ", *parts)
    return told_by_avi(io.BytesIO(film), len(film))


def nikon(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def test_a_nikons_avi_tells_the_camera() -> None:
    entries = [
        nikon(0x03, b"NIKON\0"),
        nikon(0x04, b"COOLPIX P60\0"),
        nikon(0x09, struct.pack("<II", 36, 10)),
        nikon(0x13, b"2008:12:24 18:00:00\0"),
    ]
    found = avi(chunk(b"LIST", b"ncdt", chunk(b"nctg", *entries)))

    assert (found.camera_make, found.camera_model) == ("NIKON", "COOLPIX P60")
    assert (found.aperture, found.date_taken) == ("f/3.6", "2008-12-24T18:00:00")


@pytest.mark.parametrize("begins", [b"OLYMDigital Camera", b"PENTDigital Camera"])
def test_junk_may_be_a_table(begins: bytes) -> None:
    junk = bytearray(0x140)
    junk[: len(begins)] = begins
    junk[0x12:0x19] = b"OLYMPUS"
    junk[0x2C:0x31] = b"FE280"
    struct.pack_into("<II", junk, 0x5E, 35, 10)
    found = avi(chunk(b"LIST", b"hdrl", chunk(b"JUNK", bytes(junk))))

    assert (found.camera_make, found.camera_model, found.aperture) == ("OLYMPUS", "FE280", "f/3.5")


def test_some_cameras_name_themselves_where_a_program_would() -> None:
    pentax = avi(chunk(b"LIST", b"INFO", chunk(b"ISFT", b"PENTAX K-x      \0")))
    canon = avi(chunk(b"LIST", b"INFO", chunk(b"ISFT", b"CanonMVI06")))
    program = avi(chunk(b"LIST", b"INFO", chunk(b"ISFT", b"Lavf58.45.100")))

    assert (pentax.camera_make, pentax.camera_model) == ("PENTAX", "PENTAX K-x")
    assert (canon.camera_make, canon.camera_model) == ("Canon", None)
    assert program == Metadata()


def test_an_odd_chunk_has_a_filling_byte() -> None:
    found = avi(
        chunk(b"JUNK", b"odd"), chunk(b"LIST", b"exif", chunk(b"ecor", b"Ricoh"), chunk(b"emdl", b"GX"))
    )
    assert (found.camera_make, found.camera_model) == ("Ricoh", "GX")


def test_lists_in_lists_end() -> None:
    nested = b""
    for _ in range(2000):
        nested = chunk(b"LIST", b"hdrl", nested)
    assert avi(nested) == Metadata()


PACKS = {
    0x18: bytes.fromhex("44201904"),
    0x19: bytes.fromhex("19222400"),
    0x7F: struct.pack("<xxH", 0x8000 | 562),
    0xA1: struct.pack(">HH", 63, 10),
    0xB1: b"S\0\0\0",
    0xB2: struct.pack(">HH", 33, 1),
    0xB3: struct.pack(">HH", 30, 1),
    0xB4: struct.pack(">HH", 0, 1),
    0xB5: b"E\0\0\0",
    0xB6: struct.pack(">HH", 151, 1),
    0xB7: struct.pack(">HH", 0, 1),
    0xB8: struct.pack(">HH", 36, 1),
    0xE0: bytes.fromhex("01083100"),
    0xE4: b"ILCE",
    0xE5: b"-7M3",
}


def transport(packs: Iterable[tuple[int, bytes]], stride: int = 192) -> bytes:
    """Packets of two streams in turn, so that what belongs together lies apart."""
    entries = b"".join(bytes((number,)) + data for number, data in packs)
    mark = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
    payload = (
        bytes(150) + mark + bytes((len(entries) // 5,)) + entries.replace(b"\0\0\0", b"\0\0\3\0") + bytes(400)
    )
    payload = payload[: len(payload) // 184 * 184]
    film = b""
    for at in range(0, len(payload), 184):
        film += bytes(stride - 188) + b"\x47\x10\x11\x10" + payload[at : at + 184]
        film += bytes(stride - 188) + b"\x47\x11\x00\x30\x01" + b"\xff" * 183
    return film


@pytest.mark.parametrize("stride", [188, 192])
def test_avchd_tells_by_the_first_picture(stride: int) -> None:
    found = told_by_transport(io.BytesIO(transport(PACKS.items(), stride)))

    assert (found.camera_make, found.camera_model) == ("Sony", "ILCE-7M3")
    assert (found.date_taken, found.aperture, found.shutter_speed) == (
        "2019-04-19T22:24:00+02:00",
        "f/6.3",
        "1/50",
    )
    assert (found.details.gps_latitude, found.details.gps_longitude) == (-33.5, 151.01)


def test_a_zone_may_be_west_half_or_unknown() -> None:
    def date(zone: int) -> str | None:
        packs = {**PACKS, 0x18: bytes((zone,)) + PACKS[0x18][1:]}
        return told_by_transport(io.BytesIO(transport(packs.items()))).date_taken

    assert date(0x20 | 3 << 1 | 1) == "2019-04-19T22:24:00-03:30"
    assert date(0x80) == "2019-04-19T22:24:00"


def test_an_unknown_maker_has_no_model() -> None:
    found = told_by_transport(io.BytesIO(transport({**PACKS, 0xE0: bytes.fromhex("77770000")}.items())))
    assert (found.camera_make, found.camera_model) == (None, None)


def test_packs_out_of_order_are_none() -> None:
    twice = [*PACKS.items(), (0x18, bytes.fromhex("44203001"))]
    assert told_by_transport(io.BytesIO(transport(twice))).date_taken == "2019-04-19T22:24:00+02:00"


def test_other_transport_streams_say_nothing() -> None:
    assert told_by_transport(io.BytesIO(transport([]))) == Metadata()
    assert told_by_transport(io.BytesIO(b"\x47" * 100)) == Metadata()


def block(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<IQ", 16 + len(data), 0) + data


def mlv() -> bytes:
    header = b"MLVI" + struct.pack("<I8sQHHIHH6I", 52, b"v2.0", 1, 0, 1, 0, 1, 0, 48, 0, 24000, 1001, 0, 0)
    return header[:52] + b"".join(
        (
            block(b"RAWI", struct.pack("<HH", 1920, 1080) + bytes(160)),
            block(b"IDNT", b"Canon EOS 5D Mark III".ljust(32, b"\0") + bytes(4) + b"42".ljust(32, b"\0")),
            block(b"RTCI", struct.pack("<10H", 7, 6, 5, 4, 2, 121, 0, 0, 0, 0) + bytes(8)),
            block(b"EXPO", struct.pack("<IIIIQ", 0, 800, 0, 0, 20000)),
            block(
                b"LENS", struct.pack("<HHHBBII", 50, 0, 180, 0, 0, 0, 0) + b"EF50mm f/1.8".ljust(64, b"\0")
            ),
            block(b"VIDF", bytes(100)),
        )
    )


def test_magic_lantern_tells_by_its_blocks(tmp_path: Path) -> None:
    path = tmp_path / "M01.MLV"
    path.write_bytes(mlv())
    found = read_metadata(path, Kind.VIDEO)

    assert (found.camera_make, found.camera_model) == ("Canon", "Canon EOS 5D Mark III")
    assert (found.date_taken, found.iso) == ("2021-03-04T05:06:07", "800")
    assert (found.shutter_speed, found.aperture, found.focal_length) == ("1/50", "f/1.8", "50 mm")
    assert (found.lens_model, found.details.camera_serial) == ("EF50mm f/1.8", "42")
    assert (found.resolution_width, found.resolution_height, found.duration_seconds) == (1920, 1080, 2.002)


def test_a_block_shorter_than_its_head_ends_the_film() -> None:
    film = mlv()[:52] + b"IDNT" + struct.pack("<IQ", 3, 0) + b"Canon EOS 5D Mark III".ljust(80, b"\0")
    assert read_mlv(io.BytesIO(film)).camera_model is None


def test_a_magic_lantern_film_may_end_anywhere() -> None:
    whole = mlv()
    for end in range(len(whole)):
        assert isinstance(read_mlv(io.BytesIO(whole[:end])), Metadata)


@pytest.mark.parametrize(
    ("track", "name"),
    [
        ({"Format": "AVC"}, "H.264"),
        ({"Format": "HEVC"}, "HEVC"),
        ({"Format": "JPEG"}, "MJPEG"),
        ({"Format": "ProRes", "Format_Profile": "422 HQ"}, "ProRes 422 HQ"),
        ({"Format": "MPEG Video", "Format_Version": "2"}, "MPEG-2"),
        ({"Format": "DV", "Format_Commercial_IfAny": "DVCPRO HD"}, "DVCPRO HD"),
        ({"Format": "AV1"}, "AV1"),
        ({}, None),
    ],
)
def test_codecs_have_the_names_people_know(track: dict[str, object], name: str | None) -> None:
    assert codec(track) == name


@pytest.mark.parametrize(
    ("track", "name"),
    [
        ({"Format": "MPEG Audio", "Format_Profile": "Layer 3"}, "MP3"),
        ({"Format": "MPEG Audio"}, "MPEG Audio"),
        ({"Format": "AAC"}, "AAC"),
    ],
)
def test_sound_has_the_names_people_know(track: dict[str, object], name: str) -> None:
    assert audio_codec(track) == name


@pytest.mark.parametrize(
    ("primaries", "curve", "name"),
    [
        ("BT.709", "BT.709", "BT.709"),
        ("BT.2020", "HLG", "BT.2020 HLG"),
        ("BT.2020", "PQ", "BT.2020 PQ"),
        (None, "PQ", None),
    ],
)
def test_a_color_space_names_its_curve_where_it_matters(
    primaries: str | None, curve: str, name: str | None
) -> None:
    assert color_space({"colour_primaries": primaries, "transfer_characteristics": curve}) == name
