"""The files that a search looks at, in columns: a few dozen bytes each, however many there are."""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field
from itertools import accumulate, chain, repeat
from typing import NamedTuple


class Place(NamedTuple):
    """A folder: below which root, its path from there, and which folder it was when its name was met."""

    root: int
    path: str
    device: int
    inode: int


@dataclass(slots=True)
class Listed:
    """
    What is in some folders. The files are parallel columns, those of one folder after those of another.

    *names* are the bytes of the files' names with a zero after each, *counts* how many files each of the
    *places* has. *below* are folders that were met and not listed. *unread* are paths with what the system
    said, *destinations* the folders that have a `.cardcat` in them.
    """

    places: list[tuple[int, str]] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    names: bytes = b""
    sizes: array[int] = field(default_factory=lambda: array("q"))
    mtimes_ns: array[int] = field(default_factory=lambda: array("q"))
    inodes: array[int] = field(default_factory=lambda: array("Q"))
    devices: array[int] = field(default_factory=lambda: array("Q"))
    below: list[Place] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    small: int = 0
    excluded: int = 0
    special: int = 0


class Files:
    """
    All files of a search. A file is its number; *roots* are the folders that paths start from.

    *folders* are (root, path below it), *within* the number of each file's folder.
    """

    def __init__(self, roots: list[str]) -> None:
        self.roots = roots
        self.folders: list[tuple[int, str]] = []
        self.within = array("I")
        self.sizes = array("q")
        self.mtimes_ns = array("q")
        self.inodes = array("Q")
        self.devices = array("Q")
        self._names = bytearray()
        self._ends = array("Q")

    def __len__(self) -> int:
        return len(self.sizes)

    def add(self, listed: Listed) -> None:
        """Take the files of some more folders."""
        first = len(self.folders)
        self.folders += listed.places
        numbers = range(first, len(self.folders))
        self.within.extend(chain.from_iterable(map(repeat, numbers, listed.counts)))
        self.sizes += listed.sizes
        self.mtimes_ns += listed.mtimes_ns
        self.inodes += listed.inodes
        self.devices += listed.devices
        names = listed.names.split(b"\0")[:-1]
        ends = accumulate(map(len, names), initial=len(self._names))
        next(ends)
        self._ends.extend(ends)
        self._names += b"".join(names)

    def name(self, file: int) -> bytes:
        """The last part of its path."""
        return bytes(self._names[self._ends[file - 1] if file else 0 : self._ends[file]])

    def path(self, file: int) -> str:
        """All of its path, as `os.fsdecode` gives it."""
        root, folder = self.folders[self.within[file]]
        return os.path.join(self.roots[root], folder, os.fsdecode(self.name(file)))
