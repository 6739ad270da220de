"""One walk of a folder that is to be indexed: every folder and file, and all that was not looked at."""

from __future__ import annotations

import errno
import os
import stat
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cardcat.errors import SourceError
from cardcat.model import Finding, Stage
from cardcat.paths import display
from cardcat.storage.destination import FOLDER as DESTINATION
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import QUARANTINE, excluder, ignored
from cardcat.storage.ignorefile import NAME as IGNORE_FILE
from cardcat.storage.ignorefile import Ignoring, read_ignoring
from cardcat.storage.mounts import mount_of_open, mounts
from cardcat.storage.presence import Root
from cardcat.storage.reading import SourceChanged, mtime_of
from cardcat.text import cause

_SPECIAL = {
    stat.S_IFLNK: ("SymbolicLink", "This is a link. It is not followed; what it leads to was not indexed."),
    stat.S_IFIFO: ("Pipe", "This is a pipe, no file: there is nothing in it to index."),
    stat.S_IFSOCK: ("Socket", "This is a socket, no file: there is nothing in it to index."),
    stat.S_IFCHR: ("Device", "This is a device, no file: it was not read."),
    stat.S_IFBLK: ("Device", "This is a device, no file: it was not read."),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files are taken: those that one of *includes* matches, if there are any, and no exclude."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(slots=True)
class Tree:
    """
    What lies below a root. Paths are relative to it, with `/`; the root itself is ''.

    *folders* are all that were looked into; the files are parallel columns, *folder* with the position of
    each one's folder. *unseen* are folders that were not looked into, nor anything below them, and
    *unseen_files* single names: of all these nobody knows whether they are there. *destinations* are the
    folders among *unseen* that belong to backups, *mounted* those that another filesystem is mounted on.
    """

    folders: list[str] = field(default_factory=list)
    folder: array[int] = field(default_factory=lambda: array("L"))
    names: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    mtimes_ns: array[int] = field(default_factory=lambda: array("q"))
    findings: list[Finding] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    unseen_files: list[str] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    mounted: list[str] = field(default_factory=list)
    excluded: int = 0
    ignored: int = 0


class _Folder(NamedTuple):
    """A folder to visit, which one it was when its name was met, and what those above it want left out."""

    path: str
    device: int
    inode: int
    ignoring: tuple[Ignoring, ...]


def walk_tree(
    root: Root,
    disk: Disk,
    rules: Rules,
    *,
    below: str = "",
    own: Collection[str] = (),
    files: Collection[str] = (),
) -> Tree:
    """
    List every folder and file at and below *below*, which is relative to *root*: names in order.

    Nothing is written, links are not followed, access times stay where the system allows that. Not entered
    are folders of backups, quarantines, other mounts, and those of *own*; of *files* nothing is said. What
    can't be looked at is a finding. SourceError if the root, or *below* itself, can't be listed or is gone.
    """
    walker = _Walker(disk, root, rules, frozenset(own), frozenset(files))
    try:
        walker.run(below)
    except OSError as error:
        where = os.path.join(root.path, below)
        raise SourceError(f"The folder {display(where)} can't be looked at: {cause(error)}.") from error
    root.require_there()
    return walker.found


class _Walker:
    def __init__(
        self, disk: Disk, root: Root, rules: Rules, own: frozenset[str], files: frozenset[str]
    ) -> None:
        self.found = Tree()
        self._disk = disk
        self._root = root
        self._own, self._files = own, files
        self._is_excluded = excluder(rules.excludes)
        self._is_included = excluder(rules.includes) if rules.includes else None
        self._mount = mount_of_open(root.fd)
        self._mount_points = frozenset(_below(root.path, mount.mount_point) for mount in mounts()) - {None}

    def run(self, below: str) -> None:
        """Walk it, after the ignore files on the way to it were read."""
        waiting = [self._start(below)]
        while waiting:
            waiting += reversed(self._visit(waiting.pop()))

    def _start(self, below: str) -> _Folder:
        ignoring: tuple[Ignoring, ...] = ()
        way = below.split("/") if below else []
        for end in range(len(way)):
            path = "/".join(way[:end])
            with self._opened(path) as fd:
                if IGNORE_FILE in self._disk.list_folder(fd):
                    ignoring += self._ignoring(path, fd)
        with self._opened(below) as fd:
            status = self._disk.stat_open(fd)
        return _Folder(below, status.st_dev, status.st_ino, ignoring)

    def _visit(self, folder: _Folder) -> list[_Folder]:
        """Take what is in a folder but the folders below it: those are left to do."""
        try:
            with self._opened(folder.path) as fd:
                status = self._disk.stat_open(fd)
                if (status.st_dev, status.st_ino) != (folder.device, folder.inode):
                    raise SourceChanged("another folder took its place")
                return self._look(folder, fd, sorted(self._disk.list_folder(fd)))
        except OSError as error:
            self._root.require_there(error if not folder.path else None)
            self._fail(folder.path, error, "listing this folder. What is in it was not looked at.")
            self.found.unseen.append(folder.path)
            return []

    def _look(self, folder: _Folder, fd: int, names: list[str]) -> list[_Folder]:
        if DESTINATION in names and self._is_folder(fd, DESTINATION):
            self.found.unseen.append(folder.path)
            self.found.destinations.append(folder.path)
            return []
        if self._is_other_mount(folder, fd):
            self.found.unseen.append(folder.path)
            self.found.mounted.append(folder.path)
            return []
        if IGNORE_FILE in names:
            folder = folder._replace(ignoring=folder.ignoring + self._ignoring(folder.path, fd))
        return self._take_all(folder, fd, names)

    def _take_all(self, folder: _Folder, fd: int, names: list[str]) -> list[_Folder]:
        prefix = f"{folder.path}/" if folder.path else ""
        siblings = frozenset(names)
        stat_in, found = self._disk.stat_in, self.found
        subfolders: list[_Folder] = []
        number = len(found.folders)
        found.folders.append(folder.path)
        for name in names:
            path = prefix + name
            try:
                status = stat_in(fd, name)
            except OSError as error:
                self._fail(path, error, "looking at this file. It was not indexed.")
                found.unseen_files.append(path)
                found.unseen.append(path)  # it may be a folder
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            if self._is_left_out(folder, path, name, siblings, is_folder=is_folder):
                (found.unseen if is_folder else found.unseen_files).append(path)
            elif is_folder:
                subfolders.append(_Folder(path, status.st_dev, status.st_ino, folder.ignoring))
            elif stat.S_ISREG(status.st_mode):
                found.folder.append(number)
                found.names.append(name)
                found.sizes.append(status.st_size)
                found.mtimes_ns.append(mtime_of(status))
            else:
                self._take_special(path, status)
        return subfolders

    def _is_left_out(
        self, folder: _Folder, path: str, name: str, siblings: Collection[str], *, is_folder: bool
    ) -> bool:
        found = self.found
        if ignored(name, siblings, is_folder=is_folder) or name == IGNORE_FILE:
            found.ignored += 1
            return True
        if is_folder and (name == QUARANTINE or path in self._own):
            return True
        if path in self._files:
            return True
        if self._is_excluded(path, name) or any(
            each.leaves_out(path, name, is_folder=is_folder) for each in folder.ignoring
        ):
            found.excluded += 1
            return True
        if not is_folder and self._is_included is not None and not self._is_included(path, name):
            found.excluded += 1
            return True
        return False

    def _ignoring(self, path: str, fd: int) -> tuple[Ignoring, ...]:
        """The patterns in a folder. If they can't be read, the folder is left out: they may say anything."""
        prefix = f"{path}/" if path else ""
        where = prefix + IGNORE_FILE
        try:
            ignoring, odd = read_ignoring(self._disk, fd, prefix)
        except OSError as error:
            raise OSError(
                error.errno or errno.EIO, f"{IGNORE_FILE} in it can't be read: {cause(error)}"
            ) from error
        for line in odd:
            self._note(where, "NoPattern", f"This line is no pattern and was passed over: {line}")
        return (ignoring,)

    def _take_special(self, path: str, status: os.stat_result) -> None:
        special = _SPECIAL.get(stat.S_IFMT(status.st_mode))
        if special:
            self._note(path, *special)
        else:
            unknown = OSError(errno.EINVAL, "Of no known kind")
            self._fail(path, unknown, "looking at this file. It was not indexed.")
            self.found.unseen_files.append(path)

    def _is_other_mount(self, folder: _Folder, fd: int) -> bool:
        if not folder.path or (folder.device == self._root.device and folder.path not in self._mount_points):
            return False
        return mount_of_open(fd).id != self._mount.id  # a part of a btrfs has another number, and is no mount

    def _is_folder(self, fd: int, name: str) -> bool:
        try:
            return stat.S_ISDIR(self._disk.stat_in(fd, name).st_mode)
        except OSError:
            return True  # then nobody knows; a backup is never walked into

    def _fail(self, path: str, error: OSError, doing: str) -> None:
        self._root.require_there()
        why = cause(error)
        self._note(path, type(error).__name__, f"{why[:1].upper()}{why[1:]} while {doing}")

    def _note(self, path: str, error_type: str, message: str) -> None:
        self.found.findings.append(Finding(path, Stage.SCAN, error_type, message))

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        fd = self._disk.open_folder(path or ".", within=self._root.fd)
        try:
            yield fd
        finally:
            self._disk.release(fd)


def _below(root: Path, path: Path) -> str | None:
    """*path* relative to *root*; None if it is not below it."""
    return str(path.relative_to(root)) if path.is_relative_to(root) and path != root else None


def unseen_below(paths: Sequence[str], unseen: Sequence[str]) -> list[bool]:
    """For each of *paths*, whether it is one of the folders *unseen* or lies below one."""
    tops = frozenset(unseen)
    if "" in tops:
        return [True] * len(paths)
    return [bool(tops) and _is_below(path, tops) for path in paths]


def _is_below(path: str, tops: frozenset[str]) -> bool:
    while path:
        if path in tops:
            return True
        path = path.rpartition("/")[0]
    return False
