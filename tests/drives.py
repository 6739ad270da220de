"""Real small drives for tests: filesystems in image files, mounted where this user may do so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

LARGEST = 256  # megabytes of an image: a test must not fill the disk of the computer that it runs on

_EXFAT_TOOLS = ("mkfs.exfat", "mount.exfat-fuse")
_EXFAT_PACKAGES = ("exfat-fuse", "exfatprogs")
_PATIENCE = 120  # seconds for the packages to come


def require_mounting() -> None:
    """Skip, visibly, where nothing can be mounted."""
    tools = ("mkfs.ext4", "losetup", "mount", "umount")
    if os.geteuid() or not Path("/dev/loop-control").exists() or not all(map(shutil.which, tools)):
        pytest.skip("mounting a drive takes root, loop devices and mkfs.ext4")


def require_exfat() -> None:
    """Skip, visibly, where there is no exFAT and its packages can't be had."""
    require_mounting()
    if not all(map(shutil.which, _EXFAT_TOOLS)):
        _fetch_exfat()
    missing = [tool for tool in _EXFAT_TOOLS if not shutil.which(tool)]
    if missing or not Path("/dev/fuse").exists():
        missing = missing or ["/dev/fuse"]
        how = f"apt-get install {' '.join(_EXFAT_PACKAGES)}"
        pytest.skip(f"a real exFAT takes {' and '.join(missing)}: {how}")


@cache
def _fetch_exfat() -> None:
    """Try once, quietly, so that a bare container runs these tests too."""
    if not shutil.which("apt-get"):
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *_EXFAT_PACKAGES]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return


def require_mounted(place: Path) -> None:
    """
    Fail unless a filesystem of its own is mounted at *place*, so that nothing is written beside a drive.

    The kernel lists it there, and its files have another device number than the folder that it is in.
    """
    assert str(place) in _mount_points(), f"nothing is mounted at {place}"
    assert place.stat().st_dev != place.parent.stat().st_dev, f"{place} is no filesystem of its own"


def _mount_points() -> list[str]:
    return [line.split()[4] for line in _lines("/proc/self/mountinfo")]


def _lines(file: str) -> list[str]:
    return Path(file).read_text("utf-8", "surrogateescape").splitlines()


@contextmanager
def drive(place: Path, megabytes: int = 32, label: str = "", *, options: str = "") -> Iterator[Path]:
    """An ext4 drive of its own at *place*, which no page cache stands before. *options* are of the mount."""
    require_mounting()
    image = _image(place, megabytes)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", label, str(image)], check=True)
    with plugged_in(place, *(["-o", options] if options else [])):
        (place / "lost+found").rmdir()
        yield place


@contextmanager
def exfat_drive(place: Path, megabytes: int = 48, label: str = "", cluster: int = 4_096) -> Iterator[Path]:
    """An exFAT drive of its own at *place*, by the driver that runs as a program. *cluster* is in bytes."""
    require_exfat()
    image = _image(place, megabytes)
    subprocess.run(
        ["mkfs.exfat", "-L", label, "-c", str(cluster), str(image)], check=True, capture_output=True
    )
    with plugged_in(place, "-t", "exfat-fuse"):
        yield place


def _image(place: Path, megabytes: int) -> Path:
    assert megabytes <= LARGEST, f"a drive of {megabytes} MB is too large for a test"
    image = place.with_name(f"{place.name}.img")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    return image


@contextmanager
def plugged_in(place: Path, *options: str) -> Iterator[Path]:
    """The drive that was made for *place*, mounted there: the first time, or again after it was pulled."""
    device = attached(place.with_name(f"{place.name}.img"))
    try:
        with mounted(device, place, *options):
            require_mounted(place)
            yield place
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


def attached(image: Path) -> str:
    """The loop device that *image* is attached to now."""
    command = ["losetup", "--find", "--show", "--direct-io=on", str(image)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("a loop device can't be had here")
    return done.stdout.strip()


@contextmanager
def mounted(device: str | Path, place: Path, *options: str) -> Iterator[Path]:
    """Something mounted at *place*; it may be unmounted in the middle."""
    require_mounting()
    place.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", *options, str(device), str(place)], check=False).returncode:
        pytest.skip("nothing can be mounted here")
    assert str(place) in _mount_points(), f"nothing is mounted at {place}"
    try:
        yield place
    finally:
        while str(place) in _mount_points():
            pulled(place)


def remounted(place: Path, options: str) -> None:
    """Mount what is at *place* anew, as `ro` for one."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def made_read_only(place: Path) -> None:
    """Have an ext4 (`errors=remount-ro`) meet an error of its medium: nobody may write any more."""
    device = next(line.split()[0] for line in _lines("/proc/mounts") if line.split()[1] == str(place))
    trigger = Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error")
    if not trigger.exists():
        pytest.skip("this kernel can't be told to meet an error of an ext4")
    trigger.write_text("1")


def pulled(place: Path) -> None:
    """Take a drive away from under everybody who uses it."""
    subprocess.run(["umount", "-l", str(place)], check=True)
