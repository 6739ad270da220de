"""What is plugged in: filesystems on devices of their own, how they came here, and what lies at their top."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cardcat.plan.cards import Top
from cardcat.storage.disk import Disk
from cardcat.storage.disks import disks_of
from cardcat.storage.ignore import ignored
from cardcat.storage.mounts import Mount, mount_of, mounts

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SYSTEM = frozenset(map(Path, ("/", "/boot", "/boot/efi", "/efi", "/etc", "/home", "/opt", "/usr", "/var")))
_NO_CARDS = frozenset({"squashfs", "erofs", "iso9660", "udf"})  # programs' packages and discs


@dataclass(frozen=True, slots=True)
class Plugged:
    """
    A filesystem on a block device, mounted as a whole.

    *stay* is one word for this insertion, which no other one has. *is_removable*: in a card reader, or by
    USB. *is_system*: on a disk that the computer itself runs from.
    """

    mount_point: Path
    stay: str
    is_removable: bool
    is_system: bool


def plugged_volumes() -> list[Plugged]:
    """What is mounted now and can be looked at, in the order of mounting, each device once."""
    mounted = [(mount, _disks(mount)) for mount in mounts() if _is_on_device(mount)]
    system = {disk for mount, disks in mounted if mount.mount_point in _SYSTEM for disk in disks}
    found: dict[str, Plugged] = {}
    for mount, disks in mounted:
        if mount.root == "/" and mount.device not in found and _is_on_top(mount):
            found[mount.device] = Plugged(
                mount.mount_point,
                _stay(mount, disks),
                is_removable=any(map(_is_removable, disks)),
                is_system=not system.isdisjoint(disks),
            )
    return list(found.values())


def top_of(mount_point: Path, disk: Disk, tells: Callable[[str], bool], opens: Callable[[str], bool]) -> Top:
    """
    What lies at the root of a volume: of its folders those whose name *tells* something.

    Only of those that it *opens* the folders in them are named. No file is opened, and access times stay
    where the system allows that. OSError if it can't be listed.
    """
    root = disk.open_folder(mount_point)
    try:
        names = disk.list_folder(root)
        telling = [name for name in names if tells(name) and _is_folder(disk, root, name)]
        folders = {name: _folders_in(disk, root, name) if opens(name) else () for name in telling}
    finally:
        disk.release(root)
    siblings = frozenset(names)
    is_empty = all(ignored(name, siblings) or name == "lost+found" for name in names)
    return Top(folders, is_empty)


def _folders_in(disk: Disk, root: int, name: str) -> tuple[str, ...]:
    folder = disk.open_folder(name, within=root)
    try:
        return tuple(below for below in disk.list_folder(folder) if _is_folder(disk, folder, below))
    finally:
        disk.release(folder)


def _is_folder(disk: Disk, folder: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(disk.stat_in(folder, name).st_mode)
    except OSError:
        return False


def _is_on_device(mount: Mount) -> bool:
    return mount.device.startswith("/dev/") and mount.fs_type not in _NO_CARDS


def _is_on_top(mount: Mount) -> bool:
    """Whether its mount point leads to it, and not to what was mounted over it later."""
    try:
        return mount_of(mount.mount_point).id == mount.id
    except OSError:
        return False


def _disks(mount: Mount) -> list[Path]:
    try:
        return disks_of(os.stat(mount.device).st_rdev)
    except OSError:
        return []


def _is_removable(disk: Path) -> bool:
    """By USB, or an SD card in a slot of the computer (an eMMC there is soldered in)."""
    if _read(disk / "removable") == "1" or "/usb" in str(disk):
        return True
    return _read(disk / "device" / "type") == "SD"


def _stay(mount: Mount, disks: list[Path]) -> str:
    """
    The kernel counts each medium that comes (diskseq, from 5.15 on); for older ones the mount tells.

    That one has another number in each mount namespace: two who look would not agree which stay it is.
    """
    numbers = [_read(disk / "diskseq") for disk in disks]
    if not all(numbers) or not numbers:
        return f"{_read(_BOOT_ID)}/{mount.device}/{mount.id}"
    media = (f"{_read(disk / 'dev')}={number}" for disk, number in zip(disks, numbers, strict=True))
    return f"{_read(_BOOT_ID)}/{'+'.join(media)}"


def _read(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).strip("\n")
    except OSError:
        return ""
