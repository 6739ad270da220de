"""The programs that cardcat is measured against, as Debian packages."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

PACKAGES = {
    "coreutils": ("cp", "sync", "sha256sum", "cat"),
    "fdupes": ("fdupes",),
    "findutils": ("find",),
    "jdupes": ("jdupes",),
    "rclone": ("rclone",),
    "rdfind": ("rdfind",),
    "rmlint": ("rmlint",),
    "rsync": ("rsync",),
    "xxhash": ("xxhsum",),
}
"""The programs that are used of each package."""

_LIBRARIES = {"SQLite": ("SQLite", "sqlite3")}  # by the words that stand for them where one is measured


def missing() -> list[str]:
    """The packages that are not installed, or not whole."""
    return [package for package, programs in PACKAGES.items() if not all(map(shutil.which, programs))]


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


def versions() -> dict[str, str]:
    """Which cardcat this is, and which of the others are here, as far as the system's packages tell it."""
    found = {"cardcat": _own_version(), "SQLite": sqlite3.sqlite_version}
    if shutil.which("dpkg-query"):
        command = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES]
        told = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        found |= dict(line.split(" ", 1) for line in told.splitlines() if not line.endswith(" "))
    return found


def _own_version() -> str:
    version = metadata.version("cardcat")
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    if not shutil.which("git"):
        return version
    commit = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    return f"{version} ({commit})" if commit else version


def named(texts: Iterable[str]) -> set[str]:
    """The packages and libraries of which a program is named in one of *texts*."""
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return {name for name, programs in (PACKAGES | _LIBRARIES).items() if words & {*programs}}
