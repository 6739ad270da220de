"""What must be on the medium is synced in the cheapest way that this filesystem allows."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.durable import make_durable


class Recording(Disk):
    def __init__(self, trouble: int = 0) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._trouble = trouble
        self._names: dict[int, str] = {}

    def open_copy(self, path: StrPath) -> int:
        fd = super().open_copy(path)
        self._names[fd] = Path(path).name
        return fd

    def fsync(self, fd: int) -> None:
        self.calls.append(f"fsync {self._names[fd]}")

    def sync_filesystem(self, fd: int) -> None:
        self.calls.append("syncfs")
        if self._trouble:
            raise OSError(self._trouble, os.strerror(self._trouble))


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in "abc"]
    for path in made:
        path.touch()
    return made


@pytest.mark.parametrize(
    "fs_type", ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "vfat", "exfat", "ntfs3", "jfs"]
)
def test_a_disk_of_this_computer_is_synced_once_with_its_own_cache(paths: list[Path], fs_type: str) -> None:
    disk = Recording()

    make_durable(disk, paths, fs_type)

    assert disk.calls == ["syncfs", "fsync c"]


@pytest.mark.parametrize("fs_type", ["nfs4", "cifs", "fuseblk", "fuse.sshfs", "overlay", "tmpfs", "zfs", ""])
def test_elsewhere_every_file_is_synced(paths: list[Path], fs_type: str) -> None:
    disk = Recording()

    make_durable(disk, paths, fs_type)

    assert disk.calls == ["fsync a", "fsync b", "fsync c"]


def test_a_system_that_cant_sync_a_filesystem_syncs_every_file(paths: list[Path]) -> None:
    disk = Recording(errno.ENOSYS)

    make_durable(disk, paths, "ext4")

    assert disk.calls == ["syncfs", "fsync a", "fsync b", "fsync c"]


def test_a_medium_that_fails_is_told(paths: list[Path]) -> None:
    with pytest.raises(OSError, match="output"):
        make_durable(Recording(errno.EIO), paths, "ext4")


def test_nothing_needs_no_sync(disk: Disk) -> None:
    disk = Recording()

    make_durable(disk, [], "ext4")

    assert disk.calls == []


def test_the_real_calls_work(paths: list[Path], disk: Disk) -> None:
    make_durable(disk, paths, "ext4")
    make_durable(disk, paths, "nfs4")
    fd = disk.open_copy(paths[0])
    disk.start_writeback(fd)
    disk.close(fd)
    disk.start_writeback(-1)
