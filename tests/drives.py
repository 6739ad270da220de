"""Real small drives for tests: filesystems in image files, mounted where this user may do so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def require_mounting() -> None:
    """Skip, visibly, where nothing can be mounted."""
    tools = ("mkfs.ext4", "losetup", "mount", "umount")
    if os.geteuid() or not Path("/dev/loop-control").exists() or not all(map(shutil.which, tools)):
        pytest.skip("mounting a drive takes root, loop devices and mkfs.ext4")


@contextmanager
def drive(place: Path, megabytes: int = 32, label: str = "") -> Iterator[Path]:
    """An ext4 drive of its own at *place*, which no page cache stands before."""
    require_mounting()
    place.mkdir(parents=True, exist_ok=True)
    image = place.with_name(f"{place.name}.img")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-L", label, str(image)], check=True)
    device = attached(image)
    try:
        with mounted(device, place):
            (place / "lost+found").rmdir()
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
    try:
        yield place
    finally:
        while str(place) in Path("/proc/self/mountinfo").read_text("utf-8"):
            pulled(place)


@contextmanager
def plugged_in_again(place: Path) -> Iterator[Path]:
    """The drive that was made for *place* and pulled."""
    device = attached(place.with_name(f"{place.name}.img"))
    try:
        with mounted(device, place):
            yield place
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


def pulled(place: Path) -> None:
    """Take a drive away from under everybody who uses it."""
    subprocess.run(["umount", "-l", str(place)], check=True)
