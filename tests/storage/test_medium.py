"""Cold is what is proved, on every kind of filesystem that can be mounted here; all else says so."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cardcat.model import Evidence, ReadBack
from cardcat.storage import _linux, medium
from cardcat.storage.disk import Disk
from cardcat.storage.durable import make_durable
from cardcat.storage.mounts import mount_of
from cardcat.storage.verify import read_back
from tests.drives import attached, drive, exfat_drive, mounted, require_mounting
from tests.support import Desk, fill, jpeg

MakeVolume = Callable[..., Path]

CONTENT = os.urandom(300_001)

KEEPER = """
import ctypes, mmap, sys
libc = ctypes.CDLL(None, use_errno=True)
with open(sys.argv[1], "r+b") as file:
    pages = mmap.mmap(file.fileno(), 0)
    size = ctypes.c_size_t(len(pages))
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    if libc.mlock(ctypes.c_void_p(start), size):
        sys.exit(1)
    print("kept", flush=True)
    sys.stdin.read()
"""


@contextmanager
def kept_in_memory(file: Path) -> Iterator[None]:
    """Another process keeps every page of *file* in memory, whatever anybody asks of the cache."""
    command = [sys.executable, "-c", KEEPER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout
        if keeper.stdout.readline() != b"kept\n":
            pytest.skip("memory can't be locked here")
        yield
        assert keeper.stdin
        keeper.stdin.close()


def read(path: Path, disk: Disk | None = None) -> ReadBack:
    """The copy at *path*, after it was written and synced as copies are."""
    disk, fs_type = disk or Disk(), mount_of(path.parent).fs_type
    if not path.exists():
        path.write_bytes(CONTENT)
    make_durable(disk, [path], fs_type)
    answer = read_back(disk, path, len(CONTENT), fs_type, sha256=True)
    assert answer.sha256 == hashlib.sha256(CONTENT).hexdigest()
    return answer


def test_an_ext4_drive_proves_it(tmp_path: Path) -> None:
    with drive(tmp_path / "drive") as place:
        answer = read(place / "a")

    assert (answer.evidence, answer.how) == (Evidence.READ_BACK_COLD, "fadvise, 0 pages resident")


@pytest.mark.parametrize("fs_type", ["xfs", "btrfs", "f2fs", "vfat"])
def test_the_kernels_other_filesystems_prove_it_too(tmp_path: Path, fs_type: str) -> None:
    require_mounting()
    if not shutil.which(f"mkfs.{fs_type}"):
        pytest.skip(f"there is no mkfs.{fs_type} here")
    image = tmp_path / "drive.img"
    with image.open("wb") as file:
        file.truncate(320 << 20)
    subprocess.run([f"mkfs.{fs_type}", str(image)], check=True, capture_output=True)
    device = attached(image)
    try:
        with mounted(device, tmp_path / "drive", "-t", fs_type) as place:
            answer = read(place / "a")
    finally:
        subprocess.run(["losetup", "-d", device], check=False)

    assert answer.evidence is Evidence.READ_BACK_COLD


def test_a_filesystem_that_is_a_program_proves_nothing(tmp_path: Path) -> None:
    with exfat_drive(tmp_path / "drive") as place:
        fs_type = mount_of(place).fs_type
        answer = read(place / "a")

    assert (answer.evidence, answer.how) == (Evidence.READ_BACK, f"{fs_type}: memory may have answered")


def test_memory_proves_nothing(tmp_path: Path) -> None:
    with mounted("none", tmp_path / "memory", "-t", "tmpfs") as place:
        answer = read(place / "a")

    assert (answer.evidence, answer.how) == (Evidence.READ_BACK, "tmpfs: memory may have answered")


def test_a_filesystem_over_another_proves_nothing(tmp_path: Path) -> None:
    with drive(tmp_path / "drive") as below:
        for name in ("lower", "upper", "work"):
            (below / name).mkdir()
        options = f"lowerdir={below}/lower,upperdir={below}/upper,workdir={below}/work"
        with mounted("none", tmp_path / "over", "-t", "overlay", "-o", options) as place:
            answer = read(place / "a")

    assert (answer.evidence, answer.how) == (Evidence.READ_BACK, "overlay: memory may have answered")


def test_pages_that_another_process_keeps_are_gone_past_or_admitted(tmp_path: Path) -> None:
    with drive(tmp_path / "drive") as place:
        path = place / "a"
        assert read(path).how.startswith("fadvise")
        with kept_in_memory(path):
            answer = read(path)

    if answer.evidence is Evidence.READ_BACK_COLD:
        assert answer.how == "O_DIRECT, all bytes counted at the device"
    else:
        assert "pages stayed in memory" in answer.how


def test_pages_below_a_loop_device_that_another_process_keeps_are_admitted(
    tmp_path: Path, make_volume: MakeVolume
) -> None:
    place = make_volume()
    assert mount_of(tmp_path).fs_type in ("ext4", "xfs", "btrfs") or pytest.skip("no proof is possible here")
    assert read(place / "a").evidence is Evidence.READ_BACK_COLD
    with kept_in_memory(tmp_path / "volume.img"):
        answer = read(place / "a")

    assert answer.evidence is Evidence.READ_BACK
    assert "the file behind the loop device may be in memory" in answer.how


class Neighbours:
    """Say of the file behind a loop device that the reads of others brought pages back, so many times."""

    def __init__(self, times: int, patch: pytest.MonkeyPatch) -> None:
        self.times = times
        self._real = _linux.resident_pages
        patch.setattr("cardcat.storage.medium._linux.resident_pages", self)

    def __call__(self, fd: int, offset: int, length: int) -> int:
        if os.readlink(f"/proc/self/fd/{fd}").endswith(".img") and self.times:
            self.times -= 1
            return 3
        return self._real(fd, offset, length)


@pytest.mark.parametrize(
    ("times", "evidence"),
    [(1, Evidence.READ_BACK_COLD), (4, Evidence.READ_BACK_COLD), (99, Evidence.READ_BACK)],
)
def test_what_the_reads_of_others_brought_back_is_dropped_again_a_few_times(
    make_volume: MakeVolume, block_fs: str, monkeypatch: pytest.MonkeyPatch, times: int, evidence: Evidence
) -> None:
    """The system reads ahead below a loop device, into the place of the next file."""
    assert block_fs
    place = make_volume()
    neighbours = Neighbours(times, monkeypatch)

    assert read(place / "a").evidence is evidence
    assert neighbours.times < times


def test_resident_pages_are_counted_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(10 * mmap.PAGESIZE))
    with path.open("rb") as file:
        assert _linux.resident_pages(file.fileno(), 0, 10 * mmap.PAGESIZE) == 10
        assert _linux.resident_pages(file.fileno(), mmap.PAGESIZE, 1) == 1
        assert _linux.resident_pages(file.fileno(), 0, 0) == 0


def test_the_catalog_says_how_each_copy_was_proved(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    with drive(desk.folder / "drive"), mounted("none", desk.folder / "memory", "-t", "tmpfs"):
        desk.backup("drive", "memory")

    told = desk.ask("SELECT evidence, verified_how FROM file_locations ORDER BY evidence")
    assert told == [
        ("read_back", "tmpfs: memory may have answered"),
        ("read_back_cold", "fadvise, 0 pages resident"),
    ]


@pytest.mark.parametrize(("major", "is_kept"), [(8, True), (259, False)])
def test_a_device_is_remembered_only_under_a_number_that_stays_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, major: int, is_kept: bool
) -> None:
    """Partitions of loop devices get numbers of the kind that those of some disks have."""
    monkeypatch.setattr(medium, "_plain", set())
    monkeypatch.setattr(medium, "block_device", lambda _: tmp_path / "sda1")

    medium._note_plain(os.makedev(major, 1))

    assert bool(medium._plain) == is_kept


def test_a_loop_device_is_never_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody may have its file read through memory in the next moment."""
    (tmp_path / "loop7/loop").mkdir(parents=True)
    monkeypatch.setattr(medium, "_plain", set())
    monkeypatch.setattr(medium, "block_device", lambda _: tmp_path / "loop7")

    medium._note_plain(os.makedev(7, 7))

    assert not medium._plain
