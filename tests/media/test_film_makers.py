"""What makers write into boxes of their own."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest

from cardcat.media.films.atoms import read_atoms
from cardcat.media.films.insta360 import INSTA360, told_by_insta360
from cardcat.media.films.makers import told_by_makers
from cardcat.metadata import DateSource, Metadata
from tests.media.conftest import box

Make = Callable[..., bytes]


def movie(*boxes: bytes) -> bytes:
    """A film that has user data and nothing to show."""
    return box(b"ftyp", b"qt  ") + box(b"moov", box(b"udta", *boxes, b"\0\0\0\0"))


def told(film: bytes) -> Metadata:
    return told_by_makers(read_atoms(io.BytesIO(film), len(film)))


def camera(film: bytes) -> tuple[str | None, str | None]:
    found = told(film)
    return found.camera_make, found.camera_model


def klv(key: bytes, form: bytes, data: bytes) -> bytes:
    """An entry of GoPro's metadata; what nests has no form."""
    return key + form + bytes((1,)) + struct.pack(">H", len(data)) + data + bytes(-len(data) % 4)


def words(text: bytes, language: int = 0) -> bytes:
    return struct.pack(">HH", len(text), language) + text


def test_a_gopro_names_itself_in_its_own_box() -> None:
    inner = klv(b"MINF", b"c", b"HERO9 Black\0\0") + klv(b"CASN", b"c", b"C1") + klv(b"LINF", b"c", b"L2")
    found = told(movie(box(b"FIRM", b"HD9.01"), box(b"GPMF", klv(b"DEVC", b"\0", inner))))

    assert (found.camera_make, found.camera_model, found.software) == ("GoPro", "HERO9 Black", "HD9.01")
    assert (found.details.camera_serial, found.details.lens_serial) == ("C1", "L2")


def test_a_canon_has_the_exif_of_a_small_picture(photo: Make) -> None:
    found = told(movie(box(b"CNTH", box(b"CNDA", photo("JPEG", (16, 12))))))

    assert (found.camera_make, found.camera_model, found.lens_model) == (
        "Canon",
        "Canon EOS R5",
        "RF50mm F1.8 STM",
    )
    assert (found.date_taken, found.iso, found.aperture) == ("2024-05-01T10:00:00+02:00", "400", "f/2.8")
    assert found.resolution_width is None
    assert found.details.orientation is None


def entry(number: int, form: int, data: bytes) -> bytes:
    size = {2: 1, 5: 8}[form]
    return struct.pack(">IHH", number, form, len(data) // size) + data


def test_a_nikon_tells_by_numbered_entries() -> None:
    entries = [
        entry(0x01, 2, b"NIKON\0"),
        entry(0x02, 2, b"NIKON Z 6\0"),
        entry(0x12, 2, b"2021:03:04 05:06:07\0"),
        entry(0x110829A, 5, struct.pack(">II", 1, 50)),
        entry(0x110829D, 5, struct.pack(">II", 40, 10)),
        entry(0x110920A, 5, struct.pack(">II", 24, 1)),
        entry(0x110A434, 2, b"NIKKOR Z 24-70mm f/4 S\0"),
        entry(0x1200001, 2, b"S\0"),
        entry(0x1200002, 5, struct.pack(">6I", 33, 1, 30, 1, 0, 1)),
        entry(0x1200003, 2, b"E\0"),
        entry(0x1200004, 5, struct.pack(">6I", 151, 1, 0, 1, 36, 1)),
    ]
    found = told(movie(box(b"NCDT", box(b"NCHD", b"x"), box(b"NCTG", *entries))))

    assert (found.camera_make, found.camera_model) == ("NIKON", "NIKON Z 6")
    assert (found.lens_model, found.date_taken) == ("NIKKOR Z 24-70mm f/4 S", "2021-03-04T05:06:07")
    assert (found.shutter_speed, found.aperture, found.focal_length) == ("1/50", "f/4", "24 mm")
    assert (found.details.gps_latitude, found.details.gps_longitude) == (-33.5, 151.01)


def test_an_entry_of_no_known_type_ends_the_list() -> None:
    unknown = struct.pack(">IHH", 0x05, 99, 4)
    assert camera(movie(box(b"NCDT", box(b"NCTG", unknown, entry(0x01, 2, b"NIKON\0"))))) == (None, None)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([box(b"PANA", b"\0\0\0\1DMC-GH5\0" + bytes(90))], ("Panasonic", "DMC-GH5")),
        ([box(b"LEIC", b"LEICA CAMERA AG".ljust(22, b"\0") + b"V-LUX 4".ljust(40, b"\0"))],
         ("LEICA CAMERA AG", "V-LUX 4")),
        ([box(b"\xa9mdl", b"FC3170")], ("DJI", "FC3170")),
        ([box(b"\xa9mak", words(b"Ricoh")), box(b"\xa9mod", words(b"GR"))], ("Ricoh", "GR")),
        ([box(b"manu", bytes(6) + b"Canon\0"), box(b"modl", bytes(6) + b"SX280\0")], ("Canon", "SX280")),
        ([box(b"modl", b"GT-S8530")], (None, "GT-S8530")),
        ([box(b"smta", b"\0\0\0\0", box(b"mdln", b"SM-A136U"))], ("samsung", "SM-A136U")),
        ([box(b"@sec", b"SAMSUNG".ljust(32, b"\0") + b"WB30F".ljust(32, b"\0"))], ("SAMSUNG", "WB30F")),
        ([box(b"PENT", b"PENTAX".ljust(26, b"\0") + b"WG-2 GPS".ljust(60, b"\0"))], ("PENTAX", "WG-2 GPS")),
        ([box(b"CNMN", b"Canon EOS 550D\0"), box(b"CNFV", b"1.0.9\0")], ("Canon", "Canon EOS 550D")),
        ([box(b"xyzw", b"what nobody knows")], (None, None)),
    ],
)  # fmt: skip
def test_makers_have_boxes_of_their_own(boxes: list[bytes], expected: tuple[str | None, str | None]) -> None:
    assert camera(movie(*boxes)) == expected


def test_old_cameras_write_numbers_at_places_of_their_own() -> None:
    tags = bytearray(0xC0)
    tags[:22] = b"PENTAX DIGITAL CAMERA\0"
    struct.pack_into("<III", tags, 0x26, 384, 40, 10)
    struct.pack_into("<II", tags, 0x48, 189, 10)
    struct.pack_into("<H", tags, 0xAF, 50)
    found = told(movie(box(b"TAGS", bytes(tags))))

    assert found.camera_make == "PENTAX DIGITAL CAMERA"
    assert (found.shutter_speed, found.aperture) == ("1/38", "f/4")
    assert (found.focal_length, found.iso) == ("18.9 mm", "50")


def test_tags_of_an_unknown_maker_say_nothing() -> None:
    assert told(movie(box(b"TAGS", b"NOBODY" + bytes(range(250))))) == Metadata()


@pytest.mark.parametrize("end", range(0, 0xC0, 7))
def test_tags_may_end_anywhere(end: int) -> None:
    assert isinstance(told(movie(box(b"TAGS", (b"NIKON DIGITAL CAMERA\0" + bytes(0xC0))[:end]))), Metadata)


def test_a_place_is_read_in_both_forms() -> None:
    xyz = told(movie(box(b"\xa9xyz", words(b"+51.4169-000.0806/", 0x15C7))))
    fixed = struct.pack(">iii", round(6.67609 * 65536), round(52.36929 * 65536), round(10.53 * 65536))
    loci = told(movie(box(b"loci", bytes(6) + b"there\0\0" + fixed + b"earth\0\0")))

    assert (xyz.details.gps_latitude, xyz.details.gps_longitude) == (51.4169, -0.0806)
    assert loci.details.gps_latitude == pytest.approx(52.36929, abs=1e-5)
    assert loci.details.gps_altitude == pytest.approx(10.53, abs=1e-3)


def test_sonys_xml_in_a_film_is_the_films_own_clock() -> None:
    xml = (
        b'<NonRealTimeMeta><CreationDate value="2022-08-08T21:49:00+09:00"/>'
        b'<Device manufacturer="Sony" modelName="ILCE-7SM3" serialNo="7"/></NonRealTimeMeta>'
    )
    meta = box(b"meta", b"\0\0\0\0", box(b"hdlr", bytes(24)), box(b"xml ", b"\0\0\0\0", xml))
    for film in (meta, box(b"moov", meta)):
        found = told(box(b"ftyp", b"XAVC") + film)

        assert (found.camera_model, found.date_taken) == ("ILCE-7SM3", "2022-08-08T21:49:00+09:00")
        assert found.details.date_source is DateSource.CREATION_DATE


def test_bad_xml_in_a_film_costs_only_itself() -> None:
    meta = box(b"meta", b"\0\0\0\0", box(b"xml ", b"\0\0\0\0<NonReal"))
    assert camera(movie(box(b"modl", b"X")) + meta) == (None, "X")


def keyed(**words: str) -> bytes:
    names = [f"com.apple.quicktime.{key.replace('_dot_', '.')}".encode() for key in words]
    keys = box(b"keys", bytes(4), struct.pack(">I", len(names)), *(box(b"mdta", name) for name in names))
    items = [
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), value.encode()))
        for number, value in enumerate(words.values(), 1)
    ]
    return box(b"meta", box(b"hdlr", bytes(24)), keys, box(b"ilst", *items))


def test_a_phone_names_the_lens_of_a_track() -> None:
    meta = keyed(camera_dot_lens_model="iPhone 15 Pro back camera 6.86mm f/1.78")
    film = box(b"ftyp", b"qt  ") + box(b"moov", box(b"trak", meta))

    assert told(film).lens_model == "iPhone 15 Pro back camera 6.86mm f/1.78"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (struct.pack(">IIIII", 0, 0, 0, 600, 2700), 4.5),
        (struct.pack(">IQQIQ", 1 << 24, 0, 0, 600, 2700), 4.5),
        (struct.pack(">IIIII", 0, 0, 0, 0, 2700), None),
        (struct.pack(">IIIII", 0, 0, 0, 600, 0), None),
        (struct.pack(">IIIII", 0, 0, 0, 600, 0xFFFFFFFF), None),
        (b"", None),
    ],
)
def test_a_film_says_how_long_it_is(header: bytes, seconds: float | None) -> None:
    film = box(b"moov", box(b"mvhd", header))
    assert read_atoms(io.BytesIO(film), len(film)).seconds == seconds


def test_large_boxes_are_not_taken_into_memory() -> None:
    film = movie(box(b"modl", bytes(1 << 21)), box(b"cmnm", b"X"))
    assert set(read_atoms(io.BytesIO(film), len(film)).notes) == {b"cmnm"}


def test_all_notes_together_are_bounded() -> None:
    film = movie(*(box(b"%04d" % number, bytes(1 << 19)) for number in range(40)))
    notes = read_atoms(io.BytesIO(film), len(film)).notes
    assert sum(map(len, notes.values())) <= 1 << 23


def insta360(*records: tuple[int, bytes]) -> bytes:
    """What stands behind a film: contents, each with its number and length behind it."""
    body = b"".join(data + struct.pack("<HI", number, len(data)) for number, data in records)
    return body[:-6] + body[-6:] + bytes(78 - 6 - 32) + INSTA360


def test_an_insta360_names_itself_behind_the_film() -> None:
    about = b"\x0a\x05IAQEF\x12\x0eInsta360 ONE X\x1a\x07v1.18.0\x2a\x01x"
    film = movie() + insta360((0x101, about), (0x300, b"gyro"))
    found = told_by_insta360(io.BytesIO(film), len(film))

    assert (found.camera_make, found.camera_model) == ("Insta360", "Insta360 ONE X")
    assert (found.details.camera_serial, found.software) == ("IAQEF", "v1.18.0")


@pytest.mark.parametrize("length", [0, 5, 0xFFFFFFFF])
def test_records_that_lie_about_their_length_end_the_search(length: int) -> None:
    film = bytes(100) + struct.pack("<HI", 0x300, length) + bytes(78 - 6 - 32) + INSTA360
    assert told_by_insta360(io.BytesIO(film), len(film)) == Metadata()
