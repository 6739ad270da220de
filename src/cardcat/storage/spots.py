"""A file below a folder that is held open: looked at, read, moved and exchanged with no link followed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cardcat.storage.disk import Disk
from cardcat.storage.holding import DestinationRoot
from cardcat.storage.presence import folder_below
from cardcat.storage.reading import OnBytes, SourceChanged, blocks, mtime_of

_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
_SIGN, _RANGE = 1 << 63, 1 << 64


class LibraryRoot(DestinationRoot):
    """The root folder of a library, held open. `require_there` raises DestinationError once it is gone."""

    what = "folder"


@dataclass(frozen=True, slots=True)
class Spot:
    """The place *path* below *root*, whatever is there."""

    root: LibraryRoot
    path: str

    @property
    def folder(self) -> str:
        """The folder it is in, '' for the root."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    def __str__(self) -> str:
        return os.path.join(self.root.path, self.path)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file, and that nobody has written to it: any change of these is another file."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    def is_file_of(self, other: Identity) -> bool:
        """Whether both are one file, with the same bytes as far as size and time tell."""
        return (self.device, self.inode, self.size, self.mtime_ns) == (
            other.device,
            other.inode,
            other.size,
            other.mtime_ns,
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """A file that was read from its beginning to its end: its SHA-256, and what is known of it."""

    identity: Identity
    sha256: str
    mode: int
    uid: int
    gid: int


def identity(status: os.stat_result) -> Identity:
    """What *status* says. The inode's number is one that a database holds."""
    inode = status.st_ino - _RANGE if status.st_ino >= _SIGN else status.st_ino
    return Identity(status.st_dev, inode, status.st_size, mtime_of(status), status.st_ctime_ns)


@contextmanager
def opened_folder(disk: Disk, spot: Spot) -> Iterator[int]:
    """The folder of *spot*, open. NotADirectoryError where a link is on the way."""
    with folder_below(disk, spot.root.fd, spot.folder) as fd:
        yield fd


def look(disk: Disk, spot: Spot) -> os.stat_result | None:
    """What is known of what is there now; None for nothing, or where a link is on the way."""
    try:
        with opened_folder(disk, spot) as folder:
            return disk.stat_in(folder, spot.name)
    except OSError as error:
        if error.errno not in _NOTHING_THERE:
            raise
        return None


def look_at_file(disk: Disk, spot: Spot) -> Identity | None:
    """The regular file that is there now; None for nothing, and for anything else."""
    status = look(disk, spot)
    return identity(status) if status is not None and stat.S_ISREG(status.st_mode) else None


def is_missing(disk: Disk, spot: Spot) -> bool:
    """Whether nothing is there, by proof: not so where a link is on the way, or a file."""
    try:
        with opened_folder(disk, spot) as folder:
            disk.stat_in(folder, spot.name)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno not in _NOTHING_THERE:
            raise
    return False


def folder_time(disk: Disk, spot: Spot) -> int:
    """The modification time of its folder, in ns."""
    with opened_folder(disk, spot) as folder:
        return mtime_of(disk.stat_open(folder))


def set_folder_time(disk: Disk, spot: Spot, mtime_ns: int) -> None:
    """Give its folder back the time that it had."""
    with opened_folder(disk, spot) as folder:
        disk.set_times(folder, mtime_ns)


def weigh(disk: Disk, spot: Spot, on_bytes: OnBytes | None = None) -> Weighed:
    """
    Read all of the file, from its medium as far as the system forgets what it has in memory.

    SourceChanged if it is another file, or has another size or time, before and after. What *on_bytes*
    raises ends it.
    """
    with opened_folder(disk, spot) as folder:
        fd = disk.open_source(_at(folder, spot.name))
        try:
            before = disk.stat_open(fd)
            sha256 = _hash(disk, fd, before.st_size, on_bytes)
            seen = (before, disk.stat_open(fd), disk.stat_in(folder, spot.name))
        finally:
            disk.release(fd)
    if len({identity(status) for status in seen}) > 1:
        raise SourceChanged("it changed while it was read")
    return Weighed(identity(before), sha256, stat.S_IMODE(before.st_mode), before.st_uid, before.st_gid)


def _hash(disk: Disk, fd: int, size: int, on_bytes: OnBytes | None) -> str:
    if disk.drop_cache(fd, size):
        disk.fsync(fd)  # a page that waits to be written stays
        disk.drop_cache(fd, size)
    digest = hashlib.sha256()
    for block in blocks(disk, fd):
        digest.update(block)
        if on_bytes:
            on_bytes(len(block))
    return digest.hexdigest()


def names_beside(disk: Disk, spot: Spot) -> list[str]:
    """The names in its folder, in no order."""
    with opened_folder(disk, spot) as folder:
        return disk.list_folder(folder)


def move(disk: Disk, spot: Spot, to: Spot) -> None:
    """Give the file a new place on its filesystem, durably. FileExistsError if that is taken."""
    with opened_folder(disk, spot) as here, opened_folder(disk, to) as there:
        disk.rename_new(_at(here, spot.name), _at(there, to.name))
        disk.fsync_folder(there)
        disk.fsync_folder(here)


def exchange(disk: Disk, one: Spot, other: Spot) -> None:
    """Let two files of one filesystem change their places in one step, durably."""
    with opened_folder(disk, one) as here, opened_folder(disk, other) as there:
        disk.exchange(_at(here, one.name), _at(there, other.name))
        disk.fsync_folder(there)
        disk.fsync_folder(here)


def link(disk: Disk, source: Spot, to: Spot) -> None:
    """Give the file one more name, durably. FileExistsError if that is taken."""
    with opened_folder(disk, source) as here, opened_folder(disk, to) as there:
        disk.link_new(_at(here, source.name), _at(there, to.name))
        disk.fsync_folder(there)


def clone(disk: Disk, source: Spot, like: Spot, to: Spot, on_made: Callable[[int], None]) -> None:
    """
    Make a file that shares the blocks of *source*, with times and rights as *like* has them, durably.

    *on_made* is told its inode while it is still empty. Where that or anything after it fails it is removed.
    """
    with opened_folder(disk, source) as here, opened_folder(disk, like) as beside:
        bytes_of = disk.open_source(_at(here, source.name))
        try:
            looks_of = disk.open_source(_at(beside, like.name))
            try:
                _clone(disk, bytes_of, looks_of, to, on_made)
            finally:
                disk.release(looks_of)
        finally:
            disk.release(bytes_of)


def _clone(disk: Disk, source: int, like: int, to: Spot, on_made: Callable[[int], None]) -> None:
    with opened_folder(disk, to) as there:
        made = disk.open_new(_at(there, to.name))
        try:
            on_made(identity(disk.stat_open(made)).inode)
            disk.clone(source, made)
            disk.copy_attributes(like, made)
            disk.fsync(made)
        except Exception:
            with suppress(OSError):
                if os.path.samestat(disk.stat_in(there, to.name), disk.stat_open(made)):
                    disk.remove(_at(there, to.name))
            raise
        finally:
            disk.close(made)
        disk.fsync_folder(there)


def drop(disk: Disk, spot: Spot) -> None:
    """Take one name away, durably: of a file that has another, or that is there twice by proof."""
    with opened_folder(disk, spot) as folder:
        disk.remove(_at(folder, spot.name))
        disk.fsync_folder(folder)


def drop_empty_folders(disk: Disk, spot: Spot, below: str) -> None:
    """Remove the folders of *spot* that have nothing in them, from the last up to and with *below*."""
    path = spot.folder
    while path == below or path.startswith(f"{below}/"):
        parent = Spot(spot.root, path)
        try:
            with opened_folder(disk, parent) as folder:
                disk.remove_folder(_at(folder, parent.name))
                disk.fsync_folder(folder)
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                return
            if error.errno not in _NOTHING_THERE:
                raise
        path = parent.folder


def _at(folder: int, name: str) -> Path:
    return Path(f"/proc/self/fd/{folder}", name)
