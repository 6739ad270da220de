"""Whose work a running session is: a stamp of the process, and whether that process still lives."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from cardcat.catalog.device import this_machine


def owner_stamp() -> str:
    """Name this process so that no other one, now or after a reboot, can be taken for it (JSON)."""
    pid = os.getpid()
    stamp = {"host": socket.gethostname(), "boot": _boot_id(), "pid": pid, "started": _start_ticks(pid)}
    machine = this_machine()
    return json.dumps(stamp | ({"machine": machine} if machine else {}))


def is_alive(stamp: str) -> bool:
    """Whether the process of *stamp* still lives. Of another computer's process that can't be known: yes."""
    try:
        owner = json.loads(stamp)
        if not _is_here(owner):
            return True
        return bool(owner["boot"] == _boot_id()) and _start_ticks(int(owner["pid"])) == owner["started"]
    except (ValueError, KeyError, TypeError):
        return False


def is_elsewhere(stamp: str) -> bool:
    """Whether *stamp* is that of a process of another computer."""
    try:
        return not _is_here(json.loads(stamp))
    except (ValueError, KeyError, TypeError):
        return False


def _is_here(owner: dict[str, Any]) -> bool:
    """Whether it is of this computer, by its machine id; by its name only where there is none."""
    host, mine = owner["host"], this_machine()
    its = owner.get("machine")
    return bool(its == mine if its and mine else host == socket.gethostname())


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
