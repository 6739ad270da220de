"""Names for real cards, and what real filesystems say to them, without the code under test."""

from __future__ import annotations

import os

LONGEST = 255  # bytes of a name on ext4, UTF-16 units on exFAT


def ext4_holds(name: str) -> bool:
    """Whether ext4 holds a file of that name: bytes, but for the two that end a name."""
    raw = os.fsencode(name)
    return 0 < len(raw) <= LONGEST and not set(b"/\0") & set(raw) and name not in (".", "..")


def exfat_holds(name: str) -> bool:
    """Whether the driver that runs as a program lets exFAT hold a file of that name."""
    if not name or name in (".", "..") or any("\ud800" <= char <= "\udfff" for char in name):
        return False
    is_forbidden = any(char in '/:?*"<>|\\' or ord(char) < 32 for char in name)
    return not is_forbidden and len(name.encode("utf-16-le")) // 2 <= LONGEST
