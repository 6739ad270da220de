"""The lines of a checksum list as `sha256sum` writes and checks them."""

from __future__ import annotations

import os
import re

_LINE = re.compile(rb"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.?)", re.DOTALL)
_ESCAPED = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_PLAIN = {b"\\": b"\\", b"n": b"\n", b"r": b"\r"}


def to_line(path: str, sha256: str) -> bytes:
    """The line, with its end, of a file with this hash; *path* is relative to where the list is checked."""
    name = b"./-" if path == "-" else os.fsencode(path)  # a bare dash would mean the standard input
    escaped = re.sub(rb"[\\\n\r]", lambda char: _ESCAPED[char[0]], name)
    mark = b"\\" if escaped != name else b""
    return b"%s%s  %s\n" % (mark, sha256.encode(), escaped)


def from_line(line: bytes) -> tuple[str, str] | None:
    """Path and hash of a line without its end; None if it is no such line."""
    match = _LINE.fullmatch(line)
    if not match:
        return None
    mark, sha256, name = match.groups()
    if mark:
        try:
            name = _ESCAPE.sub(lambda escape: _PLAIN[escape[1]], name)
        except KeyError:
            return None
    return os.fsdecode(name.removeprefix(b"./")), sha256.decode()
