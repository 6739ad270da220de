"""Copies that go bad, and how the tests check and mend them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cardcat.care.outcomes import Repaired
from cardcat.care.repairing import repair
from cardcat.care.verifying import Verified, verify
from cardcat.catalog.engine import open_catalog
from cardcat.reporting import Reporter
from cardcat.storage.disk import Disk
from tests.support import Desk


def rot(path: Path) -> bytes:
    """Flip one bit of a file and leave all else as it is; its bytes then."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))
    return bytes(data)


def checked(
    desk: Desk,
    given: str | None = None,
    *,
    budget: float | None = None,
    most: int | None = None,
    dry_run: bool = False,
    disk: Disk | None = None,
    reporter: Reporter | None = None,
    clock: Callable[[], float] | None = None,
) -> Verified:
    with open_catalog(desk.catalog) as opened:
        more = {"clock": clock} if clock else {}
        return verify(
            opened, given, budget=budget, most=most, dry_run=dry_run, disk=disk, reporter=reporter, **more
        )


def repaired(
    desk: Desk,
    given: str | None = None,
    *,
    dry_run: bool = False,
    keep_changed: bool = False,
    disk: Disk | None = None,
) -> Repaired:
    with open_catalog(desk.catalog) as opened:
        return repair(opened, given, dry_run=dry_run, keep_changed=keep_changed, disk=disk)


def told(found: Verified) -> list[tuple[str, str]]:
    """The trouble and the name of each file that is not right."""
    return [(wrong.trouble.value, wrong.path.rpartition("/")[2]) for wrong in found.wrong]


def states(desk: Desk) -> list[tuple[object, ...]]:
    """Drive and path, status and evidence of every copy on record."""
    return desk.ask(
        "SELECT l.path, d.path || '/' || f.name, f.status, f.evidence FROM file_locations f "
        "JOIN folders d ON d.id = f.folder_id JOIN locations l ON l.id = d.location_id ORDER BY f.id"
    )
