"""One walk of a source: every file, and an account of everything else that is there."""

from __future__ import annotations

import errno
import os
import stat
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from cardcat.model import Finding, Stage
from cardcat.storage.disk import Disk
from cardcat.storage.ignore import excluder, ignored
from cardcat.storage.presence import Root, open_root
from cardcat.storage.reading import SourceChanged, mtime_of
from cardcat.text import cause

_SPECIAL = {
    stat.S_IFLNK: ("SymbolicLink", "This is a link. It is not followed; what it leads to was not backed up."),
    stat.S_IFIFO: ("Pipe", "This is a pipe, no file: there is nothing in it to back up."),
    stat.S_IFSOCK: ("Socket", "This is a socket, no file: there is nothing in it to back up."),
    stat.S_IFCHR: ("Device", "This is a device, no file: it was not read."),
    stat.S_IFBLK: ("Device", "This is a device, no file: it was not read."),
}


@dataclass(frozen=True, slots=True)
class Walk:
    """
    What lies below a root. The files are four parallel columns in a fixed order.

    Paths are relative, with `/`; sizes are bytes. *unreadable* counts the files and folders that could not
    be looked at; each is a finding too. *ignored* and *excluded* count files, with those in ignored and
    excluded folders. *empty_folders* hold nothing but what is ignored.
    """

    paths: list[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    mtimes_ns: array[int] = field(default_factory=lambda: array("q"))
    inodes: array[int] = field(default_factory=lambda: array("Q"))
    findings: list[Finding] = field(default_factory=list)
    empty_folders: list[str] = field(default_factory=list)
    unreadable: int = 0
    ignored: int = 0
    excluded: int = 0


def walk(root: Path, excludes: Sequence[str], disk: Disk) -> Walk:
    """
    List every file below *root*: folder by folder, files before folders, each in the order of their names.

    Nothing is written, links are not followed, access times stay where the system allows that. *excludes*
    are shell patterns, matched with the relative path and with the name. What can't be looked at, and what
    is no file, is a finding. Another filesystem that is mounted below the root is walked like any folder,
    so that nothing is left out, and is a finding too. SourceError if the root can't be listed or is gone.
    """
    with open_root(disk, root) as top:
        walker = _Walker(disk, top, excludes)
        walker.run()
        top.require_there()
    return walker.result()


class _Folder(NamedTuple):
    """A folder to visit, and which one it was when its name was met."""

    path: str
    device: int
    inode: int


class _Walker:
    def __init__(self, disk: Disk, root: Root, excludes: Sequence[str]) -> None:
        self._disk = disk
        self._root = root
        self._is_excluded = excluder(excludes)
        self._found = Walk()
        self._unreadable = self._ignored = self._excluded = 0

    def run(self) -> None:
        waiting = [_Folder("", self._root.device, self._root.inode)]
        while waiting:
            waiting += reversed(self._visit(waiting.pop()))

    def result(self) -> Walk:
        return replace(
            self._found, unreadable=self._unreadable, ignored=self._ignored, excluded=self._excluded
        )

    def _visit(self, folder: _Folder) -> list[_Folder]:
        """Take what is in a folder but the folders below it: those are left to do."""
        try:
            with self._opened(folder.path) as fd:
                status = self._disk.stat_open(fd)
                if (status.st_dev, status.st_ino) != folder[1:]:
                    raise SourceChanged("another folder took its place")
                return self._take_all(folder, fd, sorted(self._disk.list_folder(fd)))
        except OSError as error:
            self._fail(folder.path, error, "listing this folder. Nothing in it was backed up.")
            return []

    def _take_all(self, folder: _Folder, fd: int, names: list[str]) -> list[_Folder]:
        prefix = f"{folder.path}/" if folder.path else ""
        siblings = frozenset(names)
        stat_in = self._disk.stat_in
        subfolders: list[_Folder] = []
        is_empty = True
        for name in names:
            path = prefix + name
            try:
                status = stat_in(fd, name)
            except OSError as error:
                self._fail(path, error, "looking at this file. It was not backed up.")
                is_empty = False
                continue
            is_folder = stat.S_ISDIR(status.st_mode)
            if ignored(name, siblings, is_folder=is_folder):
                self._ignored += self._count(path) if is_folder else 1
                continue
            is_empty = False
            if self._is_excluded(path, name):
                self._excluded += self._count(path) if is_folder else 1
            elif is_folder:
                subfolders.append(_Folder(path, status.st_dev, status.st_ino))
            else:
                self._take(path, status)
        if is_empty and folder.path:
            self._found.empty_folders.append(folder.path)
        self._note_mounts(folder, subfolders)
        return subfolders

    def _take(self, path: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            self._take_special(path, status)
            return
        found = self._found
        found.paths.append(path)
        found.sizes.append(status.st_size)
        found.mtimes_ns.append(mtime_of(status))
        found.inodes.append(status.st_ino)

    def _take_special(self, path: str, status: os.stat_result) -> None:
        special = _SPECIAL.get(stat.S_IFMT(status.st_mode))
        if special:
            self._note(path, *special)
        else:
            unknown = OSError(errno.EINVAL, "Of no known kind")
            self._fail(path, unknown, "looking at this file. It was not backed up.")

    def _note_mounts(self, folder: _Folder, subfolders: list[_Folder]) -> None:
        for subfolder in subfolders:
            if subfolder.device != folder.device:
                told = (
                    "Another filesystem is mounted here. It was walked like a folder; what it hides was not."
                )
                self._note(subfolder.path, "MountPoint", told)

    def _count(self, path: str) -> int:
        """How many files are in a folder that is left out. What can't be looked at counts as one of them."""
        files = 0
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            try:
                with self._opened(folder) as fd:
                    names = self._disk.list_folder(fd)
                    below = [f"{folder}/{name}" for name in names if self._is_folder(fd, name)]
            except OSError:
                files += 1
            else:
                files += len(names) - len(below)
                waiting += below
        return files

    def _is_folder(self, fd: int, name: str) -> bool:
        try:
            return stat.S_ISDIR(self._disk.stat_in(fd, name).st_mode)
        except OSError:
            return False

    def _fail(self, path: str, error: OSError, doing: str) -> None:
        """Note what can't be backed up, unless the whole source is gone: then nothing can."""
        self._root.require_there(error if not path else None)
        self._unreadable += 1
        why = cause(error)
        told = f"{why[:1].upper()}{why[1:]} while {doing}"
        self._found.findings.append(Finding(path, Stage.SCAN, type(error).__name__, told, failed=True))

    def _note(self, path: str, error_type: str, message: str) -> None:
        self._found.findings.append(Finding(path, Stage.SCAN, error_type, message))

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        fd = self._disk.open_folder(path or ".", within=self._root.fd)
        try:
            yield fd
        finally:
            self._disk.release(fd)
