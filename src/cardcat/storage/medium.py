"""What lies between a filesystem and its medium: devices, and memory that could answer in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cardcat.storage import _linux
from cardcat.storage.mounts import LOCAL_FILESYSTEMS, mount_of_open

_SYSFS = "/sys/dev/block"
_SMALL = 64 * 1024  # bytes; no filesystem keeps larger files among its metadata
_TRIES = 6  # while others read and write on the same drive
_plain: set[int] = set()  # numbers of disks and partitions that stand on nothing else, which stays so
_GIVEN_ANEW = 259  # the major number of partitions of any kind, also of loop devices: theirs do not stay
_NEVER_INLINE = frozenset({"vfat", "msdos", "exfat", "jfs"})  # and they don't tell where a file lies


def block_device(number: int) -> Path | None:
    """The sysfs folder of the block device with that number (an st_dev or st_rdev); None if there is none."""
    try:
        where = os.readlink(f"{_SYSFS}/{os.major(number)}:{os.minor(number)}")
    except OSError:
        return None
    return Path(os.path.normpath(f"{_SYSFS}/{where}"))


def is_medium_gone(number: int) -> bool:
    """
    Whether the block device with that number has been pulled, or the card out of its reader.

    Only for numbers that `block_device` knew before.
    """
    device = block_device(number)
    return device is None or any(_read(disk / "size") == "0" for disk in disks_below(device))


def disks_below(device: Path) -> Iterator[Path]:
    """The whole disks that a block device stands on: a partition's own, all those of a mapped device."""
    if os.path.exists(f"{device}/partition"):
        device = device.parent
    try:
        slaves = sorted(os.listdir(f"{device}/slaves"))
    except OSError:
        slaves = []
    if not slaves:
        yield device
    for slave in slaves:
        yield from disks_below((device / "slaves" / slave).resolve())


def drop_cache_below(fd: int, fs_type: str) -> str | None:
    """
    Make memory below the pages of an open, synced file forget it.

    None when none can answer for the medium; else a phrase that says which may.
    """
    if _is_among_metadata(fd, fs_type):
        return f"{fs_type} keeps small files among its metadata"
    is_fuse = _linux.is_fuse(fd)
    if not is_fuse and os.fstat(fd).st_dev in _plain:
        return None
    device = None if is_fuse else _device_of(fd)
    if device is None:
        return "the device is not known"
    if any(_is_cached_loop(disk) for disk in disks_below(device)):
        return _drop_loop(fd, device)
    _note_plain(os.fstat(fd).st_dev)
    return None


def _note_plain(number: int) -> None:
    """Remember a disk or its partition; a loop device or a mapping may get something else below it."""
    device = block_device(number)
    if device is None or os.major(number) == _GIVEN_ANEW:
        return
    (*others, disk) = disks_below(device)
    if not others and disk in (device, device.parent) and not os.path.isdir(f"{disk}/loop"):
        _plain.add(number)


def _is_among_metadata(fd: int, fs_type: str) -> bool:
    if os.fstat(fd).st_size > _SMALL or fs_type in _NEVER_INLINE:
        return False
    places = _linux.extents(fd)
    return places is None or any(place.inline for place in places)


def _device_of(fd: int) -> Path | None:
    device = block_device(os.fstat(fd).st_dev)
    if device is not None:
        return device
    mount = mount_of_open(fd)  # btrfs shows numbers that no device has
    try:
        return block_device(os.stat(mount.device).st_rdev) if mount.fs_type in LOCAL_FILESYSTEMS else None
    except OSError:
        return None


def _is_cached_loop(disk: Path) -> bool:
    """Whether the disk is a file of another filesystem, read through that one's page cache."""
    return os.path.isdir(f"{disk}/loop") and _read(disk / "loop" / "dio") != "1"


def _drop_loop(fd: int, device: Path) -> str | None:
    trouble = "the file behind the loop device may be in memory"
    places = _linux.extents(fd)
    if not (device / "loop").is_dir() or places is None:
        return trouble
    try:
        lower = os.open(_read(device / "loop" / "backing_file"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return trouble
    try:
        is_dropped = _drop_places(lower, places, int(_read(device / "loop" / "offset") or 0))
    except OSError:
        return trouble
    finally:
        os.close(lower)
    return None if is_dropped else trouble


def _drop_places(lower: int, places: list[_linux.Extent], shift: int) -> bool:
    below = _device_of(lower)
    if mount_of_open(lower).fs_type not in LOCAL_FILESYSTEMS or below is None:
        return False
    if any(_is_cached_loop(disk) for disk in disks_below(below)):
        return False
    for _ in range(_TRIES):
        os.posix_fadvise(lower, 0, 0, os.POSIX_FADV_DONTNEED)
        if not any(_is_in_memory(lower, place, shift) for place in places):
            return True
        os.fsync(lower)  # what waits to be written stays; what a neighbour's read took along goes next time
    return False


def _is_in_memory(lower: int, place: _linux.Extent, shift: int) -> bool:
    return place.physical is None or bool(_linux.resident_pages(lower, shift + place.physical, place.length))


def _read(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).strip("\n")
    except OSError:
        return ""
