"""How values are written in the catalog's columns. Pure; whatever makes no sense becomes None."""

# ruff: noqa: PLR2004 - the numbers are those of the formats
from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

LONGEST_TEXT = 200
_CONSIDERED = 8 * LONGEST_TEXT  # of what a hostile file says
_EARLIEST_YEAR = 1800  # scans may be older than cameras; clocks that were never set say 0 or 1
_WIDEST_OFFSET = timedelta(hours=14)
_LONGEST_EXPOSURE = 1e6
_SEE_ELSEWHERE = 65535
_LARGEST_SIDE = 1 << 31

_TIME = re.compile(
    r"([0-9]{4})[-:/.]([0-9]{1,2})[-:/.]([0-9]{1,2})[T ]+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})"
    r"(?:[.,][0-9]*)? ?(UTC|Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]{2}")  # kana and common kanji; one alone is chance
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control and format characters, surrogates, line separators


def text(value: object) -> str | None:
    """
    A camera's text as one line of valid text, at most LONGEST_TEXT characters, None if nothing is left.

    Cut at the first NUL; control characters go. Bytes that are no UTF-8 are Shift-JIS if they make Japanese
    words, else Latin-1.
    """
    if isinstance(value, list):  # an array of numbers where a text belongs
        value = bytes(item & 0xFF for item in value[:_CONSIDERED] if isinstance(item, int))
    if isinstance(value, bytes):
        value = _decoded(value[:_CONSIDERED].partition(b"\0")[0])
    if not isinstance(value, str):
        return None
    line = re.sub(r"[\t\r\n]+", " ", value[:_CONSIDERED].partition("\0")[0])
    seen = "".join(char for char in line if unicodedata.category(char) not in _UNSEEN)
    return seen.strip()[:LONGEST_TEXT].rstrip() or None


def _decoded(data: bytes) -> str:
    """The text in the most likely encoding; a character that was cut in the middle is replaced."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data.decode("utf-8", "replace")
    japanese = data.decode("cp932", "replace")
    return japanese if "\ufffd" not in japanese and _JAPANESE.search(japanese) else data.decode("latin-1")


def local_time(written: object, offset: object = None) -> str | None:
    """
    ISO 8601 of a time as cameras and films write it (`2024:05:01 10:00:00`, `2024-05-01T10:00:00+0200`).

    The UTC offset comes from the text itself, else from *offset*, else there is none. Not a complete date
    and time, or an impossible one: None. An impossible offset is left out.
    """
    parts = _TIME.fullmatch(text(written) or "")
    if parts is None:
        return None
    try:
        moment = datetime(*map(int, parts.groups()[:6]))  # type: ignore[arg-type] # noqa: DTZ001 - a wall clock
    except ValueError:
        return None
    if moment.year < _EARLIEST_YEAR:
        return None
    return moment.replace(tzinfo=_zone(parts[7] or text(offset) or "")).isoformat()


def utc_time(written: object) -> str | None:
    """ISO 8601 with `+00:00` of a film's UTC time; None for a clock at its start, in 1904 or 1970."""
    moment = local_time(written, "Z")
    return moment if moment and moment.endswith("+00:00") and moment > "1970-01-02" else None


def _zone(offset: str) -> timezone | None:
    if offset in ("Z", "UTC"):
        return UTC
    parts = _OFFSET.fullmatch(offset)
    if parts is None:
        return None
    width = timedelta(hours=int(parts[2]), minutes=int(parts[3]))
    if width > _WIDEST_OFFSET or int(parts[3]) > 59:
        return None
    return timezone(-width if parts[1] == "-" else width)


def number(value: object) -> float | None:
    """*value* as a finite float, None if it is none (a fraction with the denominator 0 is not)."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return None
    return found if math.isfinite(found) else None


def iso(value: float | None) -> str | None:
    """Digits: `400`. The 16-bit tag's largest number only says that another tag holds the value."""
    return str(round(value)) if value is not None and 0.5 < value < 1e9 and value != _SEE_ELSEWHERE else None


def aperture(value: float | None) -> str | None:
    """The f-number as `f/2.8`."""
    return f"f/{_short(value)}" if value is not None and 0.01 <= value < 1000 else None


def shutter_speed(seconds: float | None) -> str | None:
    """Up to a quarter of a second `1/250`, longer exposures in seconds: `2.5`."""
    if seconds is None or not 1 / _LONGEST_EXPOSURE <= seconds <= _LONGEST_EXPOSURE:
        return None
    return f"1/{round(1 / seconds)}" if seconds <= 0.25 else _short(seconds)


def focal_length(millimetres: float | None) -> str | None:
    """`50 mm`."""
    return f"{_short(millimetres)} mm" if millimetres is not None and 0.01 <= millimetres < 1e5 else None


def duration(value: float | None) -> float | None:
    """Seconds, to the millisecond."""
    return round(value, 3) if value is not None and 0 < value < 1e9 else None


def size(width: float | None, height: float | None) -> tuple[int, int] | None:
    """Pixels of both sides, None if either is missing or impossible."""
    if width is None or height is None or not (1 <= width < _LARGEST_SIDE and 1 <= height < _LARGEST_SIDE):
        return None
    return int(width), int(height)


def _short(value: float) -> str:
    return f"{round(value, 2):.12g}"


def subsec(written: object) -> str | None:
    """The digits behind the second, at most nine."""
    digits = text(written) or ""
    return digits[:9] if digits.isascii() and digits.isdigit() else None
