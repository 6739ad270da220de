"""A filesystem that can be made to forget: what is read from it comes from the disk, not from memory."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TOOLS = ("mkfs.ext4", "losetup", "mount", "umount", "blockdev")


def why_not() -> str | None:
    """Why nothing can be mounted here; None if it can."""
    if os.geteuid():
        return "mounting takes root"
    missing = [tool for tool in _TOOLS if not shutil.which(tool)]
    if missing or not Path("/dev/loop-control").exists():
        return f"there is no {' and no '.join(missing or ['/dev/loop-control'])}"
    return None


class Drive:
    """An ext4 in the file *image*, mounted at *place* past the page cache below it."""

    def __init__(self, folder: Path, name: str, megabytes: int, files: int) -> None:
        self.place = folder / name
        self.place.mkdir()
        self._image = folder / f"{name}.img"
        with self._image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-N", str(files + 1000), "-m", "0", str(self._image))
        self._device = _run("losetup", "--find", "--show", "--direct-io=on", str(self._image))
        no_head = Path("/sys/block", Path(self._device).name, "queue/rotational")
        no_head.write_text("0")  # rmlint reads one file at a time where it thinks that a head has to move
        _run("mount", self._device, str(self.place))
        (self.place / "lost+found").rmdir()

    def forget(self) -> None:
        """Mount it anew, for reading only: nothing of it is in memory."""
        _run("umount", str(self.place))
        _run("blockdev", "--flushbufs", self._device)
        _run("mount", "-o", "ro", self._device, str(self.place))

    def again(self) -> None:
        """Mount it anew, for writing: nothing of it is in memory."""
        _run("umount", str(self.place))
        _run("blockdev", "--flushbufs", self._device)
        _run("mount", self._device, str(self.place))

    def end(self) -> None:
        """Take it away."""
        subprocess.run(["umount", str(self.place)], check=False)
        subprocess.run(["losetup", "-d", self._device], check=False)
        self._image.unlink()


@contextmanager
def drive(folder: Path, name: str, megabytes: int, files: int) -> Iterator[Drive]:
    """A drive for the time of the block, with room for so much and so many files."""
    made = Drive(folder, name, megabytes, files)
    try:
        yield made
    finally:
        made.end()


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
