"""Names in a plan: readable on one line, and exact to the byte."""

from __future__ import annotations

import os
import re

from cardcat.paths import display

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb'\\(x[0-9a-f]{2}|["\\]|.)', re.DOTALL)


def quote(path: str) -> str:
    r"""*path* in double quotes: what is not plain text is written byte by byte, as `\x0a`."""
    return '"' + "".join(_shown(char) for char in path) + '"'


def unquote(word: str) -> str:
    """The path that `quote` wrote. ValueError if it did not."""
    found = _QUOTED.fullmatch(word)
    if not found:
        raise ValueError("a path stands in double quotes")
    return os.fsdecode(_ESCAPE.sub(_byte, found[1].encode("utf-8", "surrogateescape")))


def _shown(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if display(char) == char and (char == " " or not char.isspace()):
        return char
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))


def _byte(escape: re.Match[bytes]) -> bytes:
    word = escape[1]
    if word in (b'"', b"\\"):
        return word
    if len(word) != 3:  # noqa: PLR2004 - an x and two digits
        raise ValueError(f"\\{word.decode('utf-8', 'replace')} means nothing; a byte is written as \\x0a")
    return bytes([int(word[1:], 16)])
