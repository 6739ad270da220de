"""The programs that cardcat is measured against, as Debian packages."""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = {
    "rclone": "rclone",
    "rdfind": "rdfind",
    "rmlint": "rmlint",
    "jdupes": "jdupes",
    "rsync": "rsync",
    "xxhsum": "xxhash",
}
"""The package of each program."""


def missing() -> list[str]:
    """The packages of those that are not installed."""
    return [package for program, package in PACKAGES.items() if not shutil.which(program)]


def install() -> str | None:
    """Install what is missing, as root on Debian and its like; what to do instead where that can't be."""
    wanted = missing()
    if not wanted:
        return None
    command = ["apt-get", "install", "-y", *wanted]
    if os.geteuid() or not shutil.which("apt-get"):
        return f"Not installed: {', '.join(wanted)}. Where there is apt-get: sudo {' '.join(command)}"
    done = subprocess.run(command, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
    return f"{' '.join(command)} failed." if done.returncode else None
