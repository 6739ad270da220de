"""Real small filesystems, where this user may mount them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cardcat.storage.disk import Disk
from cardcat.storage.mounts import mount_of
from cardcat.storage.verify import can_prove_cold

MakeVolume = Callable[..., Path]

SIZE = 32 << 20  # bytes of an image, at most


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def block_fs(tmp_path: Path) -> str:
    """The type of the filesystem under tmp_path, which must be one that memory can be kept out of."""
    fs_type = mount_of(tmp_path).fs_type
    if not can_prove_cold(fs_type):
        pytest.skip(f"the temporary folder is on {fs_type}, where nobody can prove a cold read")
    return fs_type


@pytest.fixture
def memory_folder() -> Iterator[Path]:
    """A folder on tmpfs."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or mount_of(shared).fs_type != "tmpfs":
        pytest.skip("there is no tmpfs at /dev/shm")
    folder = shared / f"cardcat-test-{os.getpid()}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def make_volume(tmp_path: Path) -> Iterator[MakeVolume]:
    """Make an ext4 volume of 32 MiB from an image and mount it; it is unmounted at the end."""
    if os.geteuid() != 0 or not Path("/dev/loop-control").exists() or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting a volume takes root, loop devices and mkfs.ext4")
    with ExitStack() as stack:

        def make(name: str = "volume", *mkfs: str, image: Path | None = None, options: str = "loop") -> Path:
            place = tmp_path / name
            return stack.enter_context(_mounted(place, image or tmp_path / f"{name}.img", mkfs, options))

        yield make


@contextmanager
def _mounted(place: Path, image: Path, mkfs: tuple[str, ...], options: str) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", *mkfs, str(image)], check=True)
    mounting = subprocess.run(["mount", "-o", options, str(image), str(place)], check=False)
    if mounting.returncode or not os.path.ismount(place):
        pytest.skip("a loop device can't be mounted here")
    try:
        (place / "lost+found").rmdir()
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        assert not os.path.ismount(place)


@pytest.fixture
def open_files() -> Callable[[], int]:
    """How many files this process has open."""
    return lambda: len(os.listdir("/proc/self/fd"))
