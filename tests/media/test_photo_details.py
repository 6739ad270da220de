"""What photos tell beyond the columns: place, time, colour, serial numbers, identifiers, XMP."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from cardcat.media.photos import apple, gps, icc
from cardcat.metadata import DateSource, Metadata

Make = Callable[..., bytes]
Read = Callable[[bytes], Metadata]
PLACE = {
    1: "S",
    2: (IFDRational(33), IFDRational(51), IFDRational(3540, 100)),
    3: "W",
    4: (IFDRational(151), IFDRational(12), IFDRational(0)),
    5: b"\1",
    6: IFDRational(425, 10),
    7: (IFDRational(23), IFDRational(59), IFDRational(599, 10)),
    29: "2024:05:01",
}


def test_everything_a_good_camera_tells(read_photo: Read, photo: Make) -> None:
    found = read_photo(photo(gps=PLACE, subsec="047", orientation=6, serial="1940419502", color=1)).details

    assert found.gps_latitude == pytest.approx(-33.859833)
    assert found.gps_longitude == pytest.approx(-151.2)
    assert found.gps_altitude == -42.5
    assert found.gps_date == "2024-05-01T23:59:59+00:00"
    assert (found.date_subsec, found.date_source) == ("047", DateSource.ORIGINAL)
    assert (found.orientation, found.color_space, found.bit_depth) == (6, "sRGB", 8)
    assert (found.camera_serial, found.read_with, found.format) == ("1940419502", "exifread", "JPEG")


@pytest.mark.parametrize(
    "changes",
    [
        {
            2: (IFDRational(0), IFDRational(0), IFDRational(0)),
            4: (IFDRational(0), IFDRational(0), IFDRational(0)),
        },
        {2: (IFDRational(91), IFDRational(0), IFDRational(0))},
        {4: (IFDRational(1, 0), IFDRational(0), IFDRational(0))},
    ],
)
def test_a_place_that_is_none_is_left_out(read_photo: Read, photo: Make, changes: dict[int, object]) -> None:
    found = read_photo(photo(gps={**PLACE, **changes})).details

    assert (found.gps_latitude, found.gps_longitude, found.gps_altitude) == (None, None, None)
    assert found.gps_date == "2024-05-01T23:59:59+00:00"


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("2024:13:01", [1.0, 2.0, 3.0]),
        ("2024:05:01", [25.0, 2.0, 3.0]),
        ("0000:00:00", [1.0, 2.0, 3.0]),
        ("1970:01:01", [1.0, 2.0, 3.0]),
        ("", [1.0, 2.0, 3.0]),
        ("2024:05", [1.0, 2.0, 3.0]),
        ("2024:05:01", [1.0, 2.0]),
    ],
)
def test_a_satellites_time_that_is_none_is_left_out(day: str, clock: list[float]) -> None:
    assert gps.date({"GPS GPSDate": day, "GPS GPSTimeStamp": clock}) is None


@given(
    st.dictionaries(
        st.sampled_from(
            ["GPSLatitude", "GPSLongitude", "GPSAltitude", "GPSAltitudeRef", "GPSTimeStamp", "GPSDate"]
        ),
        st.lists(st.floats() | st.text(max_size=3) | st.none(), max_size=5) | st.text(max_size=12),
    )
)
def test_any_place_is_one_on_earth_or_none(tags: dict[str, object]) -> None:
    where = gps.where({f"GPS {name}": value for name, value in tags.items()})

    assert where["gps_latitude"] is None or abs(where["gps_latitude"]) <= 90
    assert gps.date({f"GPS {name}": value for name, value in tags.items()}) is None or "GPSDate" in tags


@pytest.mark.parametrize(("turned", "said"), [(0, None), (1, 1), (8, 8), (9, None)])
def test_an_orientation_is_one_of_eight(read_photo: Read, photo: Make, turned: int, said: int | None) -> None:
    assert read_photo(photo(orientation=turned)).details.orientation == said


@pytest.mark.parametrize(
    ("digits", "said"), [("5", "5"), ("047  ", "047"), ("x", None), ("²", None), ("", None)]
)
def test_digits_behind_the_second_are_digits(
    read_photo: Read, photo: Make, digits: str, said: str | None
) -> None:
    assert read_photo(photo(subsec=digits)).details.date_subsec == said


@pytest.mark.parametrize(("said", "called"), [(1, "sRGB"), (2, "Adobe RGB"), (65535, None)])
def test_exif_knows_two_colour_spaces(read_photo: Read, photo: Make, said: int, called: str | None) -> None:
    assert read_photo(photo(color=said)).details.color_space == called


def profile(name: str, *, modern: bool = False) -> bytes:
    text = name.encode("utf-16-be")
    old = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode() + b"\0"
    new = b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(text), 28) + text
    tag = new if modern else old
    return bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(tag)) + tag


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("sRGB IEC61966-2.1", "sRGB"),
        ("Adobe RGB (1998)", "Adobe RGB"),
        ("Display P3", "Display P3"),
        ("ProPhoto RGB", "ProPhoto RGB"),
    ],
)
def test_a_profile_is_called_by_its_usual_name(name: str, called: str, *, modern: bool) -> None:
    assert icc.color_space(profile(name, modern=modern)) == called


@given(st.binary(max_size=400))
def test_a_damaged_profile_is_survived(data: bytes) -> None:
    for start in (bytes(128), profile("sRGB")[:140], profile("sRGB", modern=True)[:150]):
        assert isinstance(icc.color_space(start + data), str | None)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_profile_is_found_in_every_container(read_photo: Read, form: str) -> None:
    out = io.BytesIO()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (64, 48)).save(out, form, icc_profile=srgb)

    assert read_photo(out.getvalue()).details.color_space == "sRGB"


def test_a_profile_wins_over_what_exif_says(read_photo: Read, tiff_block: Make, jpeg_of: Make) -> None:
    p3 = (0xE2, b"ICC_PROFILE\0\1\1" + profile("Display P3"))

    assert read_photo(jpeg_of(tiff_block(color=1), p3)).details.color_space == "Display P3"


@pytest.mark.parametrize(
    ("mode", "form", "depth"),
    [("RGB", "PNG", 8), ("I;16", "PNG", 16), ("1", "PNG", 1), ("I;16", "TIFF", 16), ("RGB", "AVIF", 8)],
)
def test_bits_a_sample(read_photo: Read, mode: str, form: str, depth: int) -> None:
    out = io.BytesIO()
    Image.new(mode, (64, 48)).save(out, form)

    assert read_photo(out.getvalue()).details.bit_depth == depth


def mpf(kind: int) -> tuple[int, bytes]:
    """An index of two pictures, the second of this kind."""
    entries = struct.pack(">HHII", 0xB001, 4, 1, 2) + struct.pack(">HHII", 0xB002, 7, 32, 50)
    pictures = struct.pack(">IIIHH", 0x20030000, 1, 0, 0, 0) + struct.pack(">IIIHH", kind, 1, 1, 0, 0)
    index = b"MM\0*\0\0\0\x08\0\2" + entries + bytes(4)
    return 0xE2, b"MPF\0" + index.ljust(50, b"\0") + pictures


@pytest.mark.parametrize(
    ("kind", "form"),
    [(0x020002, "MPO"), (0x020001, "MPO"), (0x010001, "JPEG"), (0x010002, "JPEG"), (0, "JPEG")],
)
def test_a_jpeg_with_several_views_is_mpo_and_one_with_previews_none(
    read_photo: Read, tiff_block: Make, jpeg_of: Make, kind: int, form: str
) -> None:
    assert read_photo(jpeg_of(tiff_block(), mpf(kind))).details.format == form


def test_the_rest_of_a_stereo_picture_is_named_by_its_file(
    read_photo: Callable[[bytes, str], Metadata], photo: Make
) -> None:
    assert read_photo(photo(), "DSCF0001.MPO").details.format == "MPO"


def apple_note(identifier: str) -> bytes:
    text = identifier.encode() + b"\0"
    entries = struct.pack(">HHII", 1, 9, 1, 14) + struct.pack(">HHII", 0x11, 2, len(text), 16 + 24 + 4)
    return b"Apple iOS\0\0\1MM" + struct.pack(">H", 2) + entries + bytes(4) + text


NAME = "F09DAB5F-0EE2-4A02-9A3C-43C8B3DF34A5"


def test_a_live_photo_tells_its_identifier(read_photo: Read, noted: Make, jpeg_of: Make) -> None:
    block = noted(lambda _: apple_note(NAME), make="Apple", model="iPhone 15")

    assert read_photo(jpeg_of(block)).details.live_photo_id == NAME
    assert read_photo(jpeg_of(block)).details.read_with == "exifread"


@given(st.binary(max_size=80))
def test_a_damaged_note_of_apple_is_survived(data: bytes) -> None:
    assert isinstance(apple.live_photo_id(b"Exif" + apple_note(NAME)[:20] + data), str | None)
    assert apple.live_photo_id(data) is None


def test_png_is_called_apng_if_it_moves(read_photo: Read, png: Make) -> None:
    assert read_photo(png()).details.format == "PNG"
    assert read_photo(png((b"acTL", bytes(8)))).details.format == "APNG"


def test_a_make_in_the_other_ifd_is_found(read_photo: Read, photo: Make) -> None:
    block = photo(make=None, lens="HTC")

    assert read_photo(block.replace(b"\xa4\x34\0\2", b"\x01\x0f\0\2")).camera_make == "HTC"
