"""Time zones by name: the computer's own, and a user's word for one."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from cardcat.errors import UsageError


def computer_timezone() -> str:
    """The IANA name of the computer's zone; UTC where it has none that can be named."""
    for name in (os.environ.get("TZ", "").lstrip(":"), _linked_zone(), _written_zone()):
        if name and _exists(name):
            return name
    return "UTC"


def zone(name: str) -> ZoneInfo:
    """The zone called *name*; UsageError if there is none."""
    if not _exists(name):
        raise UsageError(
            f"There is no time zone called {name!r}.", hint="Use a name such as Europe/Paris or UTC."
        )
    return ZoneInfo(name)


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder's name, a name that climbs out, an unknown name
        return False
    return True


def _linked_zone() -> str:
    try:
        target = str(Path("/etc/localtime").readlink())
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


def _written_zone() -> str:
    try:
        return Path("/etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
