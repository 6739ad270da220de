"""The physical disk below a volume: how the system calls it now, and what it is called for good."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cardcat.storage.medium import block_device, disks_below

_UDEV = Path("/run/udev/data")
_OWN_NAMES = ("wwid", "device/wwid", "device/cid", "serial", "device/serial")  # below a disk's sysfs folder
_UDEV_NAMES = ("ID_WWN_WITH_EXTENSION", "ID_SERIAL", "ID_PART_TABLE_UUID")  # the most particular first
_SAYS_NOTHING = re.compile(r"[0\s.:-]*")


def disks_of(number: int) -> list[Path]:
    """The sysfs folders of the whole disks below the block device with that number; none if it is none."""
    device = block_device(number)
    return sorted(set(disks_below(device))) if device else []


def lasting_name(disks: list[Path]) -> str | None:
    """
    What *disks* are called wherever they are plugged in, several joined by `+`; None if one has no name.

    Cheap bridges give every disk the same one: equal names need not be one disk, different ones are two.
    """
    names = [_lasting(disk) for disk in disks]
    return "+".join(sorted(name for name in names if name)) if names and all(names) else None


def _lasting(disk: Path) -> str | None:
    if (disk / "loop").is_dir():
        return _of_file(disk)
    for name in _OWN_NAMES:
        if told := _told(_read(disk / name)):
            return told
    return _from_udev(disk)


def _of_file(disk: Path) -> str | None:
    """A disk in a file is that file."""
    try:
        status = os.stat(_read(disk / "loop" / "backing_file"))
    except (OSError, ValueError):
        return None
    return f"file:{status.st_dev:x}:{status.st_ino:x}"


def _from_udev(disk: Path) -> str | None:
    lines = _read(_UDEV / f"b{_read(disk / 'dev')}").splitlines()
    told = dict(line.removeprefix("E:").partition("=")[::2] for line in lines if line.startswith("E:"))
    return next((name for key in _UDEV_NAMES if (name := _told(told.get(key, "")))), None)


def _told(text: str) -> str | None:
    """A name as one word, since `+` and spaces stand between names; None for one that says nothing."""
    word = re.sub(r"[\s+]+", "_", text.strip())
    return None if _SAYS_NOTHING.fullmatch(word) else word


def _read(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes()).strip("\n")
    except OSError:
        return ""
