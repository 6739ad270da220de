"""Whose work a running session is: a stamp of the process, and whether that process still lives."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path


def owner_stamp() -> str:
    """Name this process so that no other one, now or after a reboot, can be taken for it (JSON)."""
    pid = os.getpid()
    return json.dumps(
        {"host": socket.gethostname(), "boot": _boot_id(), "pid": pid, "started": _start_ticks(pid)}
    )


def is_alive(stamp: str) -> bool:
    """Whether the process of *stamp* still lives. Of another computer's process that can't be known: yes."""
    try:
        owner = json.loads(stamp)
        if owner["host"] != socket.gethostname():
            return True
        return bool(owner["boot"] == _boot_id()) and _start_ticks(int(owner["pid"])) == owner["started"]
    except (ValueError, KeyError, TypeError):
        return False


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_ticks(pid: int) -> str | None:
    """When the process started, in clock ticks since boot: tells a reused pid from the old one."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
