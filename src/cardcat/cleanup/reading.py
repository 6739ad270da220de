"""A plan read from its file."""

from __future__ import annotations

from pathlib import Path

from cardcat.cleanup.plans import Plan, PlanError, parsed
from cardcat.errors import UsageError
from cardcat.paths import display
from cardcat.storage.disk import Disk
from cardcat.storage.reading import opened
from cardcat.storage.system import this_disk
from cardcat.text import cause

LARGEST = 1 << 30  # bytes of a plan


def read_plan(path: Path, disk: Disk | None = None) -> Plan:
    """The plan in the file *path*. UsageError if it can't be read, or is none."""
    disk = disk or this_disk()
    try:
        with opened(disk, path, source=True) as fd:
            size = disk.stat_open(fd).st_size
            if size > LARGEST:
                raise PlanError(f"{display(str(path))} is too large for a plan.")
            content = bytearray(size)
            have = 0
            with memoryview(content) as view:
                while have < size and (more := disk.read_into(fd, view[have:])):
                    have += more
            return parsed(bytes(content[:have]).decode())
    except UnicodeDecodeError:
        raise PlanError(f"{display(str(path))} is no text in UTF-8.", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise UsageError(f"The plan can't be read: {cause(error)}: {display(str(path))}") from error
