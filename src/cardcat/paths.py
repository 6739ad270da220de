"""Names as the disk has them and as people, frames and databases can hold them.

Inside the program a path is a `str` as `os.fsdecode` gives it: bytes that are no UTF-8 are surrogates.
Frames, databases and JSON take valid text only, so there a path is a pair: a readable text, and the
exact bytes where the text alone would lose them.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata

# Unicode's Default_Ignorable_Code_Point: joiners, marks of direction, variation selectors. To HFS+, and to
# folders of ext4 that ignore case, they are no part of a name.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def to_text(path: str) -> tuple[str, bytes | None]:
    """Split *path* into a text that any store takes and its exact bytes, None if the text is exact."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raw = os.fsencode(path)
        return raw.decode("utf-8", "backslashreplace"), raw
    return path, None


def from_text(text: str, raw: bytes | None) -> str:
    """The path that `to_text` split."""
    return os.fsdecode(raw) if raw else text


def extension_of(path: str) -> str:
    """What follows the last dot of the name, in lower case and as a text; '' where nothing does."""
    stem, _, extension = path.rpartition("/")[2].rpartition(".")
    return to_text(extension.lower())[0] if stem else ""


def display(path: str) -> str:
    """*path* as one line for a terminal: control characters and odd bytes are escaped, nothing else."""
    text, _ = to_text(path)
    if text.isprintable():  # as most are: to look at each character takes a hundred times as long
        return text
    return "".join(_visible(char) for char in text)


def quoted(word: str) -> str:
    """*word* as it can be typed into a shell; what `display` would escape, as bash and zsh understand it."""
    if display(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(_typed(char) for char in word) + "'"


def _typed(char: str) -> str:
    if char in "'\\":
        return "\\" + char
    if display(char) == char:
        return char
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))


def _visible(char: str) -> str:
    if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn"):
        return char.encode("unicode_escape").decode("ascii")
    return char


def same_name_key(name: str) -> str:
    """
    What two names share if some filesystem takes them for one: case and Unicode form are folded.

    Coarser than any one of them: a pair too many costs a suffix, a pair too few would cost a file.
    """
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFD", _INVISIBLE.sub("", name))
    return plain.casefold().upper().casefold()  # upper: the dotless i is an I to those who fold upwards
