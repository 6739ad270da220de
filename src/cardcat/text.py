"""Numbers, sizes and times as people read them. Pure: no clock, no locale, no terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, tzinfo

_UNITS = ("KB", "MB", "GB", "TB", "PB", "EB")
_STEP, _MINUTE, _HOUR, _DAY = 1000, 60, 60, 24


def size(count: float) -> str:
    """*count* bytes in decimal units with one digit: `2.5 MB`, `999 B`."""
    if round(count) < _STEP:
        return f"{round(count)} B"
    value = float(count)
    for unit in _UNITS:
        value /= _STEP
        if round(value, 1) < _STEP or unit == _UNITS[-1]:
            break
    return f"{value:.1f} {unit}"


def rate(size_per_second: float) -> str:
    """Bytes per second: `120.0 MB/s`."""
    return f"{size(size_per_second)}/s"


def count(number: int) -> str:
    """*number* with a comma between the thousands: `1,234`."""
    return f"{number:,}"


def many(number: int, one: str, several: str = "") -> str:
    """*number* of a thing: `1 file`, `1,234 files`. *several* is the plural where it is not one + s."""
    return f"{count(number)} {one if number == 1 else several or one + 's'}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    if round(seconds, 1) < _MINUTE:
        return f"{seconds} s" if isinstance(seconds, int) else f"{max(seconds, 0.0):.1f} s"
    minutes, left = divmod(round(seconds), _MINUTE)
    if minutes < _HOUR:
        return f"{minutes} min {left} s"
    hours, minutes = divmod(minutes, _HOUR)
    return f"{hours} h {minutes} min" if hours < _DAY else f"{hours // _DAY} d {hours % _DAY} h"


def moment(seconds: int | None, zone: tzinfo | None = None) -> str:
    """UTC seconds as a wall clock shows them in *zone*, the computer's by default; `-` for None."""
    if seconds is None:
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return str(seconds)  # no calendar has this year


def cause(error: OSError) -> str:
    """What the system says, in words that can begin a sentence in the middle."""
    said = error.strerror or str(error)
    return said[:1].lower() + said[1:]


def width(text: str) -> int:
    """How many columns of a terminal *text* takes: wide letters two, combining marks none."""
    return sum(map(_columns, text))


def shorten(text: str, columns: int) -> str:
    """*text* in at most *columns* columns (at least 1): the middle goes, where a path says least."""
    if width(text) <= columns:
        return text
    tail = _head(text[::-1], columns // 2)[::-1]
    return _head(text, columns - 1 - width(tail)) + "…" + tail


def _head(text: str, columns: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:index]
    return text


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
