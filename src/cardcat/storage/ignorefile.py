"""`.cardcatignore`: what the owner of a folder wants left out of an index, as a few shell patterns."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from cardcat.storage.below import Below
from cardcat.storage.disk import Disk
from cardcat.storage.reading import opened

NAME = ".cardcatignore"

_LARGEST = 64 * 1024  # bytes that are read of one
_Match = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Ignoring:
    """
    The patterns of one folder, for what lies anywhere below it.

    `*` matches `/` too, and case matters. A pattern goes for a name; one that has a slash in it, or begins
    with one, for the path from that folder on. One that ends with a slash goes for folders alone.
    """

    base: int  # characters of a path that lead to the folder
    by_name: tuple[_Match, _Match]  # for anything, for folders alone
    by_path: tuple[_Match, _Match]

    def leaves_out(self, path: str, name: str, *, is_folder: bool) -> bool:
        """Whether *path*, relative to the root of the index, is to be left out."""
        below = path[self.base :]
        if self.by_name[0](name) or self.by_path[0](below):
            return True
        return is_folder and bool(self.by_name[1](name) or self.by_path[1](below))


def read_ignoring(disk: Disk, folder: int, prefix: str) -> tuple[Ignoring, list[str]]:
    """
    The patterns in the open *folder*, which *prefix* (`a/b/`) leads to, and the lines that are none.

    OSError if they can't be read, or are more than anybody writes.
    """
    with opened(disk, Below(Path(prefix), NAME, folder), source=True) as fd:
        lines = _read(disk, fd).decode("utf-8", "surrogateescape").splitlines()
    wanted = [line.rstrip() for line in lines if line.strip() and not line.startswith("#")]
    patterns = [line for line in wanted if not line.startswith("!") and line.strip("/")]
    return _ignoring(len(prefix), patterns), [line for line in wanted if line not in patterns]


def _ignoring(base: int, patterns: Iterable[str]) -> Ignoring:
    sorted_out: dict[tuple[bool, bool], list[str]] = {}
    for pattern in patterns:
        bare = pattern.strip("/")
        goes_for_path = pattern.startswith("/") or "/" in bare
        sorted_out.setdefault((goes_for_path, pattern.endswith("/")), []).append(bare)

    def match(*, path: bool, folder: bool) -> _Match:
        given = sorted_out.get((path, folder))
        return re.compile("|".join(map(translate, given))).match if given else _nothing

    return Ignoring(
        base,
        (match(path=False, folder=False), match(path=False, folder=True)),
        (match(path=True, folder=False), match(path=True, folder=True)),
    )


def _nothing(_text: str) -> None:
    return None


def _read(disk: Disk, fd: int) -> bytes:
    room = bytearray(_LARGEST + 1)
    have = 0
    with memoryview(room) as view:
        while have < len(room) and (more := disk.read_into(fd, view[have:])):
            have += more
    if have > _LARGEST:
        raise OSError(errno.EFBIG, f"it has more than {_LARGEST:,} bytes")
    return bytes(room[:have])
