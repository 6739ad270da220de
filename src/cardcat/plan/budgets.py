"""A length of time as people give it."""

from __future__ import annotations

import re

PATTERN = r"(?:\d{1,9}[smhd])+"
"""What a length of time looks like; a form can check it."""

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 366 * 86_400


def seconds_of(given: str) -> float | None:
    """`90s`, `30m`, `1h30m` in seconds; None for what is no length of time, nothing or more than a year."""
    words = re.fullmatch(PATTERN, given.strip().lower(), re.ASCII)
    parts = re.findall(r"(\d+)([smhd])", words[0]) if words else []
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in parts)
    return float(seconds) if 0 < seconds <= _LONGEST else None
