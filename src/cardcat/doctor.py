"""What is installed, reachable and writable on this computer, and what to do about the rest."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

from cardcat import text
from cardcat.errors import CardcatError
from cardcat.paths import display

OLDEST_PYTHON = (3, 11)
LITTLE_SPACE = 1_000_000_000  # bytes: a catalog of a million files and one copy of it
PACKAGES = ("prefect", "sqlalchemy", "alembic", "polars", "pandera", "xxhash", "exifread", "pymediainfo")


_RIGHTS = "Give your user the right to use it."
_SHARE = "Connect the drive or share that it is on again."
_ADVICE = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOSPC: "Make room on the disk that it is on.",
    errno.EDQUOT: "Make room on the disk that it is on.",
    errno.EIO: "The disk that it is on fails: back it up, and replace it.",
    errno.EMFILE: "Close other programs: too many files are open.",
    errno.ENFILE: "Close other programs: too many files are open.",
    errno.ENODEV: _SHARE,
    errno.ENOTCONN: _SHARE,
    errno.ESTALE: _SHARE,
    errno.ETIMEDOUT: _SHARE,
    errno.EHOSTDOWN: _SHARE,
}


class Health(StrEnum):
    """How a check ended. Only `broken` keeps backups from working."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """How one thing was found, and what to do about it if it is not well."""

    health: Health
    found: str
    remedy: str = ""


def examine(catalog: str | None = None) -> dict[str, Check]:
    """Look at everything, by name. Changes nothing, makes no catalog, starts no server."""
    checks: dict[str, Callable[[], Check]] = {
        "python": _python,
        "packages": _packages,
        "catalog": partial(_catalog, catalog),
        "catalog space": partial(_space, catalog),
        "prefect server": _server,
        "libmediainfo": _media_info,
        "mounted volumes": _mounts,
        "volume identity": _uuids,
        "access times": _access_times,
        "time zones": _time_zones,
    }
    return {name: _outcome(check) for name, check in checks.items()}


def version_of(package: str) -> str | None:
    """The installed version of *package*, None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _outcome(check: Callable[[], Check]) -> Check:
    """A check that can't be made is one more thing to tell, not the end of the others."""
    try:
        return check()
    except CardcatError as error:
        return Check(Health.BROKEN, error.message, error.hint)
    except ImportError as error:
        return Check(Health.BROKEN, str(error), "Install cardcat again.")
    except OSError as error:
        where = "" if error.filename is None else f": {display(os.fsdecode(error.filename))}"
        return Check(Health.BROKEN, f"{text.cause(error)}{where}", _advice(error))


def _advice(error: OSError) -> str:
    """What to do about what the system would not do."""
    return _ADVICE.get(error.errno or 0, "Look at the disk that it is on: df -h; dmesg | tail")


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.release()}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check(Health.BROKEN, found, "Install Python 3.11 or newer.")
    return Check(Health.OK, found)


def _packages() -> Check:
    found = {package: version_of(package) for package in PACKAGES}
    missing = [package for package, number in found.items() if number is None]
    if missing:
        return Check(Health.BROKEN, f"missing: {', '.join(missing)}", "Install cardcat again.")
    return Check(Health.OK, ", ".join(f"{name} {number}" for name, number in found.items()))


def _catalog(where: str | None) -> Check:
    from cardcat.catalog.engine import local_path  # noqa: PLC0415 - only for this check
    from cardcat.catalog.migrate import State, state  # noqa: PLC0415 - the same

    path = local_path(where)
    shown = display(str(path))
    standing = state(path)
    for needed in (_nearest(path.parent), *([] if standing is State.ABSENT else [path])):
        if not os.access(needed, os.W_OK):
            remedy = "Change its permissions, or choose another catalog with --catalog."
            return Check(Health.BROKEN, f"{display(str(needed))} can't be written to", remedy)
    if standing is State.ABSENT:
        return Check(Health.OK, f"none yet; the first backup makes {shown}")
    if standing is State.OLDER:
        return Check(Health.WARN, f"{shown} is of an older version", "Update it: cardcat catalog migrate")
    return Check(Health.OK, f"{shown} can be read and written")


def _space(where: str | None) -> Check:
    from cardcat.catalog.engine import local_path  # noqa: PLC0415 - only for this check

    folder = _nearest(local_path(where).parent)
    free = shutil.disk_usage(folder).free
    found = f"{text.size(free)} free in {display(str(folder))}"
    if free < LITTLE_SPACE:
        return Check(Health.WARN, found, "Make room, or choose a catalog on another disk with --catalog.")
    return Check(Health.OK, found)


def _server() -> Check:
    from cardcat.server import status  # noqa: PLC0415 - only for this check

    server = status()
    if server.hangs:
        found = "it does not answer: backups go on without a page"
        return Check(Health.WARN, found, "End it: cardcat server stop")
    if not server.running:
        return Check(Health.OK, "not running; a backup starts it")
    found, seen = f"running, its page is {server.ui_url}", server.look()
    if seen.deployments == ():
        remedy = f"Why is in {display(str(server.log))}" if server.own else "Make them: prefect deploy --all"
        return Check(Health.WARN, f"{found}; it has no deployments, so no schedules", remedy)
    if server.kept and seen.workers == 0:
        return Check(Health.WARN, f"{found}; no worker is there", f"Why is in {display(str(server.log))}")
    return Check(Health.OK, found)


def _media_info() -> Check:
    from pymediainfo import MediaInfo  # noqa: PLC0415 - only for this check

    if MediaInfo.can_parse():
        return Check(Health.OK, "found")
    remedy = "Install pymediainfo again, or libmediainfo with your system's packages."
    return Check(Health.WARN, "not found: videos are backed up, but without metadata", remedy)


def _mounts() -> Check:
    path = Path("/proc/self/mountinfo")
    if os.access(path, os.R_OK):
        return Check(Health.OK, f"{path} can be read")
    return Check(Health.BROKEN, f"{path} can't be read", "Mount /proc.")


def _uuids() -> Check:
    ways = [
        str(way) for way in (Path("/dev/disk/by-uuid"), shutil.which("blkid")) if way and Path(way).exists()
    ]
    if ways:
        return Check(Health.OK, f"told by {' and '.join(ways)}")
    found = "neither /dev/disk/by-uuid nor blkid: cards are told apart by device and size only"
    return Check(Health.WARN, found, "Install util-linux.")


def _access_times() -> Check:
    if hasattr(os, "O_NOATIME"):
        return Check(Health.OK, "reading leaves those of your files as they are (O_NOATIME)")
    remedy = "Use the card's write protection switch."
    return Check(Health.WARN, "no O_NOATIME: reading may change those of a card", remedy)


def _time_zones() -> Check:
    try:
        ZoneInfo("Europe/Paris")
    except (KeyError, ValueError, OSError):
        return Check(Health.WARN, "no data: --timezone knows none by name", "Install tzdata.")
    return Check(Health.OK, "known by name")


def _nearest(folder: Path) -> Path:
    """*folder*, or what there is of the way to it."""
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
