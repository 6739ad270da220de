"""Structures: folder trees of a card that only work whole, so they are copied by path and never split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

# Outermost wins: under PRIVATE lie AVCHD, M4ROOT and whatever else the camera's index files point at.
ROOTS = frozenset(
    {
        "PRIVATE",  # Sony, Panasonic, Canon: AVCHD, M4ROOT, XDROOT and their databases
        "AVCHD",
        "BDMV",
        "M4ROOT",  # Sony XAVC S
        "XDROOT",  # Sony XDCAM, XAVC
        "BPAV",  # Sony XDCAM EX
        "MP_ROOT",  # Sony MP4
        "AVF_INFO",  # Sony's index of the above
        "CONTENTS",  # Panasonic P2, Canon XF
    }
)
SUFFIXES = (".RDM", ".RDC")  # RED magazines and clips

_ZONE_STEP_NS = 900_000_000_000  # zones and summer time move FAT times by whole quarters of an hour
_TIME_STEP_NS = 2_000_000_000  # what FAT can tell apart


def structure_root(path: str) -> str | None:
    """The outermost structure folder that *path* (relative, '/') lies in, as a path; None if in none."""
    parts = path.split("/")
    for depth, part in enumerate(parts[:-1], start=1):
        name = part.upper()
        if name in ROOTS or name.endswith(SUFFIXES):
            return "/".join(parts[:depth])
    return None


def structure_id(files: Iterable[tuple[str, int, int]]) -> str:
    """
    Eight hex digits that differ when the structure does. *files* are (path, size, mtime_ns).

    Times count only within their quarter of an hour, so that a card read in another time zone keeps its id.
    """
    digest = hashlib.sha256()
    for path, size, mtime_ns in sorted(files):
        moment = mtime_ns % _ZONE_STEP_NS // _TIME_STEP_NS
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0%d\0%d\n" % (size, moment))
    return digest.hexdigest()[:8]
