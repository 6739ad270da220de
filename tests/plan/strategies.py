"""Names as cards have them and as nobody would wish for, and what a destination says to them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from urllib.parse import unquote_to_bytes

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cardcat.paths import same_name_key
from cardcat.plan.names import POSIX, SHARE, WINDOWS, NameRules

unhurried = settings(deadline=None)  # the machine may be busy; nothing fails by the clock

RULES = (POSIX, WINDOWS, SHARE)

TRAPS = (
    *("con CON.txt Nul aux.tar.gz com1 COM¹.jpg LPT9.xmp conin$ prn.CR3.xmp com10 console".split()),
    *(".cardcat .CardCat ascmhl ASCMHL a\u017fcmhl .cardcat. ascmhl.jpg".split()),
    *("a. a.. ... . .. .jpg .jpg.xmp a.jpg.xmp a%3Ab a:b 100%:x %25 ~ - -rf --help IMG_1.CR3.xmp".split()),
    *("com1 .txt|nul .|a |  | .cardcat |.card\u200bcat|two\nlines.jpg|\x1b[2J.jpg|\u202egpj.exe".split("|")),
    "withoutextension",
    "日本語 😀.jpg",
    "cafe\u0301.jpg",
    "caf\u00e9.jpg",
    "caf\udce9.jpg",
    "L" * 251 + ".jpg",
    "x." + "L" * 253,
    "é" * 125 + ".jpg",
    "漢" * 83 + ".jpeg",
    "漢" * 251 + ".jpg",
    "😀" * 125 + ".jpg",
    "?" * 255,
)

LEFT_OUT = (
    *(".DS_Store Thumbs.db desktop.ini .Trashes .Spotlight-V100 .fseventsd $RECYCLE.BIN".split()),
    "System Volume Information",
)  # what a backup leaves out on purpose, beside what begins as below
LEFT_OUT_STARTS = ("._", ".Trash-")

_PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="/\0")
_ODD = st.sampled_from('%:?*"<>|\\. -~\n\x1béß\u0131İ\u017f\u212a漢😀\u0301\u200d\u202e\udce9\udcff')
_EXTENSIONS = st.sampled_from(
    [*"|.JPG|.jpg|.CR3|.CR3.xmp|.jpg.XMP|.AAE|.MP4|.|. |.x:y".split("|"), ".e" * 40, "." + "漢" * 15]
)


def is_file_name(name: str) -> bool:
    """Whether a card could hold it: at most 255 bytes on its own kind of disk, or 255 UTF-16 units."""
    units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    return bool(name) and not set("/\0") & set(name) and name not in (".", "..") and units <= 255


def unescape(name: str) -> str:
    """The name that `fit_name` escaped, where it escaped one and did not cut it: anybody can take it back."""
    return os.fsdecode(unquote_to_bytes(os.fsencode(name)))


def _decoded(raw: bytes) -> str:
    return os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_"))


stems = st.one_of(
    st.text(st.one_of(_PLAIN, _ODD), min_size=1, max_size=40),
    st.text(_PLAIN, min_size=200, max_size=250),
    st.builds(lambda char, count: char * count, _ODD, st.integers(1, 255)),
    st.binary(min_size=1, max_size=255).map(_decoded),
)
file_names = st.one_of(
    st.sampled_from(TRAPS), st.builds(lambda stem, extension: stem + extension, stems, _EXTENSIONS)
).map(lambda name: _decoded(os.fsencode(name)))  # surrogates side by side may be a letter
file_names = file_names.filter(is_file_name)

rules = st.one_of(
    st.sampled_from(RULES),
    st.builds(NameRules, st.booleans(), st.booleans(), st.integers(120, 255)),
)

_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    port + digit for port in ("COM", "LPT") for digit in "0123456789¹²³"
}


def refusals(name: str, of: NameRules) -> list[str]:
    """Why a destination could not hold *name*, said without the code under test."""
    raw = os.fsencode(name)
    length = len(raw) if of.counts_bytes else len(name.encode("utf-16-le", "surrogatepass")) // 2
    reasons = {
        "empty, or a folder of its own": name in ("", ".", ".."),
        "separator": "/" in name or "\0" in name,
        "too long": length > of.max_length,
        "a folder of ours": same_name_key(name) in (".cardcat", "ascmhl"),
    }
    if of.is_windows:
        reasons |= {
            "forbidden character": any(char in '<>:"|?*\\\x7f' or ord(char) < 32 for char in name),
            "not Unicode": any("\udc80" <= char <= "\udcff" for char in name),
            "ends with a dot or a space": name.endswith((".", " ")),
            "device": name.partition(".")[0].rstrip(" ").upper() in _DEVICES,
        }
    return [reason for reason, holds in reasons.items() if holds]


@cache
def generated(count: int, holds: Callable[[str], bool]) -> Sequence[str]:
    """*count* different names that a card can hold and a backup copies: the same ones each time."""
    found: dict[str, None] = {}
    turn = 0
    while len(found) < count:
        turn += 1

        @seed(turn)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(file_names)
        def collect(name: str) -> None:
            if holds(name) and name not in LEFT_OUT and not name.startswith(LEFT_OUT_STARTS):
                found[name] = None

        collect()
    return list(found)[:count]
