"""A drive on a loop device: it can be made to forget what is in memory, and be held to a rate."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SECTOR = 512  # bytes; the kernel counts in these, whatever the device has
_TOOLS = ("mkfs.ext4", "losetup", "mount", "umount", "blockdev")
_LIMITS = [
    Path(f"/sys/fs/cgroup/blkio/blkio.throttle.{way}_bps_device") for way in ("read", "write")
]  # of the root group: the kernel writes back for all groups, and only there is that held to the rate too


def why_not() -> str | None:
    """Why nothing can be mounted here; None if it can."""
    if os.geteuid():
        return "mounting takes root"
    missing = [tool for tool in _TOOLS if not shutil.which(tool)]
    if missing or not Path("/dev/loop-control").exists():
        return f"there is no {' and no '.join(missing or ['/dev/loop-control'])}"
    return None


def why_no_limit() -> str | None:
    """Why no drive can be held to a rate here; None if it can."""
    closed = [str(file) for file in _LIMITS if not os.access(file, os.W_OK)]
    if closed:
        return f"{closed[0]} can't be written (only version 1 of control groups has it)"
    groups = Path("/proc/self/cgroup").read_text().splitlines()
    return None if any(one.endswith(":blkio:/") for one in groups) else "this is not in the root group"


class Drive:
    """An ext4 in the file *image*, mounted at *place* past the page cache below it."""

    def __init__(self, folder: Path, name: str, megabytes: int, files: int) -> None:
        self.place = folder / name
        self.place.mkdir()
        self._image = folder / f"{name}.img"
        with self._image.open("wb") as file:
            file.truncate(megabytes << 20)
        self._inodes = str(files + 1000)
        self._is_limited = False
        self._device = _run("losetup", "--find", "--show", "--direct-io=on", str(self._image))
        try:
            self._about = Path("/sys/block", Path(self._device).name)
            with suppress(OSError):
                self.limit(0)  # what one that was killed left to this number
            # rmlint reads one file at a time where it thinks that a head has to move
            (self._about / "queue/rotational").write_text("0")
            self._make()
        except BaseException:
            self.end()
            raise

    def anew(self) -> None:
        """
        Make it empty, as on its first day, mounted for writing.

        Nothing is deleted for it, neither in it nor below: ext4 is slow for minutes after that.
        """
        _run("umount", str(self.place))
        _run("blockdev", "--flushbufs", self._device)
        self._make()

    def delivered(self) -> int:
        """Bytes that were read from its device so far."""
        return read_sectors((self._about / "stat").read_text()) * _SECTOR

    def limit(self, rate: int) -> None:
        """Hold reading from its device to *rate* bytes a second, and writing to as many again; 0: neither."""
        self._is_limited = bool(rate)
        number = (self._about / "dev").read_text().strip()
        for file in _LIMITS:
            file.write_text(f"{number} {rate}")

    def forget(self) -> None:
        """Mount it anew, for reading only: nothing of it is in memory."""
        _run("umount", str(self.place))
        _run("blockdev", "--flushbufs", self._device)
        _run("mount", "-o", "ro", self._device, str(self.place))

    def read(self) -> None:
        """Have all of it in memory."""
        command = ["find", str(self.place), "-type", "f", "-exec", "cat", "{}", "+"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def again(self) -> None:
        """Mount it anew, for writing: nothing of it is in memory."""
        _run("umount", str(self.place))
        _run("blockdev", "--flushbufs", self._device)
        _run("mount", self._device, str(self.place))

    def end(self) -> None:
        """Take it away."""
        if self._is_limited:
            with suppress(OSError):
                self.limit(0)  # the next device of that number would be held to it
        subprocess.run(["umount", str(self.place)], check=False)
        subprocess.run(["losetup", "-d", self._device], check=False)
        self._image.unlink()

    def _make(self) -> None:
        made = "nodiscard,lazy_itable_init=0,lazy_journal_init=0"  # or the kernel goes on making it meanwhile
        _run("mkfs.ext4", "-q", "-F", "-N", self._inodes, "-m", "0", "-E", made, self._device)
        _run("mount", self._device, str(self.place))
        (self.place / "lost+found").rmdir()


def read_sectors(stat: str) -> int:
    """Sectors read, by the `stat` of a block device."""
    return int(stat.split()[2])


@contextmanager
def drive(folder: Path, name: str, megabytes: int, files: int) -> Iterator[Drive]:
    """A drive for the time of the block, with room for so much and so many files."""
    made = Drive(folder, name, megabytes, files)
    try:
        yield made
    finally:
        made.end()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
