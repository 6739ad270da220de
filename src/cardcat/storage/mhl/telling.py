"""Carrying the history on: a generation for each manifest that has none, and the chain behind them."""

from __future__ import annotations

import errno
import hashlib
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path

from cardcat.storage.atomic import new_file
from cardcat.storage.destination import workplace
from cardcat.storage.disk import Disk
from cardcat.storage.manifest import ManifestEntry, manifest_names, manifest_time, read_manifest
from cardcat.storage.mhl.c4 import c4_id
from cardcat.storage.mhl.chain import CHAIN, Link, extended
from cardcat.storage.mhl.hashlist import IGNORED, HashedFile, Heading, written
from cardcat.storage.mhl.history import (
    FOLDER,
    GENERATION,
    BusyError,
    History,
    UnfitError,
    chain_now,
    ignored_by,
    look,
    loose,
    stamp_of,
    untold,
)
from cardcat.storage.mhl.xml import can_hold, held
from cardcat.text import cause

_UNWANTED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')  # what some filesystem refuses in a name
_LONGEST = 60  # characters of the root's name; with four bytes each still a name that any drive can hold
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP})


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes generations: the name of the root folder for people, the computer, cardcat's version."""

    root_name: str
    host: str
    version: str


class Way(Enum):
    """What lets a history be carried on again."""

    MOVE = "move the folder away"
    WAIT = "wait for the next run"
    ALLOW = "see who may write there"


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why a history could not be carried on: *trouble* completes "the folder ascmhl …"."""

    trouble: str
    way: Way


def carry_on(disk: Disk, root: Path, author: Author, fresh: Collection[str]) -> Stuck | None:
    """
    Bring the ASC MHL history in *root* up to the manifests there, somebody else's history too.

    None if it is, else why no more of them could be told.
    Each manifest without a generation gets one; of those not in *fresh* (names), which this run wrote, only
    files that are there are listed. No file of the history is changed but the chain, which keeps all it has:
    what was killed in between is made up for by the next run. OSError if the drive fails.
    """
    try:
        _carry_on(disk, root, author, fresh)
    except UnfitError as error:
        return Stuck(str(error), Way.WAIT if isinstance(error, BusyError) else Way.MOVE)
    except OSError as error:
        if error.errno not in _NOT_OURS:
            raise
        return Stuck(f"can't be written to: {cause(error)}", Way.ALLOW)
    return None


def _carry_on(disk: Disk, root: Path, author: Author, fresh: Collection[str]) -> None:
    history, manifests = look(disk, root), manifest_names(root, disk)
    missing = untold(disk, history, manifests)
    links = loose(disk, history, manifests)
    number = history.next_number
    generations = _Generations(disk, root, history, author)
    for manifest in missing:
        entries = _listed(disk, root, manifest, is_fresh=manifest in fresh)
        if link := generations.write(number, manifest, entries):
            links.append(link)
            number += 1
    if links:
        _publish(disk, root, history, links)


def _listed(disk: Disk, root: Path, manifest: str, *, is_fresh: bool) -> Iterator[HashedFile]:
    """The files of a manifest that a generation can list."""
    for entry in read_manifest(root, manifest, disk):
        if entry.xxh3 and can_hold(entry.path) and (is_fresh or _is_there(disk, root, entry)):
            yield HashedFile(
                entry.path, entry.size, entry.mtime_ns, entry.xxh3, entry.sha256, entry.verified_at
            )


def _is_there(disk: Disk, root: Path, entry: ManifestEntry) -> bool:
    try:
        status = disk.stat(root / entry.path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == entry.size


class _Generations:
    """Writes generations: into the history's folder, or where a first one is got ready as a whole."""

    def __init__(self, disk: Disk, root: Path, history: History, author: Author) -> None:
        self._disk, self._root, self._author = disk, root, author
        self._folder = history.folder if history.is_there else _first(root)
        self._ignored = tuple(dict.fromkeys([*ignored_by(disk, history), *IGNORED]))

    def write(self, number: int, manifest: str, files: Iterable[HashedFile]) -> Link | None:
        """Write the generation of a manifest; None if there is no file to list."""
        files = iter(files)
        first = next(files, None)
        if first is None:
            return None
        moment, author = manifest_time(manifest), self._author
        if moment is None:
            raise ValueError(manifest)
        name = f"{number:04d}_{_file_name(author.root_name)}_{stamp_of(moment)}{GENERATION}"
        heading = Heading(int(moment.timestamp()), author.host, author.version, manifest, self._ignored)
        sha512 = hashlib.sha512()
        with new_file(self._disk, self._folder / name, workplace(self._root), read_only=True) as write:
            for piece in written(heading, chain([first], files)):
                sha512.update(piece)
                write(piece)
        return Link(number, name, c4_id(sha512.digest()))


def _publish(disk: Disk, root: Path, history: History, links: Iterable[Link]) -> None:
    """Put generations into the chain: a first history appears whole, a present one has its chain replaced."""
    place = workplace(root)
    folder = history.folder if history.is_there else _first(root)
    try:
        content = extended(history.chain, list(links))
    except ValueError as error:
        raise UnfitError(f"has a chain file that can't be continued: {error}") from error
    if history.chain is None:
        with new_file(disk, folder / CHAIN, place) as write:
            write(content)
    else:
        _replace_chain(disk, place, history, content)
    if not history.is_there:
        disk.rename_new(folder, history.folder)
        disk.fsync_folder(root)


def _replace_chain(disk: Disk, place: Path, history: History, content: bytes) -> None:
    """
    Put *content* in the place of the chain file, in one step: at each moment there is one, and it is whole.

    It holds every byte of the old one, which is looked at again just before.
    """
    ready = place / CHAIN
    with suppress(FileNotFoundError):
        disk.remove(ready)
    with new_file(disk, ready, place / "chain") as write:
        write(content)
    if chain_now(disk, history) != history.chain:
        raise BusyError("was changed by somebody else just now")
    disk.replace(ready, history.folder / CHAIN)
    disk.fsync_folder(history.folder)
    disk.remove_folder(place / "chain")


def _first(root: Path) -> Path:
    """Where a history is got ready that is not there yet."""
    return workplace(root) / FOLDER


def _file_name(root_name: str) -> str:
    """The root's name as any drive can hold it."""
    return _UNWANTED.sub("_", held(root_name))[:_LONGEST].strip(" .") or "root"
