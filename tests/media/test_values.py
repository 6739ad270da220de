"""How values are written in the catalog."""

from __future__ import annotations

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.media import values


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("  Canon EOS R5 \0garbage", "Canon EOS R5"),
        (b"NIKON CORPORATION\0\0", "NIKON CORPORATION"),
        ([67, 97, 110, 111, 110, 0], "Canon"),
        (b"Caf\xe9", "Caf�"),
        ("Caf\udce9", "Caf"),
        ("two\r\nlines\ttab", "two lines tab"),
        ("\x1b[31mred\x07\u202e", "[31mred"),
        (" \0", None),
        ("", None),
        (None, None),
        (3.5, None),
        ("x" * 1000, "x" * 200),
        (b"x" * 10_000_000, "x" * 200),
    ],
)
def test_text_is_one_clean_line(written: object, text: str | None) -> None:
    assert values.text(written) == text


@given(st.one_of(st.binary(), st.text(st.characters(exclude_categories=()))))
def test_text_is_valid_short_and_without_control_characters(written: object) -> None:
    text = values.text(written)

    if text is not None:
        text.encode("utf-8")
        assert 0 < len(text) <= values.LONGEST_TEXT
        assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in text)
        assert values.text(text) == text


@pytest.mark.parametrize(
    ("written", "offset", "iso"),
    [
        ("2024:05:01 10:00:00", None, "2024-05-01T10:00:00"),
        ("2024:05:01 10:00:00", "+02:00", "2024-05-01T10:00:00+02:00"),
        ("2024:05:01 10:00:00", "-0430", "2024-05-01T10:00:00-04:30"),
        ("2024:05:01 10:00:00", "Z", "2024-05-01T10:00:00+00:00"),
        ("2024:05:01 10:00:00", "   :  ", "2024-05-01T10:00:00"),
        ("2024:05:01 10:00:00", "+99:00", "2024-05-01T10:00:00"),
        ("2024:05:01 10:00:00", "+02:75", "2024-05-01T10:00:00"),
        ("2024-05-01T10:00:00+0200", "-05:00", "2024-05-01T10:00:00+02:00"),
        ("2024-05-01 10:00:00.123 UTC", None, "2024-05-01T10:00:00+00:00"),
        (b"2024:05:01 10:00:00\0", None, "2024-05-01T10:00:00"),
        ("2024/05/01 10:00:00", None, "2024-05-01T10:00:00"),
        ("0000:00:00 00:00:00", None, None),
        ("    :  :     :  :  ", None, None),
        ("2023:02:29 10:00:00", None, None),
        ("2024:05:01 24:00:00", None, None),
        ("2024:05:01 10:00:60", None, None),
        ("0001:01:01 00:00:00", None, None),
        ("2024:05:01", None, None),
        ("2024", None, None),
        ("٢٠٢٤:05:01 10:00:00", None, None),
        (17, None, None),
    ],
)
def test_a_date_is_iso_8601_or_nothing(written: object, offset: object, iso: str | None) -> None:
    assert values.local_time(written, offset) == iso


@given(
    st.one_of(st.text(), st.from_regex(r"[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")), st.text()
)
def test_whatever_is_a_date_is_a_possible_one(written: str, offset: str) -> None:
    found = values.local_time(written, offset)

    assert found is None or datetime.fromisoformat(found).year >= 1800


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2024-05-01 08:00:00 UTC", "2024-05-01T08:00:00+00:00"),
        ("2024-05-01 08:00:00", "2024-05-01T08:00:00+00:00"),
        ("1904-01-01 00:00:00 UTC", None),
        ("1970-01-01 00:00:00 UTC", None),
        ("2024-05-01 08:00:00+02:00", None),
        (None, None),
    ],
)
def test_a_films_utc_time_is_not_that_of_a_clock_never_set(written: object, iso: str | None) -> None:
    assert values.utc_time(written) == iso


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (values.iso, 400.0, "400"),
        (values.iso, -1.0, None),
        (values.iso, 1e12, None),
        (values.aperture, 2.8, "f/2.8"),
        (values.aperture, 4.0, "f/4"),
        (values.aperture, 1.78, "f/1.78"),
        (values.aperture, 0.0, None),
        (values.shutter_speed, 0.004, "1/250"),
        (values.shutter_speed, 1 / 8000, "1/8000"),
        (values.shutter_speed, 0.25, "1/4"),
        (values.shutter_speed, 0.5, "0.5"),
        (values.shutter_speed, 2.5, "2.5"),
        (values.shutter_speed, 30.0, "30"),
        (values.shutter_speed, 0.0, None),
        (values.shutter_speed, 4294967295.0, None),
        (values.focal_length, 50.0, "50 mm"),
        (values.focal_length, 4.25, "4.25 mm"),
        (values.focal_length, 0.0, None),
    ],
)
def test_numbers_are_written_as_photographers_read_them(
    write: object, value: float, text: str | None
) -> None:
    assert callable(write)
    assert write(value) == text
    assert write(None) is None


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_number_is_written_with_an_exponent(value: float) -> None:
    found = values.number(value)

    for write in (values.iso, values.aperture, values.shutter_speed, values.focal_length):
        assert "e+" not in (write(found) or "")
        assert "nan" not in (write(found) or "")


def test_half_a_size_is_none() -> None:
    assert values.size(640, 480) == (640, 480)
    assert values.size(640, None) is values.size(640, 0) is values.size(1e12, 480) is None
