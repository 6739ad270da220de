"""Whether a source is still there. A file that fails is a finding; a card that was pulled ends the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardcat.errors import CardcatError, SourceError
from cardcat.storage.disk import Disk
from cardcat.storage.medium import block_device, is_medium_gone
from cardcat.text import cause

_HINT = "Check that it is plugged in and readable, then give the same command again."


class Root:
    """
    The root folder of a source, held open, so that it can be told whether the same one is still there.

    *fd* is the open folder. The identity is that of the folder which was opened.
    """

    what = "source"
    error: type[CardcatError] = SourceError

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        self.fd = self._open()
        status = self._status(self.fd)
        self.device, self.inode = status.st_dev, status.st_ino
        self._has_medium = block_device(self.device) is not None

    def require_there(self, trouble: OSError | None = None) -> None:
        """
        SourceError if the folder is gone, is another one by now, or its medium can't be read any more.

        *trouble* is what was met in the root itself: then it can't be.
        """
        if trouble:
            raise self._gone(cause(trouble)) from trouble
        now = self._open()
        status = self._status(now)
        try:
            self._disk.peek_folder(now)
        except OSError as error:
            raise self._gone(cause(error)) from error
        finally:
            self._disk.release(now)
        if (status.st_dev, status.st_ino) != (self.device, self.inode):
            raise self._gone("another folder is in its place")
        if self._has_medium and is_medium_gone(self.device):
            raise self._gone("its device was unplugged")

    def require_same(self) -> None:
        """SourceError if another folder is in its place: what was read there was not this source's."""
        try:
            now = self._disk.open_folder(self.path)
        except OSError:
            return
        status = self._status(now)
        self._disk.release(now)
        if (status.st_dev, status.st_ino) != (self.device, self.inode):
            raise self._gone("another folder is in its place")

    def _open(self) -> int:
        try:
            return self._disk.open_folder(self.path)
        except OSError as error:
            raise self._gone(cause(error)) from error

    def _status(self, fd: int) -> os.stat_result:
        """Of the open folder, which is closed if that can't be told."""
        try:
            return self._disk.stat_open(fd)
        except OSError as error:
            self._disk.release(fd)
            raise self._gone(cause(error)) from error

    def _gone(self, why: str) -> CardcatError:
        return self.error(f"The {self.what} can't be read: {why}: {os.fspath(self.path)}", hint=_HINT)


@contextmanager
def open_root(disk: Disk, path: Path) -> Iterator[Root]:
    """Hold the root of a source open. SourceError if it is no folder that can be listed."""
    root = Root(disk, path)
    try:
        yield root
    finally:
        disk.release(root.fd)


@contextmanager
def folder_below(disk: Disk, root: int, path: str) -> Iterator[int]:
    """Open the folder *path* below the open folder *root*. NotADirectoryError where a link is on the way."""
    folder = os.dup(root)
    try:
        for part in path.split("/") if path else ():
            deeper = disk.open_folder(part, folder)
            disk.release(folder)
            folder = deeper
        yield folder
    finally:
        disk.release(folder)
