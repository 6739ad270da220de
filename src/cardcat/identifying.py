"""Which content a file, a hash or a name stands for, by what the catalog knows of places, sizes and times."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog
from cardcat.catalog.knowledge import (
    KnownCopy,
    copies_at,
    copies_of_contents,
    hashes_named,
    hashes_with_prefix,
)
from cardcat.catalog.origins import SourceFile, source_files_at
from cardcat.catalog.volumes import find_volume, volumes_last_mounted_at
from cardcat.errors import UsageError
from cardcat.inputs import show
from cardcat.model import Stage
from cardcat.paths import display
from cardcat.reporting import Reporter
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import Hashes, hash_file
from cardcat.storage.reading import Expected, expected_of
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.text import cause

SHOWN_DIGITS = 12  # of a hash; they tell contents apart to people
_SHORTEST = 6  # digits of a hash that may stand for it
_MANY = 10  # contents that are named if a word may mean any of them
_LONG = 100_000_000  # bytes from which on hashing takes long enough to say so


@dataclass(frozen=True, slots=True)
class GivenFile:
    """The file that was asked for. *hashes* only if it had to be read."""

    path: Path
    hash: str
    expected: Expected
    hashes: Hashes | None
    recorded: tuple[str, ...]  # what the catalog has for its place


def is_file(path: Path, given: str) -> bool:
    """Whether there is a file at *path*. UsageError for what is no file."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise UsageError(f"{show(path)} can't be looked at: permission denied.") from error
    except OSError:
        return False
    if stat.S_ISREG(mode):
        return True
    if _as_hash(given):
        return False
    what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
    raise UsageError(f"{show(path)} is {what}.", hint="Name one file, or the hash of one.")


def examine(path: Path, opened: Catalog | None, disk: Disk, teller: Reporter) -> GivenFile:
    """What the file is: by its place, size and time if the catalog knows them, else by reading it."""
    real = Path(os.path.realpath(path))
    try:
        expected = expected_of(disk.stat(real))
        recorded, known = _recorded(real, expected, opened)
        if len(known) == 1:
            return GivenFile(path, known.pop(), expected, None, recorded)
        hashes = _hashed(real, expected, disk, teller)
    except OSError as error:
        raise UsageError(f"{show(path)} can't be read: {cause(error)}.") from error
    return GivenFile(path, hashes.sha256, expected, hashes, recorded)


def _recorded(real: Path, expected: Expected, opened: Catalog | None) -> tuple[tuple[str, ...], set[str]]:
    """What the catalog has for the place, and what of that has this size and time."""
    if opened is None:
        return (), set()
    key, place = volume_of(real).key, path_on_volume(real)
    with opened.read() as c:
        volume = find_volume(c, key)
        if volume is None:
            return (), set()
        copies = copies_at(c, volume.id, place)
        sources = source_files_at(c, volume.id, place)
    found: list[KnownCopy | SourceFile] = [*copies, *sources]
    same = {one.hash for one in found if (one.size, one.mtime_ns) == (expected.size, expected.mtime_ns)}
    return tuple(copy.hash for copy in copies), same


def _hashed(real: Path, expected: Expected, disk: Disk, teller: Reporter) -> Hashes:
    if expected.size < _LONG:
        return hash_file(disk, real, source=True, expected=expected)
    teller.begin(Stage.HASH, files=1, size=expected.size)
    return hash_file(
        disk,
        real,
        source=True,
        expected=expected,
        on_bytes=lambda count: teller.advance(files=0, size=count),
    )


def content_meant(given: str, path: Path, opened: Catalog) -> str:
    """The one content that *given* means. UsageError if there is none, or more than one."""
    with opened.read() as c:
        found = _meant(c, given, path)
        if len(found) == 1:
            return found[0]
        if not found:
            raise not_found(given)
        raise UsageError(
            f"{display(given)} may be {_listed(copies_of_contents(c, found), found)}.",
            hint=f"Say which: cardcat show {found[0][:SHOWN_DIGITS]}",
        )


def _meant(c: Connection, given: str, path: Path) -> list[str]:
    prefix = _as_hash(given)
    found = hashes_with_prefix(c, prefix, _MANY) if prefix else []
    found = found or _last_seen_at(c, Path(os.path.realpath(path)))
    return found or hashes_named(c, given, _MANY)


def _last_seen_at(c: Connection, path: Path) -> list[str]:
    """What was at *path* when the drive or card that is usually mounted there was last seen."""
    for mount_point in path.parents:
        for volume in volumes_last_mounted_at(c, mount_point):
            place = str(path.relative_to(mount_point))
            found = copies_at(c, volume.id, place) or source_files_at(c, volume.id, place)[:1]
            if found:
                return list(dict.fromkeys(one.hash for one in found))
    return []


def _listed(copies: Sequence[KnownCopy], hashes: Sequence[str]) -> str:
    """Each content by the beginning of its hash, and where it is."""
    where = {copy.hash: f" ({display(copy.volume_name)}: {display(copy.path)})" for copy in reversed(copies)}
    listed = [f"{hash_[:SHOWN_DIGITS]}{where.get(hash_, '')}" for hash_ in hashes]
    return f"{', '.join(listed[:-1])} or {listed[-1]}"


def _as_hash(given: str) -> str | None:
    """*given* as the beginning of a hash, None if it can be none."""
    is_one = re.fullmatch(f"[0-9A-Fa-f]{{{_SHORTEST},64}}", given)
    return given.lower() if is_one else None


def not_found(given: str, *, has_catalog: bool = True) -> UsageError:
    """That *given* means nothing here; without a catalog nothing but files can be meant."""
    return UsageError(
        f"There is no file {display(given)}{_besides(given) if has_catalog else _NO_CATALOG}",
        hint="Name a file, the whole path of one on an unplugged drive, or at least 6 digits of a hash: "
        "cardcat show FILE|HASH",
    )


_NO_CATALOG = ". There is no catalog yet that could know it."


def _besides(given: str) -> str:
    """The end of that sentence: what else it is not."""
    if _as_hash(given):
        return ", and the catalog knows no content whose hash begins so."
    if re.fullmatch("[0-9A-Fa-f]+", given) and len(given) < _SHORTEST:
        return f", here or in the catalog; a hash needs at least {_SHORTEST} digits."
    return ". Nor does the catalog know it."
