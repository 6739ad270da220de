"""A copy is called cold only where memory could not have answered; what is hashed is what the medium has."""

from __future__ import annotations

import hashlib
import mmap
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import xxhash

from cardcat.model import Evidence
from cardcat.storage import _linux, medium
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.durable import make_durable
from cardcat.storage.medium import block_device, is_medium_gone
from cardcat.storage.mounts import Mount, mount_of
from cardcat.storage.verify import can_prove_cold, read_back

MakeVolume = Callable[..., Path]

CONTENT = os.urandom(3_000_001)


def make(path: Path, content: bytes = CONTENT) -> Path:
    path.write_bytes(content)
    make_durable(Disk(), [path], mount_of(path).fs_type)
    return path


@pytest.mark.parametrize("size", [0, 1, 4096, 1 << 20, len(CONTENT)])
def test_a_synced_copy_is_read_from_the_medium(tmp_path: Path, disk: Disk, block_fs: str, size: int) -> None:
    told: list[int] = []
    path = make(tmp_path / "a", CONTENT[:size])

    answer = read_back(disk, path, size, block_fs, sha256=True, on_bytes=told.append)

    assert answer.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT[:size])
    assert answer.sha256 == hashlib.sha256(CONTENT[:size]).hexdigest()
    assert sum(told) == size
    assert (answer.evidence, answer.how) == (Evidence.READ_BACK_COLD, "fadvise, 0 pages resident")


def test_the_bytes_really_come_from_the_device(tmp_path: Path, disk: Disk, block_fs: str) -> None:
    path = make(tmp_path / "a")
    before = _linux.bytes_from_devices()
    if before is None:
        pytest.skip("the kernel does not count what is read from devices")

    answer = read_back(disk, path, len(CONTENT), block_fs)

    after = _linux.bytes_from_devices()
    assert answer.evidence is Evidence.READ_BACK_COLD
    assert after is not None
    assert after - before >= len(CONTENT)


def test_in_memory_nothing_is_cold(memory_folder: Path, disk: Disk) -> None:
    path = make(memory_folder / "a")

    answer = read_back(disk, path, len(CONTENT), mount_of(path).fs_type)

    assert (answer.evidence, answer.how) == (Evidence.READ_BACK, "tmpfs: memory may have answered")
    assert answer.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT)
    assert answer.sha256 is None


@pytest.mark.parametrize(
    "fs_type", ["tmpfs", "ramfs", "fuseblk", "fuse.sshfs", "nfs4", "cifs", "overlay", "zfs", "9p", ""]
)
def test_where_memory_may_answer_unseen_nothing_is_cold(tmp_path: Path, disk: Disk, fs_type: str) -> None:
    assert not can_prove_cold(fs_type)
    assert read_back(disk, make(tmp_path / "a"), len(CONTENT), fs_type).evidence is Evidence.READ_BACK


def test_what_is_said_of_the_filesystem_is_not_believed_of_files_in_memory(
    memory_folder: Path, disk: Disk
) -> None:
    path = make(memory_folder / "a")

    assert read_back(disk, path, len(CONTENT), "ext4").evidence is Evidence.READ_BACK
    assert read_back(disk, make(memory_folder / "empty", b""), 0, "ext4").evidence is Evidence.READ_BACK


def test_what_a_program_answers_is_not_cold(
    tmp_path: Path, disk: Disk, block_fs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "a")
    fd = disk.open_copy(path)
    assert not _linux.is_fuse(fd)
    disk.close(fd)
    monkeypatch.setattr(_linux, "is_fuse", lambda fd: True)

    assert read_back(disk, path, len(CONTENT), block_fs).evidence is Evidence.READ_BACK


def test_only_what_the_kernel_keeps_on_a_device_has_one(
    memory_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [each for each in Path("/dev").iterdir() if each.is_block_device()]
    device = next((each for each in known if medium.block_device(each.stat().st_rdev)), None)
    if device is None:
        pytest.skip("no block device can be seen here")
    with (memory_folder / "a").open("w+b") as file:
        for fs_type, has_one in (("btrfs", True), ("overlay", False), ("fuse.thing", False)):
            mount = Mount(1, Path("/"), "/", fs_type, str(device))
            monkeypatch.setattr(medium, "mount_of_open", lambda fd, mount=mount: mount)
            assert (medium._device_of(file.fileno()) is not None) == has_one


class Doubtful(Disk):
    """A disk that answers as told when it is asked what stays in memory."""

    def __init__(self, *resident: int | None, below: str | None = None, direct: bool = False) -> None:
        super().__init__()
        self._resident, self._below, self._direct = list(resident), below, direct
        self.synced = 0

    def drop_cache(self, fd: int, size: int) -> int | None:
        super().drop_cache(fd, size)
        return self._resident.pop(0)

    def drop_cache_below(self, fd: int, fs_type: str) -> str | None:
        return self._below or super().drop_cache_below(fd, fs_type)

    def open_direct(self, path: StrPath) -> int:
        if self._direct:
            return super().open_direct(path)
        raise OSError(22, "Invalid argument")

    def fsync(self, fd: int) -> None:
        super().fsync(fd)
        self.synced += 1


def test_pages_that_wait_to_be_written_are_synced_and_asked_for_again(tmp_path: Path, block_fs: str) -> None:
    disk = Doubtful(7, 0)

    answer = read_back(disk, make(tmp_path / "a"), len(CONTENT), block_fs)

    assert disk.synced == 1
    assert answer.evidence is Evidence.READ_BACK_COLD


@pytest.mark.parametrize(
    ("disk", "said"),
    [
        (Doubtful(7, 7), "7 pages stayed in memory"),
        (Doubtful(None), "does not tell"),
        (Doubtful(7, None), "does not tell"),
        (Doubtful(0, below="the cellar"), "the cellar"),
        (Doubtful(7, 7, below="the cellar", direct=True), "the cellar"),
    ],
)
def test_without_proof_it_is_not_cold(tmp_path: Path, block_fs: str, disk: Disk, said: str) -> None:
    answer = read_back(disk, make(tmp_path / "a"), len(CONTENT), block_fs)

    assert answer.evidence is Evidence.READ_BACK
    assert said in answer.how
    assert answer.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT)


@pytest.mark.parametrize("size", [4096, 1 << 20, len(CONTENT)])
def test_a_file_that_somebody_keeps_in_memory_is_read_past_it(
    tmp_path: Path, disk: Disk, block_fs: str, size: int
) -> None:
    told: list[int] = []
    path = make(tmp_path / "a", CONTENT[:size])
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as kept:
        assert kept[:] == CONTENT[:size]

        answer = read_back(disk, path, size, block_fs, sha256=True, on_bytes=told.append)

    if block_fs not in ("ext4", "xfs") or _linux.bytes_from_devices() is None:
        pytest.skip(f"on {block_fs} reading past the cache can't be proved here")
    assert answer.evidence is Evidence.READ_BACK_COLD
    assert answer.how.startswith("O_DIRECT")
    assert answer.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT[:size])
    assert answer.sha256 == hashlib.sha256(CONTENT[:size]).hexdigest()
    assert sum(told) == size


def test_reading_past_the_cache_counts_only_if_the_device_delivered(
    tmp_path: Path, block_fs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_linux, "bytes_from_devices", lambda: 0)

    answer = read_back(Doubtful(7, 7, direct=True), make(tmp_path / "a"), len(CONTENT), block_fs)

    assert answer.evidence is Evidence.READ_BACK


class EndedError(Exception):
    """Somebody wants no more."""


@pytest.mark.parametrize("pages", [(0,), (7, 7)])
def test_whoever_is_told_of_the_bytes_may_end_it_also_past_the_cache(
    tmp_path: Path, block_fs: str, pages: tuple[int, ...]
) -> None:
    blocks = []

    class Counting(Doubtful):
        def read_into(self, fd: int, buffer: memoryview) -> int:
            blocks.append(1)
            return super().read_into(fd, buffer)

    def end(_: int) -> None:
        raise EndedError

    with pytest.raises(EndedError):
        read_back(Counting(*pages, direct=True), make(tmp_path / "a"), len(CONTENT), block_fs, on_bytes=end)
    assert len(blocks) == 1


def test_a_file_that_is_longer_than_it_should_be_is_hashed_to_its_end(tmp_path: Path, block_fs: str) -> None:
    path = make(tmp_path / "a", CONTENT[: 2 << 20])

    answer = read_back(Doubtful(7, 7, direct=True), path, 1 << 20, block_fs)

    assert answer.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT[: 2 << 20])


def flip(image: Path, file: Path, offset: int) -> None:
    """Change a byte of *file* below the page cache of its filesystem, in the image that it is on."""
    fd = os.open(file, os.O_RDONLY)
    place = next(
        each for each in _linux.extents(fd) or [] if each.logical <= offset < each.logical + each.length
    )
    os.close(fd)
    assert place.physical is not None
    with image.open("r+b") as medium:
        medium.seek(place.physical + offset - place.logical)
        byte = medium.read(1)
        medium.seek(-1, os.SEEK_CUR)
        medium.write(bytes([byte[0] ^ 1]))


def test_a_byte_that_changed_on_the_medium_is_seen_though_memory_has_the_right_one(
    tmp_path: Path, disk: Disk, make_volume: MakeVolume
) -> None:
    path = make(make_volume() / "a")
    flip(tmp_path / "volume.img", path, 2_000_000)
    assert path.read_bytes() == CONTENT

    answer = read_back(disk, path, len(CONTENT), "ext4")

    assert answer.evidence is Evidence.READ_BACK_COLD
    assert answer.xxh3 != xxhash.xxh3_128_hexdigest(CONTENT)


def test_a_loop_device_over_memory_is_not_cold(
    memory_folder: Path, disk: Disk, make_volume: MakeVolume
) -> None:
    path = make(make_volume(image=memory_folder / "image") / "a")

    answer = read_back(disk, path, len(CONTENT), "ext4")

    assert answer.evidence is Evidence.READ_BACK
    assert "loop device" in answer.how


def test_the_file_behind_a_loop_device_is_dropped_from_memory_too(
    tmp_path: Path, disk: Disk, block_fs: str, make_volume: MakeVolume
) -> None:
    path = make(make_volume() / "a")
    dio = Path("/sys/dev/block", f"{os.major(path.stat().st_dev)}:{os.minor(path.stat().st_dev)}", "loop/dio")
    assert dio.read_text().strip() == "0"
    answer = read_back(disk, path, len(CONTENT), "ext4")

    assert answer.evidence is Evidence.READ_BACK_COLD
    fd = os.open(path, os.O_RDONLY)
    places = _linux.extents(fd) or []
    assert sum(place.length for place in places) >= len(CONTENT)
    image = os.open(tmp_path / "volume.img", os.O_RDONLY)
    assert disk.drop_cache_below(fd, "ext4") is None
    resident = [_linux.resident_pages(image, place.physical or 0, place.length) for place in places]
    os.close(fd)
    os.close(image)
    assert not any(resident)


def test_what_waits_to_be_written_behind_a_loop_device_is_written_and_dropped(
    tmp_path: Path, disk: Disk, block_fs: str, make_volume: MakeVolume
) -> None:
    """As when another file that shares pages with this one is being copied at the same moment."""
    path = make(make_volume() / "a")
    with path.open("rb") as file, (tmp_path / "volume.img").open("r+b") as image:
        for place in _linux.extents(file.fileno()) or []:
            image.seek(place.physical or 0)
            same = image.read(place.length)
            image.seek(place.physical or 0)
            image.write(same)

    assert read_back(disk, path, len(CONTENT), "ext4").evidence is Evidence.READ_BACK_COLD


def test_a_volume_inside_a_volume_is_not_cold(disk: Disk, make_volume: MakeVolume) -> None:
    outer = make_volume("outer")
    os.truncate(outer.parent / "outer.img", 32 << 20)
    inner = make_volume("inner", "-b", "1024", image=outer / "image")

    answer = read_back(disk, make(inner / "a", b"small"), 5, "ext4")

    assert answer.evidence is Evidence.READ_BACK


def test_bytes_among_the_filesystems_metadata_are_not_cold(disk: Disk, make_volume: MakeVolume) -> None:
    volume = make_volume("inline", "-O", "inline_data", "-I", "256")
    small, large = make(volume / "small", b"tiny sidecar"), make(volume / "large")

    answer = read_back(disk, small, 12, "ext4")

    assert (answer.evidence, answer.xxh3) == (Evidence.READ_BACK, xxhash.xxh3_128_hexdigest(b"tiny sidecar"))
    assert "among its metadata" in answer.how
    assert read_back(disk, large, len(CONTENT), "ext4").evidence is Evidence.READ_BACK_COLD


def test_an_unplugged_device_is_noticed(tmp_path: Path, make_volume: MakeVolume) -> None:
    number = make_volume().stat().st_dev
    assert block_device(number) is not None
    assert not is_medium_gone(number)

    image = tmp_path / "other.img"
    with image.open("wb") as file:
        file.truncate(1 << 20)
    made = subprocess.run(
        ["losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True
    )
    device = os.stat(made.stdout.strip()).st_rdev
    assert not is_medium_gone(device)
    subprocess.run(["losetup", "-d", made.stdout.strip()], check=True)
    assert is_medium_gone(device)
