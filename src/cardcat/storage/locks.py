"""Asks the kernel whether a destination is locked, without a lock of its own that would keep others out."""

from __future__ import annotations

import os
from pathlib import Path

from cardcat.storage.destination import FOLDER

_LOCKS = Path("/proc/locks")


def is_locked(root: Path) -> bool:
    """Whether a process of this computer has the lock of *root*, as far as can be told. Locks nothing."""
    try:
        file = (root / FOLDER / "lock").stat()
        held = _LOCKS.read_text("ascii")
    except OSError:
        return False
    number = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    return any(line.split()[1:2] == ["FLOCK"] and number in line.split() for line in held.splitlines())
