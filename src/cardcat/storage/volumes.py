"""Cards, disks and shares: which one a path is on, and what recognises it again wherever it is mounted."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cardcat.model import Volume
from cardcat.storage import _linux
from cardcat.storage.disks import disks_of, lasting_name
from cardcat.storage.mounts import Mount, mount_of, mounts

_BY_UUID = Path("/dev/disk/by-uuid")
_BY_LABEL = Path("/dev/disk/by-label")
_PATIENCE = 5.0  # seconds for a device to tell what is on it

_UUID_FROM_KERNEL = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"})
_HEX = re.compile(rb"\\x([0-9a-fA-F]{2})")

_NO_VOLUMES = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs "
    "mqueue nsfs proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)


def volume_of(path: Path) -> Volume:
    """The volume that *path* is on, or would be on if it existed. OSError if it can't be looked at."""
    return _volume(mount_of(path))


def mounted_volumes() -> list[Volume]:
    """Every volume that is mounted now and can be looked at; one that is mounted twice is there twice."""
    volumes = []
    for mount in mounts():
        if mount.fs_type not in _NO_VOLUMES:
            try:
                volumes.append(_volume(mount))
            except OSError:  # a share that does not answer, a folder that is not ours to enter
                continue
    return volumes


def is_one_of_two(volume: Volume, mounted: Sequence[Volume]) -> bool:
    """
    Whether another device among *mounted* says that it is this volume: one of both is a clone.

    Which one, neither can tell: all that is on a drive comes along when it is copied as a whole.
    """
    return any(other.key == volume.key and not _is_same(other.device, volume.device) for other in mounted)


def _is_same(one: str, other: str) -> bool:
    """Whether both names stand for one device: some have several."""
    if one == other:
        return True
    try:
        numbers = os.stat(one).st_rdev, os.stat(other).st_rdev
    except OSError:
        return False
    return numbers[0] == numbers[1] != 0


def is_mount_point(path: Path) -> bool:
    """Whether a filesystem, or a part of one, is mounted right there."""
    place = Path(os.path.realpath(path))
    return any(mount.mount_point == place for mount in mounts())


def path_on_volume(path: Path) -> str:
    """
    *path* relative to the root of its filesystem, '' for the root itself.

    Links are resolved. It stays the same if only a part of the filesystem is mounted, or somewhere else.
    """
    mount = mount_of(path)
    below = Path(os.path.realpath(path)).relative_to(mount.mount_point)
    found = str(Path(mount.root.strip("/"), below))
    return "" if found == "." else found


def path_from_volume(volume: Volume, relative: str) -> Path | None:
    """Where a path that `path_on_volume` gave is now; None if that part of the volume is not mounted."""
    for mount in reversed(mounts()):
        if mount.mount_point == volume.mount_point:
            part = Path(mount.root.strip("/"))
            inside = Path(relative).is_relative_to(part)
            return volume.mount_point / Path(relative).relative_to(part) if inside else None
    return None


def disk_of(volume: Volume) -> str | None:
    """The name of the physical disk that holds the volume, several joined by `+`; None if there is none."""
    return "+".join(disk.name for disk in _disks(volume.device)) or None


def _disks(device: str) -> list[Path]:
    try:
        status = os.stat(device)
    except OSError:
        return []
    return disks_of(status.st_rdev) if stat.S_ISBLK(status.st_mode) else []


def _volume(mount: Mount) -> Volume:
    numbers = os.statvfs(mount.mount_point)
    total = numbers.f_blocks * numbers.f_frsize
    uuid, label = _names(mount)
    return Volume(
        key=volume_key(mount, uuid, total),
        mount_point=mount.mount_point,
        fs_uuid=uuid,
        fs_type=mount.fs_type,
        label=label,
        device=mount.device,
        total_bytes=total,
        free_bytes=numbers.f_bavail * numbers.f_frsize,
        disk=lasting_name(_disks(mount.device)),
    )


def volume_key(mount: Mount, uuid: str | None, total: int) -> str:
    """
    What recognises a volume: its filesystem's UUID, else the best there is.

    That is a disk's name with its size (names are given anew at each start), a share's address, and of
    what has neither, the place where it is mounted.
    """
    if uuid:
        return f"uuid:{uuid}"
    if mount.device.startswith("/dev/"):
        return f"{mount.fs_type}:{mount.device}:{total}"
    if "/" in mount.device or ":" in mount.device:
        return f"{mount.fs_type}:{mount.device}"
    return f"{mount.fs_type}:{mount.mount_point}"


def _names(mount: Mount) -> tuple[str | None, str | None]:
    """UUID and label of the filesystem on a block device, as far as this user may know them."""
    if not mount.device.startswith("/"):
        return None, None
    uuid, label = _linked(_BY_UUID, mount.device), _linked(_BY_LABEL, mount.device)
    if uuid is None:
        probed = _probed(mount.device)
        uuid, label = probed.get("ID_FS_UUID_ENC"), probed.get("ID_FS_LABEL_ENC", label)
    return _told(mount) or uuid or None, label or None


def _told(mount: Mount) -> str | None:
    """The UUID from the kernel, where it is the one that everybody else finds on the device."""
    if mount.fs_type not in _UUID_FROM_KERNEL:
        return None
    try:
        fd = os.open(mount.mount_point, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _linux.filesystem_uuid(fd)
    finally:
        os.close(fd)


def _linked(folder: Path, device: str) -> str | None:
    """The name of the link in *folder* that leads to the device."""
    real = os.path.realpath(device)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    return next((_plain(name) for name in names if os.path.realpath(folder / name) == real), None)


def _probed(device: str) -> dict[str, str]:
    """What stands on the device itself; nothing where it may not be read."""
    command = ["blkid", "-p", "-o", "udev", "--", device]
    try:
        answer = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = answer.stdout.decode("utf-8", "surrogateescape").splitlines()
    return {name: _plain(value) for name, _, value in (line.partition("=") for line in lines)}


def _plain(name: str) -> str:
    """The name, with its escaped bytes as they are."""
    return os.fsdecode(_HEX.sub(lambda escape: bytes([int(escape[1], 16)]), os.fsencode(name)))
