"""
Brings a snapshot up to date in a process of its own, where the catalog may be read by the fast driver.

That process is `main`, told CATALOG FOLDER trusted|anew. What went wrong there is its last line of output.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cardcat.errors import CatalogBusyError, CatalogError
from cardcat.own_process import python_command

_CATALOG, _DISK = 20, 5  # how it exits: the catalog can't be read, the snapshot can't be written


def follow(catalog: Path, folder: Path, *, trusted: bool) -> None:
    """Bring the snapshot in *folder* up to date; what `snapshot.refresh` raises is raised here."""
    command = python_command(__name__, str(catalog), str(folder), "trusted" if trusted else "anew")
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return
    if done.returncode in (_CATALOG, _DISK):
        told = json.loads(done.stdout.splitlines()[-1])
        if done.returncode == _DISK:
            raise OSError(told["errno"], told["message"])
        kind = CatalogBusyError if told["busy"] else CatalogError
        raise kind(told["message"], hint=told["hint"])
    if done.returncode < 0:
        raise OSError(f"the process that makes the snapshot was ended by signal {-done.returncode}")
    raise RuntimeError(done.stderr.decode(errors="replace"))


def main() -> int:
    """What that process does; its exit code. The last arguments are the catalog, the folder, and how."""
    from cardcat.analysis import snapshot  # noqa: PLC0415 - it imports this module
    from cardcat.catalog.engine import open_catalog  # noqa: PLC0415
    from cardcat.catalog.sources import fast_driver  # noqa: PLC0415

    catalog, folder, how = sys.argv[-3:]
    try:
        with open_catalog(catalog, create=False) as opened:
            snapshot.refresh(opened, Path(folder), fast_driver, trusted=how == "trusted")
    except CatalogError as error:
        busy = isinstance(error, CatalogBusyError)
        _tell({"message": error.message, "hint": error.hint, "busy": busy})
        return _CATALOG
    except OSError as error:
        _tell({"message": error.strerror or str(error), "errno": error.errno or 0})
        return _DISK
    return 0


def _tell(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
