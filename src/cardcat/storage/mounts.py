"""What is mounted where, as the kernel tells it."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MOUNTINFO = Path("/proc/self/mountinfo")

LOCAL_FILESYSTEMS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "msdos", "exfat", "ntfs3", "jfs"}
)
"""The kernel's own on a block device: one sync does for all files, only the page cache keeps their bytes."""

PAST_CACHE = frozenset({"ext4", "xfs"})
"""Those of them that write large files at the speed of the device where memory is left out of it."""

_PATIENCE = 0.5  # seconds until it is asked again whether to stop

_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """
    One line of mountinfo. *root* is the folder of the filesystem that is mounted, `/` for all of it.

    *device* is the block device or share, or a word where there is neither (`tmpfs`).
    """

    id: int
    mount_point: Path
    root: str
    fs_type: str
    device: str


def mounts() -> list[Mount]:
    """Everything that is mounted now, in the order of mounting."""
    return parse_mountinfo(MOUNTINFO.read_bytes())


def parse_mountinfo(text: bytes) -> list[Mount]:
    """The mounts of a mountinfo file; a line that is none is passed over."""
    return [mount for line in text.splitlines() if (mount := _parse_line(line))]


def _parse_line(line: bytes) -> Mount | None:
    before, _, after = line.partition(b" - ")
    own, common = before.split(), after.split()
    try:
        number, _, _, root, mount_point, *_ = own
        fs_type, device, *_ = common
        return Mount(int(number), Path(_plain(mount_point)), _plain(root), _plain(fs_type), _plain(device))
    except ValueError:
        return None


def _plain(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda escape: bytes([int(escape[1], 8) & 0xFF]), field))


def mount_of(path: Path) -> Mount:
    """The mount that *path*, or the nearest folder above it that exists, is on."""
    existing = path.absolute()
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    fd = os.open(existing, os.O_PATH | os.O_CLOEXEC)
    try:
        return mount_of_open(fd)
    finally:
        os.close(fd)


def mount_of_open(fd: int) -> Mount:
    """The mount that an open file is on."""
    mounted = mounts()
    number = _mount_id(fd)
    for mount in mounted:
        if mount.id == number:
            return mount
    return _longest(mounted, Path(os.readlink(f"/proc/self/fd/{fd}")))


def _mount_id(fd: int) -> int | None:
    info = Path(f"/proc/self/fdinfo/{fd}").read_text("ascii")
    found = re.search(r"^mnt_id:\s*(\d+)", info, re.MULTILINE)
    return int(found[1]) if found else None


def _longest(mounted: list[Mount], path: Path) -> Mount:
    """For systems that don't tell the mount of an open file. Of equals the last hides the others."""
    above = [mount for mount in mounted if path.is_relative_to(mount.mount_point)]
    return max(reversed(above), key=lambda mount: len(mount.mount_point.parts))


class MountWatch:
    """
    Tells when something is mounted or unmounted. Close it, or use it as a context manager.

    *file* is a mountinfo. Where the system does not tell of changes, `wait` takes its whole time.
    """

    def __init__(self, file: Path = MOUNTINFO) -> None:
        self._fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLPRI | select.POLLERR)
        self._last = self._now()

    def wait(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a change, at most so long and not after *stop* says so; whether there was one."""
        end = time.monotonic() + seconds
        while not stop():
            left = end - time.monotonic()
            is_told = self._poll.poll(1_000 * max(0.0, min(left, _PATIENCE)))
            if self._has_changed():
                return True
            if left <= 0:
                break
            if is_told:  # of nothing: a system that always says so must not be asked in a circle
                time.sleep(min(left, _PATIENCE))
        return False

    def close(self) -> None:
        """Stop watching."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has_changed(self) -> bool:
        before, self._last = self._last, self._now()
        return before != self._last

    def _now(self) -> bytes:
        os.lseek(self._fd, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._fd, 65_536):
            parts.append(part)
        return b"".join(parts)
