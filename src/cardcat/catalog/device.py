"""Which computer this is: one that is renamed stays the same one."""

from __future__ import annotations

import platform
import re
import uuid
from pathlib import Path

_NAMESPACE = uuid.UUID("0d1c7a3e-7f0e-4c54-9d0e-6d7bb1f3f7a5")  # our own, for identities that are derived
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def this_device() -> str:
    """An id of this computer, made from its machine id, or from its name where it has none."""
    return this_machine() or str(uuid.uuid5(_NAMESPACE, f"{platform.node()} {uuid.getnode()}"))


def this_machine() -> str | None:
    """An id that gives the machine id, which is nobody's business, away to nobody; None without one."""
    for file in _MACHINE_IDS:
        try:
            text = file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if re.fullmatch("[0-9a-f]{32}", text):
            return str(uuid.uuid5(_NAMESPACE, text))
    return None
