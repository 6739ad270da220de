from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.cli.options import whole_number
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
