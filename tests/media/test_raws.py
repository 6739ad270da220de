"""Raws and other formats that are built in their own ways."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardcat.media.photos.image import read_image
from cardcat.media.photos.jpeg_xl import codestream_size
from cardcat.metadata import Metadata

Make = Callable[..., bytes]
Read = Callable[[bytes], Metadata]
CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def size(found: Metadata) -> tuple[int | None, int | None]:
    return found.resolution_width, found.resolution_height


def words(pairs: dict[str, str]) -> bytes:
    """Sigma's section of words and what they stand for."""
    table, text = b"", b""
    for key, value in pairs.items():
        places = []
        for word in (key, value):
            places.append(len(text) // 2)
            text += word.encode("utf-16-le") + b"\0\0"
        table += struct.pack("<II", *places)
    head = b"SECp" + struct.pack("<IIIII", 2, len(pairs), 0, 0, len(text) // 2)
    return head + table + text


def x3f(*sections: tuple[bytes, bytes]) -> bytes:
    data = b"FOVb" + struct.pack("<I16sIIII", 0x20000, bytes(16), 0, 2268, 1512, 0)
    entries = b""
    for kind, section in sections:
        entries += struct.pack("<II4s", len(data), len(section), kind)
        data += section
    listed = b"SECd" + struct.pack("<II", 0x20000, len(sections)) + entries
    return data + listed + struct.pack("<I", len(data))


SIGMA = {
    "CAMMANUF": "SIGMA",
    "CAMMODEL": "SIGMA SD10",
    "CAMSERIAL": "02001234",
    "FIRMVERS": "2.0.4",
    "TIME": "1259413520",
    "ISO": "100",
    "APERTURE": "8.0",
    "SHUTTER": "0.008",
    "FLENGTH": "30",
}


def test_an_older_x3f_tells_in_its_own_words(read_photo: Read) -> None:
    found = read_photo(x3f((b"CAMF", bytes(50)), (b"PROP", words(SIGMA))))

    assert (found.camera_make, found.camera_model, found.software) == ("SIGMA", "SIGMA SD10", "2.0.4")
    assert (found.date_taken, found.iso, found.aperture) == ("2009-11-28T13:05:20", "100", "f/8")
    assert (found.shutter_speed, found.focal_length) == ("1/125", "30 mm")
    assert (size(found), found.details.camera_serial) == ((2268, 1512), "02001234")
    assert found.details.format == "X3F"


def test_a_newer_x3f_has_a_preview_with_exif(read_photo: Read, photo: Make) -> None:
    preview = b"SECi" + struct.pack("<IIIIII", 0x20000, 2, 18, 64, 48, 0) + photo()
    found = read_photo(x3f((b"IMA2", preview)))

    assert (found.camera_model, size(found)) == ("Canon EOS R5", (2268, 1512))


@given(cut=st.integers(0, 400), damage=st.binary(max_size=30))
def test_a_damaged_x3f_is_survived(cut: int, damage: bytes) -> None:
    whole = x3f((b"PROP", words(SIGMA)))

    for data in (whole[:cut] + damage + whole[cut + len(damage) :], whole[:cut] + damage):
        with contextlib.suppress(ValueError, OSError, struct.error):
            assert read_image(io.BytesIO(data)).trouble is None


def test_mrw_has_a_block_with_its_size_and_one_that_is_exif(read_photo: Read, tiff_block: Make) -> None:
    sizes = struct.pack(">8sHHHHBB", b"27200001", 2456, 3272, 2448, 3264, 12, 12)
    blocks = b"".join(
        struct.pack(">4sI", b"\0" + kind, len(content)) + content
        for kind, content in ((b"PRD", sizes), (b"WBG", bytes(12)), (b"TTW", tiff_block()))
    )

    found = read_photo(b"\0MRM" + struct.pack(">I", len(blocks)) + blocks)

    assert (size(found), found.details.bit_depth) == ((3264, 2448), 12)
    assert (found.camera_model, found.details.format) == ("Canon EOS R5", "MRW")


def iiq(order: str) -> bytes:
    lens = b"Schneider 80mm LS"
    entries = [(0x10C, 3, 4, 7320), (0x10D, 3, 4, 5484), (0x412, 1, len(lens), 200)]
    listed = struct.pack(order + "II", len(entries), 0)
    listed += b"".join(struct.pack(order + "IIII", *entry) for entry in entries)
    own = (b"IIIICwaR" if order == "<" else b"MMMMRawT") + struct.pack(order + "I", 12) + listed
    tiff = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 300)
    preview = struct.pack(order + "HHHII", 1, 0x100, 4, 1, 100) + bytes(4)
    return (tiff + own).ljust(208, b"\0") + lens.ljust(92, b"\0") + preview


@pytest.mark.parametrize("order", ["<", ">"])
def test_iiq_has_a_list_of_its_own_before_the_preview(read_photo: Read, order: str) -> None:
    found = read_photo(iiq(order))

    assert size(found) == (7320, 5484)
    assert (found.lens_model, found.details.format) == ("Schneider 80mm LS", "IIQ")


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_big_tiff_has_a_size(read_photo: Read, order: str) -> None:
    head = struct.pack(order + "2sHHHQ", b"II" if order == "<" else b"MM", 43, 8, 0, 16)
    entries = ((0x100, 4, 1, struct.pack(order + "I", 70000)), (0x101, 3, 1, struct.pack(order + "H", 50000)))
    ifd = struct.pack(order + "Q", len(entries))
    ifd += b"".join(struct.pack(order + "HHQ8s", *entry) for entry in entries)

    found = read_photo(head + ifd + bytes(8))

    assert (size(found), found.details.format, found.trouble) == ((70000, 50000), "TIFF", None)


def bits(*numbers: tuple[int, int]) -> bytes:
    """Numbers and their lengths in bits, the lowest bit first."""
    whole = shift = 0
    for number, length in numbers:
        whole |= number << shift
        shift += length
    return b"\xff\x0a" + whole.to_bytes(14, "little")


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (bits((1, 1), (5, 5), (0, 3), (7, 5)), (64, 48)),
        (bits((1, 1), (5, 5), (1, 3)), (48, 48)),
        (bits((0, 1), (1, 2), (3999, 13), (4, 3)), (6000, 4000)),
        (bits((0, 1), (0, 2), (199, 9), (0, 3), (2, 2), (99999, 18)), (100000, 200)),
        (bits((0, 1), (3, 2), ((1 << 30) - 1, 30), (7, 3)), None),
        (b"\xff\x0a\x00", None),
        (b"JXL", None),
    ],
)
def test_jpeg_xl_packs_its_size(data: bytes, pixels: tuple[int, int] | None) -> None:
    assert codestream_size(data) == pixels


def test_jpeg_xl_tells_its_size_in_a_box_or_without_one(read_photo: Read, make_box: Make) -> None:
    stream = bits((0, 1), (1, 2), (3999, 13), (4, 3))
    start = make_box(b"JXL ", b"\r\n\x87\n") + make_box(b"ftyp", b"jxl ")

    for data in (stream, start + make_box(b"jxlc", stream), start + make_box(b"jxlp", bytes(4), stream)):
        found = read_photo(data)
        assert (size(found), found.details.format) == ((6000, 4000), "JPEG XL")


def brotli(data: bytes) -> bytes:
    """*data* as Brotli stores what it can't make smaller."""
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


def test_compressed_exif_of_jpeg_xl_is_read(read_photo: Read, make_box: Make, tiff_block: Make) -> None:
    box = make_box(b"brob", b"Exif", brotli(bytes(4) + tiff_block()))

    found = read_photo(make_box(b"JXL ", b"\r\n\x87\n") + make_box(b"ftyp", b"jxl \0\0\0\0jxl ") + box)

    assert (found.camera_model, found.iso, found.details.read_with) == ("Canon EOS R5", "400", "exiv2")


def heap(records: dict[int, bytes]) -> bytes:
    """What Canon builds CRW of: values, then a list of them."""
    values, listed = b"", struct.pack("<H", len(records))
    for tag, value in records.items():
        listed += struct.pack("<HII", tag, len(value), len(values))
        values += value
    return values + listed + struct.pack("<I", len(values))


def test_a_crw_is_read_by_the_second_reader(read_photo: Read) -> None:
    shot = [0] * 34
    shot[0], shot[2], shot[21], shot[22] = 68, 160, 160, -76 & 0xFFFF
    properties = {
        0x2807: heap({0x080A: b"Canon\0Canon EOS D30\0"}),
        0x300B: heap({0x102A: struct.pack("<34H", *shot)}),
        0x180E: struct.pack("<III", 1514811812, 0, 0),
        0x1810: struct.pack("<IIIIIII", 2160, 1440, 0, 0, 0, 0, 0),
    }
    head = struct.pack("<2sI8sI", b"II", 26, b"HEAPCCDR", 0x10002).ljust(26, b"\0")

    found = read_photo(head + heap({0x300A: heap(properties)}))

    assert (found.camera_make, found.camera_model) == ("Canon", "Canon EOS D30")
    assert (found.date_taken, found.iso) == ("2018-01-01T13:03:32", "100")
    assert (found.aperture, found.shutter_speed, size(found)) == ("f/5.66", "5.04", (2160, 1440))
    assert (found.details.format, found.details.read_with) == ("CRW", "exiv2")


def test_cr3_keeps_place_and_note_in_boxes_of_their_own(read_photo: Read, make_box: Make) -> None:
    parts = {
        b"CMT1": struct.pack("<2sHIH", b"II", 42, 8, 1)
        + struct.pack("<HHI4s", 0x10F, 2, 4, b"Can\0")
        + bytes(4),
        b"CMT3": struct.pack("<2sHIH", b"II", 42, 8, 1)
        + struct.pack("<HHII", 0x95, 2, 12, 26)
        + bytes(4)
        + b"RF50mm F1.8\0",
        b"CMT4": struct.pack("<2sHIH", b"II", 42, 8, 2)
        + struct.pack("<HHI4s", 1, 2, 2, b"N\0\0\0")
        + struct.pack("<HHII", 29, 2, 11, 100)
        + bytes(4),
    }
    parts[b"CMT4"] = parts[b"CMT4"].ljust(100, b"\0") + b"2024:05:01\0"
    boxes = (make_box(kind, content) for kind, content in parts.items())
    movie = make_box(b"moov", make_box(b"uuid", CANON, *boxes))

    found = read_photo(make_box(b"ftyp", b"crx \0\0\0\1crx isom") + movie)

    assert (found.camera_make, found.lens_model) == ("Can", "RF50mm F1.8")
    assert found.details.read_with == "exifread, exiv2"


def test_heif_tells_colour_and_depth_of_its_picture(read_photo: Read) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "AVIF")
    found = read_photo(out.getvalue())

    assert (found.details.bit_depth, found.details.color_space) == (8, "sRGB")
