"""What a catalog's files look like from outside: whether anything was written since, and their size."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.sqlite import beside
from cardcat.catalog.trouble import told_of_files

LARGE = 64_000_000
"""Bytes of a catalog from which on going through all of it takes longer than a person notices."""

SETTLED_NS = 2_000_000_000  # after so long a file that is written again has another time on any filesystem


@dataclass(frozen=True, slots=True)
class Look:
    """
    Devices, numbers, sizes and times of the files: equal ones mean the same rows, if the first was settled.

    *newest* is when they were last written, in ns; *at* is when that was looked at.
    """

    files: tuple[int, ...]
    newest: int
    at: int

    @property
    def is_settled(self) -> bool:
        """Whether the last writing is so long ago that the next one will look different."""
        return self.at - self.newest > SETTLED_NS


def look(path: Path) -> Look:
    """What the catalog *path*, which is there, looks like now."""
    at = time.time_ns()
    with told_of_files(path):
        found = [os.stat(file) for file in _files(path)]  # noqa: PTH116 - both, before anything is read
    parts = (part for s in found for part in (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
    return Look(tuple(parts), max(max(s.st_mtime_ns, s.st_ctime_ns) for s in found), at)


def size(path: Path) -> int:
    """The bytes of the catalog *path*, with what is in the log beside it."""
    with told_of_files(path):
        return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    """The catalog's file, and the log beside it if there is anything in it."""
    log = beside(path, "-wal")
    try:
        return [path, log] if log.stat().st_size else [path]
    except FileNotFoundError:
        return [path]
