"""Who may do what with a catalog file at the same time: a lock file beside it.

Every open catalog is held shared; a migration and a restore hold it alone. The lock file stays: removing
it would let two processes lock two different files. The database itself is never opened here, since
closing it would drop SQLite's own locks on it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardcat.catalog.sqlite import beside
from cardcat.catalog.trouble import in_use, told_of_files

WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.05
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


class Hold:
    """A place in the lock file; `release` gives it back, so does the end of the process."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others in. Does no harm a second time."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def shared(path: Path) -> Hold:
    """
    Hold the catalog *path* together with others; CatalogError if it is being migrated for too long.

    In a folder that can't be written to nobody can migrate either: there it holds nothing.
    """
    try:
        return Hold(_locked(path, fcntl.LOCK_SH, WAIT_SECONDS))
    except OSError as error:
        if error.errno in _READ_ONLY:
            return Hold(None)
        with told_of_files(path):
            raise


@contextmanager
def alone(path: Path, *, wait: float | None = None) -> Iterator[None]:
    """Hold the catalog *path* alone; CatalogError if others have it open for *wait* seconds more."""
    with told_of_files(path):
        hold = Hold(_locked(path, fcntl.LOCK_EX, WAIT_SECONDS if wait is None else wait))
    try:
        yield
    finally:
        hold.release()


def _locked(path: Path, kind: int, wait: float) -> int:
    descriptor = os.open(beside(path, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    deadline = time.monotonic() + wait
    try:
        while not (taken := _taken(descriptor, kind)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    except BaseException:
        os.close(descriptor)
        raise
    if not taken:
        os.close(descriptor)
        raise in_use(path)
    return descriptor


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
