"""What a catalog's files look like from outside: whether anything was written since, and their size."""

from __future__ import annotations

import os
import time
import uuid as uuids
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
    found = _files(path)
    parts = (part for s in found for part in (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
    return Look(tuple(parts), max(max(s.st_mtime_ns, s.st_ctime_ns) for s in found), at)


def size(path: Path) -> int:
    """The bytes of the catalog *path*, with what is in the log beside it."""
    return sum(status.st_size for status in _files(path))


def name_of(uuid: str | None, revision: str) -> str:
    """
    How things in the cache are called that are of the catalog with this *uuid*.

    A catalog from elsewhere may have any text there, which shall lead to no other folder.
    """
    try:
        known = uuids.UUID(uuid)
    except (ValueError, TypeError, AttributeError):
        known = uuids.uuid5(uuids.NAMESPACE_OID, str(uuid))
    return f"{known}-{revision}"


def _files(path: Path) -> list[os.stat_result]:
    """The catalog's file, and the log beside it if there is anything in it; whoever ends may remove that."""
    with told_of_files(path):
        found = path.stat()
        try:
            log = beside(path, "-wal").stat()
        except FileNotFoundError:
            return [found]
    return [found, log] if log.st_size else [found]
