"""The seam between the pipeline and the system: each operation on a source or destination is one method."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path, PurePath

from cardcat.storage import _linux
from cardcat.storage._far import is_near, reachable
from cardcat.storage._links import Links
from cardcat.storage._memory import Memory
from cardcat.storage._opening import open_file, open_folder
from cardcat.storage.below import Below

StrPath = str | os.PathLike[str]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

_NO_SUCH_CALL = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP})
_NO_SUCH_TIMES = _NO_SUCH_CALL | {errno.EPERM, errno.EACCES}


class Disk(Links, Memory):
    """
    What the pipeline does to files, an operation a method. OSError is raised as the system gives it.

    Tests subclass it to fail, to lie or to stop at the n-th step. Methods may be called from several
    threads at once. Whoever opens closes.
    """

    def __init__(self) -> None:
        self._making_folders = threading.Lock()

    # -- reading -------------------------------------------------------------------------------------

    def open_source(self, path: StrPath) -> int:
        """
        Open a file of a source for reading; its access time stays where the system allows that.

        On the way to a `Below` no link is followed: NotADirectoryError where one took a folder's place.
        """
        if isinstance(path, Below):
            with path.reached() as (name, folder):
                return open_file(name, within=folder)
        return open_file(os.fspath(path))

    def open_copy(self, path: StrPath) -> int:
        """Open a file of a destination for reading it back."""
        return open_file(os.fspath(path))

    def open_direct(self, path: StrPath) -> int:
        """Open a file for reading past the page cache; EINVAL where the filesystem can't."""
        return open_file(os.fspath(path), os.O_DIRECT)

    def open_folder(self, path: StrPath, within: int | None = None) -> int:
        """Open a folder for listing; below the open folder *within* no link is followed."""
        return open_folder(os.fspath(path), within)

    def read_into(self, fd: int, view: memoryview) -> int:
        """Read the next bytes into *view*; how many there were, 0 at the end."""
        return os.readv(fd, (view,))

    def read_at(self, fd: int, view: memoryview, offset: int) -> int:
        """Read bytes from *offset* on into *view*; how many there were, 0 past the end."""
        return os.preadv(fd, (view,), offset)

    def list_folder(self, path: StrPath | int) -> list[str]:
        """The names in a folder, given by path or open, in no order."""
        if isinstance(path, int) or is_near(os.fspath(path)):
            return os.listdir(path)
        fd = self.open_folder(path)
        try:
            return os.listdir(fd)
        finally:
            self.release(fd)

    def peek_folder(self, fd: int) -> None:
        """Read the beginning of an open folder: OSError if it can't be read any more."""
        with os.scandir(fd) as entries:
            next(entries, None)

    def stat(self, path: StrPath) -> os.stat_result:
        """What is known of *path* itself; a link is not followed."""
        path = os.fspath(path)
        if is_near(path):
            return os.lstat(path)
        with reachable(path) as (name, folder):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def stat_in(self, folder: int, name: str) -> os.stat_result:
        """What is known of *name* in the open *folder*; a link is not followed."""
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def stat_open(self, fd: int) -> os.stat_result:
        """What is known of an open file or folder."""
        return os.fstat(fd)

    def exists(self, path: StrPath) -> bool:
        """Whether something, be it a dangling link, has this name. OSError where that can't be told."""
        try:
            self.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def free_bytes(self, path: StrPath) -> int:
        """How many bytes the user may still write to the filesystem of *path*."""
        numbers = os.statvfs(path)
        return numbers.f_bavail * numbers.f_frsize

    # -- writing -------------------------------------------------------------------------------------

    def open_new(self, path: StrPath) -> int:
        """Make a file and open it for writing; FileExistsError if anything has that name."""
        return os.open(path, _NEW, 0o666)

    def write(self, fd: int, view: memoryview) -> None:
        """Write all of *view*, however many bytes the system takes at a time."""
        while view:
            try:
                written = self.write_some(fd, view)
            except OSError as error:
                if error.errno != errno.EINVAL or not self.go_through_cache(fd):
                    raise
                continue  # its device wants another alignment
            if not written:
                raise OSError(errno.EIO, "the system took no more bytes")
            view = view[written:]

    def write_some(self, fd: int, view: memoryview) -> int:
        """Write as much of *view* as the system takes at once; how many bytes that were."""
        return os.write(fd, view)

    def close(self, fd: int) -> None:
        """Close it. What could not be written until now may be reported here."""
        os.close(fd)

    def release(self, fd: int) -> None:
        """Close what was only read: whatever the system says to that, no byte is lost by it."""
        with suppress(OSError):
            self.close(fd)

    def set_times(self, target: StrPath | int, mtime_ns: int) -> None:
        """Give a file its modification time, as exactly as the filesystem keeps one."""
        try:
            os.utime(target, ns=(mtime_ns, mtime_ns))
        except OSError as error:
            if error.errno not in _NO_SUCH_TIMES:
                raise

    def set_read_only(self, fd: int) -> None:
        """Take away everybody's right to write to the file, where the filesystem knows of rights."""
        try:
            os.fchmod(fd, 0o444)
        except OSError as error:
            if error.errno not in _NO_SUCH_TIMES:
                raise

    def make_folders(self, path: StrPath, within: int | None = None) -> None:
        """
        Make the folder and those above it that are missing; their entries are on the medium on return.

        Below the open folder *within* no link is followed: NotADirectoryError where one is in the way.
        """
        with self._making_folders:  # whoever finds a folder there may rely on its entry being synced
            if within is None:
                self._make_folder(Path(path))
            else:
                self._make_folders_within(PurePath(path), within)

    def _make_folder(self, path: Path) -> None:
        missing = []
        while not path.is_dir():
            missing.append(path)
            path = path.parent
        for folder in reversed(missing):
            try:
                self.make_folder(folder)
            except FileExistsError:
                if not folder.is_dir():
                    raise
            self.fsync_folder(folder.parent)

    def _make_folders_within(self, path: PurePath, within: int) -> None:
        folder = os.dup(within)
        try:
            for part in path.parts:
                deeper = self._made_within(part, folder)
                self.release(folder)
                folder = deeper
        finally:
            self.release(folder)

    def _made_within(self, name: str, folder: int) -> int:
        try:
            return self.open_folder(name, folder)
        except FileNotFoundError:
            self.make_folder(name, folder)
            self.fsync_folder(folder)
            return self.open_folder(name, folder)

    def make_folder(self, path: StrPath, within: int | None = None) -> None:
        """Make one folder, in the open folder *within* if one is given. Its entry is not synced."""
        os.mkdir(path, dir_fd=within)

    def rename_new(self, source: StrPath, target: StrPath) -> None:
        """
        Give *source* the name *target*; FileExistsError if that is taken.

        Atomic where the filesystem can; where it can't, *target* is looked for first, so the caller
        holds the destination's lock.
        """
        with reachable(os.fspath(target)) as (name, folder):
            try:
                _linux.rename_noreplace(os.fsencode(source), os.fsencode(name), folder)
            except OSError as error:
                if error.errno not in _NO_SUCH_CALL:
                    raise type(error)(error.errno, error.strerror, str(source), None, str(target)) from None
            else:
                return
            if self.exists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
            os.rename(source, name, dst_dir_fd=folder)

    def replace(self, source: StrPath, target: StrPath) -> None:
        """Give *source* the name *target* in the place of the file that has it: of what keeps all of that."""
        with reachable(os.fspath(target)) as (name, folder):
            os.rename(source, name, dst_dir_fd=folder)

    def remove(self, path: StrPath) -> None:
        """Remove one file or link."""
        os.unlink(path)

    def remove_folder(self, path: StrPath) -> None:
        """Remove one folder with nothing in it."""
        os.rmdir(path)

    def remove_tree(self, path: StrPath) -> None:
        """Remove a folder and all in it; links in it are removed, never followed."""
        shutil.rmtree(path)

    # -- keeping others away -------------------------------------------------------------------------

    def open_lock(self, path: StrPath) -> int:
        """Open a file of ours that is there to be locked, or make it. A link is not followed."""
        return os.open(path, _LOCK, 0o666)

    def lock(self, fd: int) -> None:
        """Lock it for this process alone; BlockingIOError if another has. Closing it unlocks."""
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def leave_note(self, fd: int, note: bytes) -> None:
        """Let *note* be all that stands in the open file."""
        os.ftruncate(fd, 0)
        os.pwrite(fd, note, 0)

    # -- making it last ------------------------------------------------------------------------------

    def fsync(self, fd: int) -> None:
        """Return when the file's bytes and size are on the medium."""
        os.fsync(fd)

    def sync_filesystem(self, fd: int) -> None:
        """Return when everything of the filesystem that *fd* is on is on the medium."""
        _linux.syncfs(fd)

    def fsync_folder(self, path: StrPath | int) -> None:
        """Return when the folder's entries are on the medium, where the filesystem can sync a folder."""
        fd = os.dup(path) if isinstance(path, int) else self.open_folder(path)
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in _NO_SUCH_CALL:
                raise
        finally:
            self.release(fd)
