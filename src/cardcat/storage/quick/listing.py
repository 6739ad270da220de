"""Folders listed by their open descriptors: no link is followed, nothing written, nothing marked as read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cardcat.errors import SourceError
from cardcat.storage._opening import open_folder
from cardcat.storage.ignore import QUARANTINE, excluder
from cardcat.storage.quick.columns import Listed, Place
from cardcat.storage.reading import mtime_of
from cardcat.text import cause

_DESTINATION = ".cardcat"
_HINT = "Give folders or files that are there and that you may read."


@dataclass(frozen=True, slots=True)
class Root:
    """The folder that paths start from, held open as *fd*. With *only*, it is about that one name in it."""

    path: str
    fd: int
    only: str | None = None


def open_roots(paths: Sequence[str]) -> list[Root]:
    """
    Open what a search was given; what lies in another of the *paths*, or is named twice, once only.

    A path that is a link to a folder is that folder. SourceError for what is not there, is no folder and no
    file, or may not be listed. Whoever gets them closes them.
    """
    roots: list[Root] = []
    try:
        for path in _apart(paths):
            roots.append(_opened(path))  # noqa: PERF401 - what was opened before an error must be closed
    except SourceError:
        close_roots(roots)
        raise
    return roots


def close_roots(roots: Sequence[Root]) -> None:
    """Close them."""
    for root in roots:
        os.close(root.fd)


def _apart(paths: Sequence[str]) -> list[str]:
    real = {path: os.path.realpath(path) for path in paths}
    kept: dict[str, str] = {}
    for path, at in real.items():
        others = (other for other in real.values() if other != at)
        if not any(at.startswith(other.rstrip("/") + "/") for other in others):
            kept.setdefault(at, path)
    return list(kept.values())


def _opened(path: str) -> Root:
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            folder, name = os.path.split(path)
            return Root(folder, open_folder(folder, None), name)
        return Root(path, open_folder(path, None))
    except OSError as error:
        raise SourceError(f"{cause(error).capitalize()} while opening {path}", hint=_HINT) from error


class Lister:
    """Lists folders below *roots*. Files of fewer than *min_size* bytes, and *excludes*, are counted only."""

    def __init__(self, roots: Sequence[Root], excludes: Sequence[str], min_size: int) -> None:
        self._roots = roots
        self._min_size = min_size
        self._is_excluded: Callable[[str, str], bool] | None = excluder(excludes) if excludes else None

    def starts(self) -> tuple[list[Place], Listed]:
        """The root folders to list, and the files that were named one by one."""
        places, named = [], Listed()
        for number, root in enumerate(self._roots):
            status = os.fstat(root.fd)
            if root.only is None:
                places.append(Place(number, "", status.st_dev, status.st_ino))
            else:
                self._take_one(number, root, root.only, named)
        return places, named

    def list_folders(self, places: Sequence[Place], most: int) -> Listed:
        """List these folders and, until *most* are listed, those below them."""
        listed = Listed()
        names: list[str] = []
        waiting = [*reversed(places)]
        for _ in range(most):
            if not waiting:
                break
            place = waiting.pop()
            try:
                met = self._visit(place, names, listed)
            except OSError as error:
                self._fail(listed, place, "", error)
            else:
                waiting += reversed(met)
        listed.below = waiting
        listed.names = _joined(names)
        return listed

    def _visit(self, place: Place, names: list[str], listed: Listed) -> list[Place]:
        fd = open_folder(place.path or ".", within=self._roots[place.root].fd)
        try:
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != place[2:]:
                raise OSError(errno.ESTALE, "another folder took its place")
            before = len(names)
            try:
                return self._take_all(fd, place, names, listed)
            finally:
                if len(names) > before:
                    listed.places.append((place.root, place.path))
                    listed.counts.append(len(names) - before)
        finally:
            os.close(fd)

    def _take_all(self, fd: int, place: Place, names: list[str], listed: Listed) -> list[Place]:
        folders: list[Place] = []
        prefix = f"{place.path}/" if place.path else ""
        is_excluded, min_size = self._is_excluded, self._min_size
        add_size, add_mtime = listed.sizes.append, listed.mtimes_ns.append
        add_inode, add_device = listed.inodes.append, listed.devices.append
        with os.scandir(fd) as entries:
            for entry in entries:
                name = entry.name
                if is_excluded and is_excluded(prefix + name, name):
                    listed.excluded += 1
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError as error:
                    self._fail(listed, place, name, error)
                    continue
                if stat.S_ISREG(status.st_mode):
                    size = status.st_size
                    if size < min_size:
                        listed.small += 1
                        continue
                    add_size(size)
                    add_mtime(mtime_of(status))
                    add_inode(status.st_ino)
                    add_device(status.st_dev)
                    names.append(name)
                elif stat.S_ISDIR(status.st_mode):
                    if name == QUARANTINE:  # what is put aside is not found again
                        continue
                    if name == _DESTINATION:
                        listed.destinations.append(self._path(place, ""))
                    folders.append(Place(place.root, prefix + name, status.st_dev, status.st_ino))
                else:
                    listed.special += 1
        return folders

    def _take_one(self, number: int, root: Root, name: str, named: Listed) -> None:
        try:
            status = os.stat(name, dir_fd=root.fd, follow_symlinks=False)
        except OSError as error:
            self._fail(named, Place(number, "", 0, 0), name, error)
            return
        if status.st_size < self._min_size:
            named.small += 1
            return
        named.places.append((number, ""))
        named.counts.append(1)
        named.names += _joined([name])
        named.sizes.append(status.st_size)
        named.mtimes_ns.append(mtime_of(status))
        named.inodes.append(status.st_ino)
        named.devices.append(status.st_dev)

    def _fail(self, listed: Listed, place: Place, name: str, error: OSError) -> None:
        listed.unread.append((self._path(place, name), cause(error)))

    def _path(self, place: Place, name: str) -> str:
        parts = [part for part in (place.path, name) if part]
        return os.path.join(self._roots[place.root].path, *parts)


def _joined(names: list[str]) -> bytes:
    return os.fsencode("\0".join([*names, ""])) if names else b""
