"""The columns of photos, whole and damaged."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from cardcat.media.reader import read_metadata
from cardcat.metadata import DateSource, Details, Metadata
from cardcat.model import Kind

Make = Callable[..., bytes]
NONE = IFDRational(1, 0)
EXPECTED = Metadata(
    camera_make="Canon",
    camera_model="Canon EOS R5",
    lens_model="RF50mm F1.8 STM",
    date_taken="2024-05-01T10:00:00+02:00",
    iso="400",
    aperture="f/2.8",
    shutter_speed="1/250",
    focal_length="50 mm",
    software="Firmware 1.8",
    resolution_width=64,
    resolution_height=48,
    details=Details(date_source=DateSource.ORIGINAL),
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Metadata]:
    def read(data: bytes) -> Metadata:
        path = tmp_path / "photo"
        path.write_bytes(data)
        return read_metadata(path, Kind.IMAGE)

    return read


Read = Callable[[bytes], Metadata]


def columns(found: Metadata) -> Metadata:
    """What stands in the columns, and where the date comes from."""
    return replace(found, details=Details(date_source=found.details.date_source))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_columns_are_the_same_in_every_format(photo: Make, read: Read, form: str) -> None:
    assert columns(read(photo(form))) == EXPECTED


@pytest.mark.parametrize("form", ["GIF", "BMP", "ICO", "JPEG2000", "JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_sizes_are_those_that_pillow_sees(photo: Make, read: Read, form: str) -> None:
    for size in ((1, 1), (64, 48), (255, 254)):
        data = photo(form, size, exif=b"")
        found = read(data)
        with Image.open(io.BytesIO(data)) as image:
            assert (found.resolution_width, found.resolution_height) == image.size
        assert found.date_taken is found.trouble is None


def test_both_kinds_of_webp_have_a_size(read: Read) -> None:
    for lossless in (False, True):
        out = io.BytesIO()
        Image.new("RGB", (300, 200)).save(out, "WEBP", lossless=lossless)
        assert read(out.getvalue()).resolution_width == 300


def test_a_panorama_larger_than_decoders_allow_has_a_size(photo: Make, read: Read) -> None:
    jpeg = photo(exif=b"")
    frame = jpeg.index(b"\xff\xc0")
    found = read(jpeg[: frame + 5] + struct.pack(">HH", 60000, 65000) + jpeg[frame + 9 :])

    assert (found.resolution_width, found.resolution_height) == (65000, 60000)


def test_exif_behind_other_segments_is_found(photo: Make, read: Read) -> None:
    jpeg = photo()
    comment = b"\xff\xe1\xff\xff" + b"http://ns.adobe.com/xap/1.0/\0".ljust(65533, b" ")

    assert columns(read(jpeg[:2] + comment * 3 + b"\xff\xff\xff" + jpeg[2:])) == EXPECTED


def test_every_brand_of_heif_is_read(photo: Make, read: Read) -> None:
    avif = photo("AVIF")

    for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        assert columns(read(avif[:8] + brand + avif[12:])) == EXPECTED


def test_heif_may_keep_exif_within_its_index(read: Read, tiff_block: Make, make_box: Make) -> None:
    item = b"\0\0\0\6Exif\0\0" + tiff_block()
    sizes = (
        make_box(b"ispe", bytes(4), struct.pack(">II", 512, 512)),
        make_box(b"ispe", bytes(4), b"\0\0\0\x40\0\0\0\x30"),
    )
    meta = make_box(
        b"meta",
        bytes(4),
        make_box(b"pitm", bytes(4), b"\0\7"),
        make_box(b"iinf", bytes(4), b"\0\1", make_box(b"infe", b"\2\0\0\0", b"\0\3\0\0Exif\0")),
        make_box(b"iloc", b"\1\0\0\0", b"\x44\0\0\1", b"\0\3\0\1\0\0\0\1", struct.pack(">II", 0, len(item))),
        make_box(b"iprp", make_box(b"ipco", *sizes), make_box(b"ipma", bytes(4), b"\0\0\0\1\0\7\1\x82")),
        make_box(b"idat", item),
    )

    assert columns(read(make_box(b"ftyp", b"heic\0\0\0\0") + meta)) == EXPECTED


def test_cr3_keeps_exif_in_boxes_of_its_own(read: Read, tiff_block: Make, make_box: Make) -> None:
    inner = tiff_block(make=None, model=None, software=None, edited=None)
    exif_ifd = _moved_first_ifd(inner)
    first = io.BytesIO()
    Image.new("RGB", (64, 48)).save(
        first, "TIFF", tiffinfo={271: "Canon", 272: "Canon EOS R5", 305: "Firmware 1.8"}
    )
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    movie = make_box(
        b"moov",
        make_box(b"mvhd", bytes(100)),
        make_box(b"uuid", canon, make_box(b"CMT1", first.getvalue()), make_box(b"CMT2", exif_ifd)),
    )

    assert columns(read(make_box(b"ftyp", b"crx \0\0\0\1crx isom") + movie)) == EXPECTED


def _moved_first_ifd(tiff: bytes) -> bytes:
    """The stream with its EXIF IFD as the first one, which is how Canon writes CMT2."""
    order = "<" if tiff.startswith(b"II") else ">"
    at = struct.unpack(order + "I", tiff[4:8])[0]
    entry = tiff.index(struct.pack(order + "HHI", 0x8769, 4, 1), at)
    return tiff[:4] + tiff[entry + 8 : entry + 12] + tiff[8:]


def test_raf_keeps_everything_in_its_preview(photo: Make, read: Read) -> None:
    jpeg = photo()
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 160, len(jpeg))

    assert columns(read(head.ljust(160, b"\0") + jpeg)) == EXPECTED


def test_jpeg_xl_keeps_exif_in_a_box(read: Read, tiff_block: Make, make_box: Make) -> None:
    found = read(
        make_box(b"JXL ", b"\r\n\x87\n")
        + make_box(b"ftyp", b"jxl ")
        + make_box(b"Exif", bytes(4), tiff_block())
    )

    assert found.date_taken == EXPECTED.date_taken


def test_a_raw_has_the_size_of_its_largest_picture(read: Read) -> None:
    main, sub = 8, 8 + 2 + 3 * 12 + 4
    tiff = struct.pack("<2sHI", b"II", 42, main)
    tiff += _ifd((0x100, 4, 1, 160), (0x101, 4, 1, 120), (0x14A, 4, 1, sub))
    tiff += _ifd((0x100, 3, 1, 6000), (0x101, 3, 1, 4000))

    found = read(tiff)

    assert (found.resolution_width, found.resolution_height) == (6000, 4000)


def test_panasonic_names_borders_instead_of_a_size(read: Read) -> None:
    found = read(
        struct.pack("<2sHI", b"II", 0x55, 8)
        + _ifd(*((tag, 3, 1, at) for tag, at in zip((4, 5, 6, 7), (4, 8, 3004, 4008), strict=True)))
    )

    assert (found.resolution_width, found.resolution_height) == (4000, 3000)


def _ifd(*entries: tuple[int, int, int, int]) -> bytes:
    return (
        struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        + bytes(4)
    )


@pytest.mark.parametrize(
    ("changes", "date"),
    [
        ({"offset": None}, "2024-05-01T10:00:00"),
        ({"original": None}, "2024-05-01T10:00:01"),
        ({"original": "0000:00:00 00:00:00"}, "2024-05-01T10:00:01"),
        ({"original": None, "digitised": None}, None),
        ({"original": "2023:02:30 10:00:00", "digitised": None}, None),
    ],
)
def test_the_date_is_when_it_was_taken_never_when_it_was_edited(
    photo: Make, read: Read, changes: dict[str, object], date: str | None
) -> None:
    assert read(photo(**changes)).date_taken == date


def test_values_that_make_no_sense_are_left_out(photo: Make, read: Read) -> None:
    found = read(
        photo(f_number=NONE, exposure=NONE, focal=IFDRational(0, 1), make="Can\0on", model="\x1b[2J R5 ")
    )

    assert (found.aperture, found.shutter_speed, found.focal_length) == (None, None, None)
    assert (found.camera_make, found.camera_model) == ("Can", "[2J R5")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (b"Canon \xc9OS R5", "Canon ÉOS R5"),
        ("キヤノン EOS".encode("cp932"), "キヤノン EOS"),
        ("日本光学 R5".encode("cp932"), "日本光学 R5"),
        ("Leicaß R5".encode(), "Leicaß R5"),
        (b"EOS R5 \xe3\x82", "EOS R5 �"),
        (b"EOS R5      ", "EOS R5"),
    ],
)
def test_a_text_in_another_encoding_stays_readable(
    photo: Make, read: Read, written: bytes, read_as: str
) -> None:
    assert read(photo().replace(b"Canon EOS R5", written[:12].ljust(12, b"\0"))).camera_model == read_as


def test_a_long_text_is_cut(photo: Make, read: Read) -> None:
    assert read(photo(lens="x" * 5000)).lens_model == "x" * 200


def test_a_damaged_exif_block_costs_no_size(photo: Make, read: Read) -> None:
    found = read(photo(exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(50)))

    assert (found.resolution_width, found.resolution_height) == (64, 48)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "ICO", "JPEG2000"])
def test_a_file_may_end_anywhere(photo: Make, read: Read, form: str) -> None:
    data = photo(form)

    for end in [*range(64), *range(64, len(data), 13)]:
        assert isinstance(read(data[:end]), Metadata)


HOSTILE_TIFFS = {
    "IFD that points to itself": struct.pack("<2sHI", b"II", 42, 8) + bytes(2) + struct.pack("<I", 8),
    "two IFDs in a circle": struct.pack("<2sHIHIHI", b"II", 42, 8, 0, 14, 0, 8),
    "sub-IFD that is its parent": struct.pack("<2sHI", b"II", 42, 8)
    + _ifd((0x14A, 4, 1, 8), (0x8769, 4, 1, 8)),
    "65535 tags in a few bytes": struct.pack("<2sHIH", b"II", 42, 8, 65535),
    "text of 4 GB": struct.pack("<2sHI", b"II", 42, 8) + _ifd((0x10F, 2, 0xFFFFFFFF, 8)),
    "numbers without end": struct.pack("<2sHI", b"II", 42, 8) + _ifd((0x829A, 5, 0xFFFFFFFF, 8)),
    "a float without bytes": struct.pack("<2sHI", b"II", 42, 8) + _ifd((0x829A, 12, 1, 0xFFFFFFF0)),
}


@pytest.mark.parametrize("block", HOSTILE_TIFFS.values(), ids=HOSTILE_TIFFS)
def test_a_hostile_block_is_read_or_named(photo: Make, read: Read, block: bytes) -> None:
    assert read(block).camera_make is None
    assert read(photo(exif=b"Exif\0\0" + block)).resolution_width == 64


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_box_may_claim_any_length(read: Read, size: int) -> None:
    for kind in (b"meta", b"moov", b"zzzz"):
        for brand in (b"heic", b"crx "):
            box = size.to_bytes(4, "big") + kind + b"\xff" * 24
            assert read(b"\0\0\0\x10ftyp" + brand + bytes(4) + box).date_taken is None


@settings(deadline=None)
@given(data=st.data(), form=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "AVIF"]))
def test_damage_anywhere_raises_nothing(
    photo: Make, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str
) -> None:
    whole = bytearray(photo(form))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(12, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(whole)

    found = read_metadata(path, Kind.IMAGE)

    assert found.trouble is None or found.trouble.isprintable()


def test_what_is_no_media_is_not_even_opened() -> None:
    for kind in (Kind.AUDIO, Kind.SIDECAR, Kind.OTHER):
        assert read_metadata(Path("/nowhere"), kind) == Metadata()


def test_a_file_that_is_gone_is_trouble() -> None:
    found = read_metadata(Path("/nowhere"), Kind.IMAGE)

    assert found == Metadata(trouble="the file can't be read (No such file or directory)")
