"""Names that a destination can hold: reversible escapes, suffixes, length. Pure text."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass

from cardcat.paths import same_name_key
from cardcat.plan.groups import split_name

SUFFIX_LENGTHS = (8, 16, 64)  # a longer piece of the hash where the shorter one is taken too

_OURS = frozenset({".cardcat", "ascmhl"})  # folders of ours in a destination; a card's own go elsewhere
_MARK_LENGTH = 8  # hex digits of a hash that tell cut stems apart
_EXTENSION_ROOM = 16  # kept free behind every cut stem, so that the members of a group are cut alike
_WINDOWS_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE | re.DOTALL
)
_WINDOWS_FORBIDDEN = frozenset('<>:"|?*\\') | {chr(code) for code in range(32)} | {"\x7f"}


@dataclass(frozen=True, slots=True)
class NameRules:
    """What a filesystem refuses. *max_length* is in bytes of the name, or in UTF-16 units."""

    is_windows: bool
    counts_bytes: bool = True
    max_length: int = 255

    def length(self, name: str) -> int:
        """The length of *name* as the filesystem counts it."""
        if self.counts_bytes:
            return len(os.fsencode(name))
        return len(name.encode("utf-16-le", "surrogatepass")) // 2


POSIX = NameRules(is_windows=False)
WINDOWS = NameRules(is_windows=True, counts_bytes=False)
SHARE = NameRules(is_windows=True)  # Linux counts the bytes of a name on a share, whatever its server does

_WINDOWS_FILESYSTEMS = frozenset(
    {"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "fuse.exfat", "fuse.ntfs-3g"}
)
_SHARES = frozenset({"cifs", "smb3"})


def rules_for(fs_type: str) -> NameRules:
    """The rules of a filesystem by its Linux name; Windows' rules where Windows' drivers may write."""
    if fs_type in _SHARES:
        return SHARE
    return WINDOWS if fs_type in _WINDOWS_FILESYSTEMS else POSIX


def fit_name(name: str, rules: NameRules) -> str:
    """
    *name* as the destination can hold it: what it refuses is percent-encoded, also a '%' then.

    A name that fits is returned as it is. One that grows too long is cut and marked with a hash.
    """
    escaped = _escape(name, rules)
    if rules.length(escaped) <= rules.max_length:
        return escaped
    return _with_tail(escaped, "", rules)


def suffixed(name: str, suffix: str, rules: NameRules) -> str:
    """*name* with '-suffix' behind its stem, the stem cut and marked where the whole would be too long."""
    return _with_tail(name, f"-{suffix}", rules)


def suffix_between(plain: str, placed: str, rules: NameRules) -> str:
    """The suffix with which `suffixed` made *placed* out of *plain*; '' where it made no such name."""
    stem = placed.removesuffix(_split(plain, rules)[1])
    suffix = stem.rpartition("-")[2]
    return suffix if suffixed(plain, suffix, rules) == placed else ""


def suffix_of(sha256: str, source_path: str, attempt: int) -> str:
    """
    The *attempt*-th suffix for a name that is taken: from the content's hash, never a counter.

    Where the hash alone is taken too, as by an equal content that needs a name of its own, the source's
    path goes in.
    """
    again, step = divmod(attempt, len(SUFFIX_LENGTHS))
    if again:
        seed = b"\0".join([sha256.encode(), os.fsencode(source_path), b"%d" % again])
        sha256 = hashlib.sha256(seed).hexdigest()
    return sha256[: SUFFIX_LENGTHS[step]]


def _escape(name: str, rules: NameRules) -> str:
    refused = {position for position, char in enumerate(name) if _is_refused(char, rules)}
    if rules.is_windows and name[-1:] in (".", " "):
        refused.add(len(name) - 1)
    if same_name_key(name) in _OURS or name in (".", ".."):
        refused.add(0)
    if rules.is_windows and _WINDOWS_DEVICES.fullmatch(name):
        refused.add(0)
    if not refused:
        return name
    refused |= {position for position, char in enumerate(name) if char == "%"}
    return "".join(_percent(char) if at in refused else char for at, char in enumerate(name))


def _is_refused(char: str, rules: NameRules) -> bool:
    if char in "/\0":
        return True
    return rules.is_windows and (char in _WINDOWS_FORBIDDEN or "\udc80" <= char <= "\udcff")


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(char))


def _with_tail(name: str, tail: str, rules: NameRules) -> str:
    """*name* with *tail* behind its stem. A stem that is cut for it gets a mark of what it was."""
    stem, extension = _split(name, rules)
    room = rules.max_length - len(tail) - max(rules.length(extension), _EXTENSION_ROOM)
    if rules.length(stem) > room:
        mark = "-" + hashlib.sha256(os.fsencode(stem)).hexdigest()[:_MARK_LENGTH]
        stem = _cut(stem, room - len(mark), rules) + mark
    return stem + tail + extension


def _split(name: str, rules: NameRules) -> tuple[str, str]:
    stem, extension = split_name(name)
    if rules.length(extension) > rules.max_length // 4:  # no extension, just a dot in a long name
        return name, ""
    return stem, extension


def _cut(text: str, room: int, rules: NameRules) -> str:
    while text and rules.length(text) > room:
        text = text[:-1]
    return text
