from __future__ import annotations

import pytest

from cardcat.plan.budgets import seconds_of


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("90s", 90), ("30m", 1_800), (" 1H30m ", 5_400), ("2h", 7_200), ("366d", 366 * 86_400)],
)
def test_a_length_of_time(given: str, seconds: float) -> None:
    assert seconds_of(given) == seconds


@pytest.mark.parametrize("given", ["", "0s", "30", "m", "1.5h", "-1h", "367d", "1h 30m", "9999999999s", "٣m"])
def test_what_is_none(given: str) -> None:
    assert seconds_of(given) is None
