"""What is left out of a backup: the published list, and what the user excludes. Pure decisions by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from fnmatch import translate

IGNORED_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files of these names, and `._*` beside the file it belongs to, are no part of a card."""

IGNORED_FOLDERS = frozenset(
    {".Trashes", ".Spotlight-V100", ".fseventsd", "System Volume Information", "$RECYCLE.BIN"}
)
"""Neither is what has one of these names, with all below it, nor `.Trash-*`."""

QUARANTINE = ".cardcat-quarantine"
"""Where duplicates are put aside: part of no library and of no search. A backup takes it like any folder."""


def ignored(name: str, siblings: Container[str], *, is_folder: bool = False) -> bool:
    """
    Whether *name* is on the published list, given the names beside it. Case matters.

    A folder that has the name of a listed file (`desktop.ini`) may hold anything and is not ignored.
    """
    if name in IGNORED_FOLDERS or name.startswith(".Trash-"):
        return True
    if is_folder:
        return False
    return name in IGNORED_FILES or (name.startswith("._") and name[2:] in siblings)


def excluder(patterns: Sequence[str]) -> Callable[[str, str], bool]:
    """
    A function that tells whether a relative path or its last name matches one of the shell patterns.

    `*` matches `/` too, case matters, a slash at either end of a pattern says nothing.
    """
    stripped = [bare for pattern in patterns if (bare := pattern.strip("/"))]
    if not stripped:
        return lambda _path, _name: False
    matches = re.compile("|".join(translate(pattern) for pattern in stripped)).match
    return lambda path, name: bool(matches(path) or matches(name))
