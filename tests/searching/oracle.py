"""What a search must find, told the slow way: the SHA-256 of every file, in a dictionary."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from pathlib import Path

from cardcat.searching.found import Found

Groups = frozenset[frozenset[frozenset[str]]]
"""Groups of copies, a copy the set of its names."""


def equal_files(*roots: Path, min_size: int = 1, without: str = "") -> Groups:
    """The groups below *roots*, without files whose name ends in *without*."""
    names: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for root in roots:
        for folder, _, files in os.walk(root):
            for name in files:
                path = Path(folder, name)
                status = path.lstat()
                left_out = bool(without) and name.endswith(without)
                if path.is_file() and not path.is_symlink() and status.st_size >= min_size and not left_out:
                    names[status.st_dev, status.st_ino].add(str(path))
    groups: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for paths in names.values():
        digest = hashlib.sha256(Path(min(paths)).read_bytes()).hexdigest()
        groups[digest].add(frozenset(paths))
    return frozenset(frozenset(copies) for copies in groups.values() if len(copies) > 1)


def told(found: Found) -> Groups:
    """The groups of a search, in the same form."""
    return frozenset(frozenset(frozenset(copy.paths) for copy in group.copies) for group in found.groups)
