from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat import text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (2_500_000, "2.5 MB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (7_000_000_000, "7.0 GB"),
        (10**21, "1000.0 EB"),
    ],
)
def test_size(number: int, shown: str) -> None:
    assert text.size(number) == shown


@given(st.integers(0, 10**20))
def test_a_size_never_shows_four_digits_before_the_point(number: int) -> None:
    assert len(text.size(number).partition(" ")[0].partition(".")[0]) <= 3


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0.0 s"),
        (-1.0, "0.0 s"),
        (4.24, "4.2 s"),
        (12, "12 s"),
        (59.97, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7800, "2 h 10 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


def test_counts_and_plurals() -> None:
    assert text.count(1_234_567) == "1,234,567"
    assert text.many(1, "file") == "1 file"
    assert text.many(0, "file") == "0 files"
    assert text.many(2_000, "copy", "copies") == "2,000 copies"
    assert text.rate(120_000_000) == "120.0 MB/s"


def test_moments() -> None:
    assert text.moment(1_714_557_600, UTC) == "2024-05-01 10:00"
    assert text.moment(None) == "-"
    assert text.moment(10**18, UTC) == str(10**18)


def test_the_middle_of_a_long_path_goes() -> None:
    assert text.shorten("/media/photographer/EOS_DIGITAL/DCIM/100CANON", 20) == "/media/ph…M/100CANON"
    assert text.shorten("short", 5) == "short"
    assert text.shorten("shorter", 1) == "…"


@given(st.text(), st.integers(1, 40))
def test_shortened_text_fits_and_keeps_what_fits(given: str, columns: int) -> None:
    shown = text.shorten(given, columns)
    assert text.width(shown) <= columns
    assert text.width(given) > columns or shown == given


def test_wide_letters_take_two_columns_and_accents_none() -> None:
    assert text.width("写真") == 4
    assert text.width("e\u0301") == 1
    assert text.shorten("写真写真写真", 5) == "写…真"
