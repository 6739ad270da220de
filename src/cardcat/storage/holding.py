"""A destination's root, held open: what is made or looked at below it is on that drive, or nowhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cardcat.errors import DestinationError
from cardcat.storage.destination import FOLDER
from cardcat.storage.disk import Disk
from cardcat.storage.mounts import LOCAL_FILESYSTEMS, mount_of_open
from cardcat.storage.presence import Root
from cardcat.storage.ways import Ways

_OURS = ("", "incoming", "manifests")
_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


class DestinationRoot(Root):
    """
    The root folder of a destination. `require_there` raises DestinationError once it is gone.

    A drive may be pulled and leave an empty folder behind, or another drive in its place.
    """

    what = "destination"
    error = DestinationError

    def __init__(self, disk: Disk, path: Path) -> None:
        super().__init__(disk, path)
        self._ways = Ways(disk, path)
        self._start = os.path.join(path, "")
        self._tells_devices = mount_of_open(self.fd).fs_type in LOCAL_FILESYSTEMS  # an overlay shows any

    @property
    def itself(self) -> Path:
        """A path to the open folder, which leads to this drive even where another took its place."""
        return Path(f"/proc/self/fd/{self.fd}")

    @property
    def cluster_bytes(self) -> int:
        """In which portions its filesystem gives room away."""
        return os.fstatvfs(self.fd).f_frsize

    def make_folders(self, path: str) -> None:
        """Make the folder *path* below the root. NotADirectoryError where a file or a link is in the way."""
        self._disk.make_folders(path, within=self.fd)

    def look(self, path: str) -> os.stat_result | None:
        """
        What is known of *path* below the root; None if it is not there.

        What lies on another filesystem, or behind a link, is not there either: it goes another way than
        this drive.
        DestinationError if the drive itself is not there. A file that can't be looked at is an OSError.
        """
        try:
            status = self._disk.stat(f"{self._start}{path}")
        except OSError as error:
            if error.errno not in _NOTHING_THERE:
                raise
            self.require_there()
            return None
        is_here = status.st_dev == self.device or not self._tells_devices
        if is_here and self._ways.is_straight(path):
            return status
        self.require_there()
        return None

    def look_at_file(self, path: str) -> os.stat_result | None:
        """As `look`, but None too for what is no regular file."""
        status = self.look(path)
        return status if status is not None and stat.S_ISREG(status.st_mode) else None

    def look_at_files(self, paths: Iterable[str]) -> Iterator[os.stat_result | None]:
        """
        As `look_at_file`, of many: quickest where those of one folder come one after the other.

        Only at its end it is sure that the drive was there: a folder that is open answers on without it.
        """
        folder, fd = None, None
        try:
            for path in paths:
                above, _, name = path.rpartition("/")
                if above != folder:
                    if fd is not None:
                        self._disk.release(fd)
                    folder, fd = above, None
                    fd = self._opened(above)
                yield self.look_at_file(path) if fd is None else self._in(fd, name, path)
            self.require_there()
        finally:
            if fd is not None:
                self._disk.release(fd)

    def _opened(self, folder: str) -> int | None:
        """A folder of this drive, open; None for what had better be looked at file by file."""
        try:
            is_straight = self._ways.is_straight(f"{folder}/")
            return self._disk.open_folder(folder or ".", within=self.fd) if is_straight else None
        except OSError:
            return None

    def _in(self, fd: int, name: str, path: str) -> os.stat_result | None:
        try:
            status = self._disk.stat_in(fd, name)
        except OSError:
            return self.look_at_file(path)
        if status.st_dev != self.device and self._tells_devices:
            return self.look_at_file(path)
        return status if stat.S_ISREG(status.st_mode) else None

    def is_folder(self, path: str) -> bool:
        """Whether *path* is a folder of this drive, and no link to one."""
        status = self.look(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def require_own_folders(self) -> None:
        """DestinationError if a folder of ours is a file, or a link that leads elsewhere."""
        for name in _OURS:
            path = f"{FOLDER}/{name}".rstrip("/")
            if self._disk.exists(self.path / path) and not self.is_folder(path):
                raise DestinationError(
                    f"The destination's own folder is none, or lies elsewhere: {self.path / path}",
                    hint="Move away what is in its place, then give the same command again.",
                )


@contextmanager
def open_destination(disk: Disk, path: Path) -> Iterator[DestinationRoot]:
    """Hold the root of a destination open. DestinationError if it is no folder that can be listed."""
    root = DestinationRoot(disk, path)
    try:
        yield root
    finally:
        disk.release(root.fd)
