from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.cli.options import size, whole_number
from cardcat.errors import UsageError

copies = whole_number("--copies", 1_000)


@given(st.integers(1, 1_000))
def test_a_number_is_taken_as_it_is_typed(number: int) -> None:
    assert copies(str(number)) == number


@given(st.text() | st.integers().map(str) | st.floats().map(str))
def test_anything_else_is_a_sentence(typed: str) -> None:
    if re.fullmatch("0*[1-9][0-9]{0,2}|0*1000", typed, re.ASCII) and len(typed) <= 4:
        assert copies(typed) == int(typed)
        return
    with pytest.raises(UsageError) as wrong:
        copies(typed)
    assert wrong.value.message == f"--copies needs a whole number from 1 to 1,000, not '{typed}'."
    assert wrong.value.hint


@pytest.mark.parametrize("typed", ["0", "1001", "-1", "1e3", "1.0", " 1", "1_0", "\u0661", "9" * 10_000])
def test_what_only_python_takes_for_a_number_is_none(typed: str) -> None:
    with pytest.raises(UsageError):
        copies(typed)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("0", 0),
        ("500", 500),
        ("500B", 500),
        (" 64KB ", 64_000),
        ("64 kb", 64_000),
        ("10M", 10_000_000),
        ("10MB", 10_000_000),
        ("1.5GB", 1_500_000_000),
        ("4.35 MB", 4_350_000),
        ("2tb", 2_000_000_000_000),
        ("1KiB", 1024),
        ("10 MiB", 10 * 1024 * 1024),
        ("1.5Gi", 3 << 29),
    ],
)
def test_a_size_is_given_as_people_write_it(typed: str, found: int) -> None:
    assert size("--min-size")(typed) == found


@pytest.mark.parametrize(
    "typed", ["", "much", "-1", "MB", "1.", ".5", "1iB", "1e3", "1 0", "10MBB", "\u0663", "1,5MB"]
)
def test_what_is_no_size_is_explained(typed: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"--min-size needs a size, not '{typed}'.")):
        size("--min-size")(typed)
