"""What a destination tells of itself: for each session a list that `sha256sum -c` checks, and all we know."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count, islice
from pathlib import Path

from cardcat.storage.atomic import new_file
from cardcat.storage.destination import FOLDER, workplace
from cardcat.storage.disk import Disk
from cardcat.storage.entries import (
    ManifestEntry,
    Renewed,
    entry_line,
    is_below,
    json_line,
    read_line,
    renewed_line,
)
from cardcat.storage.mhl.xml import can_hold
from cardcat.storage.reading import blocks, opened
from cardcat.storage.sums import from_line, to_line
from cardcat.storage.system import this_disk

__all__ = [
    "ManifestEntry",
    "Renewed",
    "Written",
    "count_lines",
    "listed_by",
    "listed_key",
    "manifest_names",
    "manifest_time",
    "read_claims",
    "read_manifest",
    "write_manifest",
]

_FORMAT = "cardcat manifest"
_VERSION = 1
_PREFIX = "SHA256SUMS-"
_NAME = re.compile(r"SHA256SUMS-(\d{8}T\d{6}Z)-[A-Za-z0-9.-]{1,100}")
_MORE = ".jsonl"
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL, errno.EISDIR})
_MOST_TOLD = 1_000_000  # entries of a manifest that are kept in mind: anybody may have written more
_LONGEST = 1 << 20  # bytes of a line; a longer one is damage


@dataclass(frozen=True, slots=True)
class Written:
    """
    A manifest that was written: the path of its SHA256SUMS file, how many files it lists.

    *not_in_mhl* of them have names that XML can't hold, so they are in no ASC MHL history.
    """

    path: Path
    files: int
    not_in_mhl: int


def write_manifest(  # noqa: PLR0917 - where, what and when, each once
    disk: Disk,
    root: Path,
    session_id: int | str,
    now: int,
    header: Mapping[str, object],
    entries: Iterable[ManifestEntry],
    renewed: Iterable[Renewed] = (),
) -> Written | None:
    """
    Write the manifest of a session, durably; None if there are no entries.

    Beside the SHA256SUMS file lies a `.jsonl` file: a line with *header*, a line an entry, a line for what
    was *renewed*, and a line that counts. Both are made read-only and replace nothing. *now* is in UTC
    seconds. OSError if the destination can't be written.
    """
    entries = iter(entries)
    first = next(entries, None)
    if first is None:
        return None
    path = _free_name(disk, root / FOLDER / "manifests", session_id, now)
    more = path.with_name(path.name + _MORE)
    place = workplace(root)
    ours = {"format": _FORMAT, "version": _VERSION, "session": session_id, "written_at": now}
    files = not_in_mhl = 0
    with (
        new_file(disk, more, place, read_only=True) as tell,
        new_file(disk, path, place, read_only=True) as list_sum,
    ):
        tell(json_line(ours | dict(header) | ours))
        for entry in chain([first], entries):
            list_sum(to_line(entry.path, entry.sha256))
            tell(entry_line(entry))
            files += 1
            not_in_mhl += not can_hold(entry.path)
        for one in renewed:
            tell(renewed_line(one))
        tell(json_line({"files": files, "files_not_in_mhl": not_in_mhl}))
    return Written(path, files, not_in_mhl)


def manifest_names(root: Path, disk: Disk | None = None) -> list[str]:
    """The names of the manifests in *root*, oldest first; none if there is no such folder."""
    return sorted({name.removesuffix(_MORE) for name in _listed(root, disk)})


def read_manifest(root: Path, name: str, disk: Disk | None = None) -> Iterator[ManifestEntry]:
    """The copies that one manifest of *root* claims; a later entry of a path stands for what came after."""
    return (claim for claim in read_claims(root, name, disk) if isinstance(claim, ManifestEntry))


def read_claims(root: Path, name: str, disk: Disk | None = None) -> Iterator[ManifestEntry | Renewed]:
    """
    All that one manifest of *root* claims: copies, and what was learnt of earlier ones.

    These are claims: anybody can write such files. What is damaged, or names a path that does not lie
    below *root*, is passed over. Here and elsewhere so is what can't be read, unless a *disk* is given, as
    by a backup, which must not take a list for shorter than it is; that raises OSError.
    """
    folder = root / FOLDER / "manifests"
    listed = _read_sums(folder / name, disk)
    ahead = next(listed, None)
    told: set[bytes] = (
        set()
    )  # of what the list does not have in the same place: nothing, where both are whole
    for line in _lines(folder / (name + _MORE), disk):
        if claim := read_line(line):
            if isinstance(claim, ManifestEntry):
                if ahead == (claim.path, claim.sha256):
                    ahead = next(listed, None)
                elif len(told) < _MOST_TOLD:
                    told.add(listed_key(claim.path, claim.sha256))
            yield claim
    if ahead and len(told) < _MOST_TOLD:  # where one of both is damaged, the other knows what it lost
        for path, sha256 in chain([ahead], listed):
            if listed_key(path, sha256) not in told:
                yield from _as_it_is(path, sha256, root, disk)


def manifest_time(name: str) -> datetime | None:
    """When a manifest of that name was written, in UTC; None if the name is none that we give."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(f"{match[1]}+0000", "%Y%m%dT%H%M%SZ%z").astimezone(UTC)
    except ValueError:
        return None


def count_lines(root: Path, name: str) -> int:
    """About how many copies a manifest tells of: quickly, for showing progress."""
    folder = root / FOLDER / "manifests"
    return max(sum(1 for _ in _lines(folder / each, None)) for each in (name, name + _MORE))


def listed_by(root: Path, session_id: int, disk: Disk | None = None) -> set[bytes]:
    """
    The `listed_key` of each copy that manifests in *root* list for a session; only whole ones count.

    Of more than there can be, the first ones: what is not among them is only listed once more.
    """
    names, own = _listed(root, disk), re.compile(rf"{_PREFIX}\d{{8}}T\d{{6}}Z-{session_id}(-\d+)?")
    whole = [name for name in names if name + _MORE in names and own.fullmatch(name)]
    entries = (entry for name in whole for entry in read_manifest(root, name, disk))
    return set(islice((listed_key(entry.path, entry.sha256) for entry in entries), _MOST_TOLD))


def listed_key(path: str, sha256: str) -> bytes:
    """What stands for a copy in a large set: a hash of its path and content."""
    return hashlib.blake2b(os.fsencode(path) + b"\0" + sha256.encode(), digest_size=16).digest()


def _listed(root: Path, disk: Disk | None) -> set[str]:
    try:
        names = (disk or this_disk()).list_folder(root / FOLDER / "manifests")
    except OSError as error:
        if disk and error.errno not in _NO_FILE:
            raise
        return set()
    return {name for name in names if name.startswith(_PREFIX)}


def _free_name(disk: Disk, folder: Path, session_id: int | str, now: int) -> Path:
    stem = f"{_PREFIX}{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{session_id}"
    for number in count(1):
        path = folder / (stem if number == 1 else f"{stem}-{number}")
        if not disk.exists(path) and not disk.exists(path.with_name(path.name + _MORE)):
            return path
    raise AssertionError


def _read_sums(path: Path, disk: Disk | None) -> Iterator[tuple[str, str]]:
    """Path and hash of each line of a list."""
    for line in _lines(path, disk):
        found = from_line(line)
        if found and is_below(found[0]):
            yield found


def _as_it_is(path: str, sha256: str, root: Path, disk: Disk | None) -> Iterator[ManifestEntry]:
    """A list says nothing of size and time: they are what the file has now, if it is there."""
    with suppress(OSError, ValueError):
        status = (disk or this_disk()).stat(root / path)
        if stat.S_ISREG(status.st_mode):
            yield ManifestEntry(path, sha256, status.st_size, status.st_mtime_ns)


def _lines(path: Path, disk: Disk | None) -> Iterator[bytes]:
    """The whole lines of a regular file, without their ends; none if there is no such file."""
    try:
        yield from _split(path, disk or this_disk())
    except OSError as error:
        if disk and error.errno not in _NO_FILE:
            raise


def _split(path: Path, disk: Disk) -> Iterator[bytes]:
    rest, is_too_long = b"", False
    with opened(disk, path, source=False) as fd:
        for block in blocks(disk, fd):
            *lines, last = bytes(block).split(b"\n")
            for line in lines:
                whole = rest + line
                if not is_too_long and len(whole) < _LONGEST:
                    yield whole
                rest, is_too_long = b"", False
            rest += last
            if len(rest) >= _LONGEST:
                rest, is_too_long = b"", True
