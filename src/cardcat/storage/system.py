"""Which seam fits the system that the program runs on."""

from __future__ import annotations

import sys

from cardcat.storage.disk import Disk


def this_disk() -> Disk:
    """What the pipeline does to files on this system."""
    if sys.platform == "darwin":
        from cardcat.storage._macos import MacDisk  # noqa: PLC0415 - of no use elsewhere

        return MacDisk()
    return Disk()
