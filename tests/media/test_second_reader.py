"""What only a maker's note tells: the second reader, and when it is asked."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable

import pytest

from cardcat.media.photos import exif, second_reader
from cardcat.metadata import DateSource, Metadata

Make = Callable[..., bytes]
Note = Callable[[int], bytes]
SILENT = dict.fromkeys(("iso", "f_number", "exposure", "focal", "lens"))


def note(entries: Iterable[tuple[int, int, bytes]], order: str = ">") -> Note:
    """A bare IFD, as most makers write it; *entries* are tag, type and value."""
    listed = list(entries)
    sizes = {1: 1, 2: 1, 3: 2, 4: 4}

    def build(at: int) -> bytes:
        head, tail = struct.pack(order + "H", len(listed)), b""
        after = at + 2 + 12 * len(listed) + 4
        for tag, kind, value in listed:
            place = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", after + len(tail))
            head += struct.pack(order + "HHI4s", tag, kind, len(value) // sizes[kind], place)
            tail += value if len(value) > 4 else b""
        return head + bytes(4) + tail

    return build


def canon(
    *, iso: int = 160, aperture: int = 160, shutter: int = 224, lens: str = "", serial: int = 0
) -> Note:
    shot = [0] * 34
    shot[0], shot[2], shot[21], shot[22] = 68, iso, aperture, shutter & 0xFFFF
    entries = [(4, 3, struct.pack(">34H", *shot)), (0x0C, 4, serial.to_bytes(4, "big"))]
    return note([*entries, *([(0x95, 2, lens.encode() + b"\0")] if lens else [])])


def nikon(iso: tuple[int, int]) -> Note:
    """Nikon's note is a TIFF of its own."""
    inner = note([(2, 3, struct.pack(">HH", *iso)), (0x1D, 2, b"3001234\0")])(8)
    return lambda _: b"Nikon\0\2\x10\0\0MM\0*\0\0\0\x08" + inner


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the second reader is asked for."""
    calls: list[str] = []

    def watched(name: str) -> Callable[[bytes], Metadata]:
        real: Callable[[bytes], Metadata] = getattr(second_reader, name)

        def ask(data: bytes) -> Metadata:
            calls.append(name)
            return real(data)

        return ask

    for name in ("read_note", "read_whole"):
        monkeypatch.setattr(second_reader, name, watched(name))
    return calls


Read = Callable[[bytes], Metadata]


def test_a_note_fills_what_exif_lacks(read_photo: Read, noted: Make, jpeg_of: Make) -> None:
    block = noted(canon(lens="EF35mm f/2 IS USM", serial=1234567), **SILENT)

    found = read_photo(jpeg_of(block))

    assert (found.iso, found.aperture, found.shutter_speed) == ("100", "f/5.7", "1/128")
    assert found.lens_model == "EF35mm f/2 IS USM"
    assert found.details.camera_serial is not None
    assert "1234567" in found.details.camera_serial
    assert found.details.read_with == "exifread, exiv2"
    assert found.details.date_source is DateSource.ORIGINAL


def test_exif_wins_over_the_note(read_photo: Read, noted: Make, jpeg_of: Make) -> None:
    found = read_photo(jpeg_of(noted(canon(lens="another lens 50mm", serial=1234567))))

    assert (found.iso, found.aperture, found.shutter_speed) == ("400", "f/2.8", "1/250")
    assert found.lens_model == "RF50mm F1.8 STM"
    assert found.details.camera_serial is not None


@pytest.mark.parametrize(("pair", "iso"), [((0, 200), "200"), ((0, 0), None)])
def test_of_two_iso_values_the_one_that_is_none_counts_not(
    read_photo: Read, noted: Make, jpeg_of: Make, pair: tuple[int, int], iso: str | None
) -> None:
    block = noted(nikon(pair), make="NIKON CORPORATION", model="NIKON D70", iso=None)

    assert read_photo(jpeg_of(block)).iso == iso


@pytest.mark.parametrize(
    "changes", [{"iso": 0}, {"iso": 65535}, {"f_number": 0}, {"exposure": 0}, {"focal": 0}], ids=str
)
def test_an_impossible_value_is_not_taken_and_the_note_is_asked(
    read_photo: Read, noted: Make, jpeg_of: Make, asked: list[str], changes: dict[str, int]
) -> None:
    (tag,) = changes
    found = read_photo(jpeg_of(noted(canon(), serial="1", **changes)))

    assert asked == ["read_note"]
    assert (found.iso, found.aperture, found.shutter_speed) == {
        "iso": ("100", "f/2.8", "1/250"),
        "f_number": ("400", "f/5.7", "1/250"),
        "exposure": ("400", "f/2.8", "1/128"),
        "focal": ("400", "f/2.8", "1/250"),
    }[tag]
    assert found.focal_length == (None if tag == "focal" else "50 mm")


@pytest.mark.parametrize(
    ("shutter", "seconds"),
    [(224, "1/128"), (-32, "2"), (-76, "5.04"), (-84, "6.35"), (-160, "32"), (0, None)],
)
def test_canons_long_exposures_are_as_long_as_they_were(
    noted: Make, shutter: int, seconds: str | None
) -> None:
    found = second_reader.read_note(noted(canon(shutter=shutter), **SILENT))

    assert found.shutter_speed == seconds or (seconds is None and found.shutter_speed in (None, "1"))


def test_the_note_is_not_asked_if_nothing_is_missing(
    read_photo: Read, noted: Make, jpeg_of: Make, asked: list[str]
) -> None:
    found = read_photo(jpeg_of(noted(canon(), serial="012345")))

    assert asked == []
    assert found.details.read_with == "exifread"
    assert found.details.camera_serial == "012345"


def test_the_note_of_a_phone_is_not_asked_for_a_lens(
    read_photo: Read, noted: Make, jpeg_of: Make, asked: list[str]
) -> None:
    read_photo(jpeg_of(noted(canon(), make="HTC", lens=None)))

    assert asked == []


def test_apples_note_is_never_asked(read_photo: Read, noted: Make, jpeg_of: Make, asked: list[str]) -> None:
    read_photo(jpeg_of(noted(lambda _: b"Apple iOS\0\0\1MM\0\0", make="Apple", iso=None)))

    assert asked == []


def test_without_a_note_nobody_is_asked(
    read_photo: Read, tiff_block: Make, jpeg_of: Make, asked: list[str]
) -> None:
    read_photo(jpeg_of(tiff_block(iso=None, lens=None)))

    assert asked == []


def test_a_speed_that_was_computed_from_nothing_is_none(read_photo: Read, noted: Make, jpeg_of: Make) -> None:
    assert read_photo(jpeg_of(noted(canon(iso=0), **SILENT))).iso is None


def test_a_second_reader_that_fails_costs_only_what_it_would_have_told(
    read_photo: Read, noted: Make, jpeg_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> Metadata:
        raise SystemError("out of memory within C++")

    monkeypatch.setattr(second_reader, "read_note", fail)
    found = read_photo(jpeg_of(noted(canon(), iso=None)))

    assert found.camera_make == "Canon"
    assert found.resolution_width == 64
    assert found.trouble == "its maker's note is damaged"
    assert found.details.read_with == "exifread"


def test_a_block_that_exifread_gives_up_is_read_by_the_other(
    read_photo: Read, tiff_block: Make, jpeg_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> dict[str, object]:
        raise ZeroDivisionError

    monkeypatch.setattr(exif, "read_tags", fail)
    found = read_photo(jpeg_of(tiff_block()))

    assert (found.camera_make, found.date_taken) == ("Canon", "2024-05-01T10:00:00+02:00")
    assert (found.iso, found.aperture, found.shutter_speed) == ("400", "f/2.8", "1/250")
    assert found.trouble is None


@pytest.mark.parametrize(
    "name", ["65535", "(0)", "n/a", "None", "Unknown Lens (18249)", "Unknown", "---", "", "no lens"]
)
def test_what_stands_for_no_lens_is_none(name: str) -> None:
    assert exif.lens(name) is None


@pytest.mark.parametrize("name", ["E 10-18mm F4 OSS", "50mm", "FOL7", "AF-S 50", "16-35mm"])
def test_lenses_keep_their_names(name: str) -> None:
    assert exif.lens(name) == name


@pytest.mark.parametrize(
    ("said", "kept"), [("0000000000", None), ("---", None), ("AB 1", "AB 1"), ("7", "7")]
)
def test_a_serial_number_tells_one_thing_from_another(said: str, kept: str | None) -> None:
    assert exif.serial(said) == kept


def test_the_tags_that_are_asked_for_exist() -> None:
    for key in (
        *second_reader._EXPOSURE,
        *second_reader._LENS_NAMES,
        *second_reader._LENS_SERIALS,
        second_reader._CANON_SHUTTER,
    ):
        assert second_reader.library().ExifKey(key)


def test_what_is_no_exif_tells_nothing() -> None:
    for data in (b"", b"II", b"text", bytes(100), b"II*\0\xff\xff\xff\xff"):
        assert second_reader.read_note(data) == second_reader.read_whole(data) == Metadata()
