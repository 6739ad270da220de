"""Structures: folder trees of a card that only work whole, so they are copied by path and never split."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cardcat.plan.groups import assign_groups, group_key

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

_PLAIN = re.compile(r"(.*)", re.DOTALL)
_SUB = re.compile(r"(.*\d)s\d\d", re.DOTALL)  # C0001S03.MP4
_THUMBNAIL = re.compile(r"(.*\d)t\d\d", re.DOTALL)  # C0001T01.JPG
_CHANNEL = re.compile(r"(.{6})\d\d", re.DOTALL)  # 0001AB00.MXF is the first channel of 0001AB
_ENDINGS = {
    **{(root, "CLIP"): _PLAIN for root in ("M4ROOT", "XDROOT", "CONTENTS")},
    **{(root, "SUB"): _SUB for root in ("M4ROOT", "XDROOT")},
    **{(root, "THMBNL"): _THUMBNAIL for root in ("M4ROOT", "XDROOT")},
    **{("BDMV", part): _PLAIN for part in ("STREAM", "CLIPINF")},
    **{("CONTENTS", part): _PLAIN for part in ("VIDEO", "ICON", "PROXY")},
    **{("CONTENTS", part): _CHANNEL for part in ("AUDIO", "VOICE")},
}
"""What the folders of one structure put behind the name that a clip has in all of them."""

_ZONE_STEP_NS = 900_000_000_000  # zones and summer time move FAT times by whole quarters of an hour
_TIME_STEP_NS = 2_000_000_000  # what FAT can tell apart


def structure_roots(paths: Iterable[str]) -> list[str | None]:
    """The `structure_root` of each path: those of one folder have the same."""
    known: dict[str, str | None] = {}
    roots = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in known:
            known[folder] = structure_root(path)
        roots.append(known[folder])
    return roots


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


def same_moment(one_ns: int, other_ns: int) -> bool:
    """Whether two file times may be one moment, as another time zone or another filesystem shows it."""
    apart = (one_ns - other_ns) % _ZONE_STEP_NS
    return min(apart, _ZONE_STEP_NS - apart) <= _TIME_STEP_NS


@dataclass(frozen=True, slots=True)
class ClipPlace:
    """
    Where a structure keeps a file of a clip.

    *clip* is the same for all files of one clip, *part* the name of the folder in capitals (SUB, CLIPINF).
    """

    clip: str
    part: str


def clip_place(path: str) -> ClipPlace | None:
    """Which clip of a structure a file belongs to, by its path; None where its folder tells none."""
    folder, _, name = path.rpartition("/")
    place = _clip_folder(folder)
    if place is None:
        return None
    base, part, ending = place
    if ending is None:
        return ClipPlace(base, part)
    stem = group_key(name)
    found = ending.fullmatch(stem)
    stem = found[1] if found else stem
    return ClipPlace(f"{base}/{stem}", part)


def group_files(paths: Sequence[str]) -> list[int]:
    """As `assign_groups`; in a structure all files of a clip are one group, whichever folders they lie in."""
    groups = assign_groups(paths)
    clips: dict[str, int] = {}
    for position, path in enumerate(paths):
        if place := clip_place(path):
            groups[position] = clips.setdefault(place.clip, groups[position])
    return groups


@lru_cache(maxsize=4_096)
def _clip_folder(folder: str) -> tuple[str, str, re.Pattern[str] | None] | None:
    """The folder that its clips lie in or below, its own name, and how names end in it; None for others."""
    parent, _, name = folder.rpartition("/")
    above, _, parent_name = parent.rpartition("/")
    part, root = name.upper(), parent_name.upper()
    if ending := _ENDINGS.get((root, part)):
        return parent, part, ending
    if part.endswith(".RDC"):
        return folder, "RDC", None
    grand = above.rpartition("/")[2].upper()
    if (grand, root) == ("BPAV", "CLPR") or (grand == "CONTENTS" and root.startswith("CLIPS")):
        return folder, root, None
    return None
