"""The `.cardcat` folder in a destination root: whose it is, who works in it, what is not finished there."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from cardcat.errors import DestinationBusyError, DestinationError
from cardcat.model import Marker
from cardcat.storage.atomic import new_file
from cardcat.storage.disk import Disk
from cardcat.storage.reading import opened
from cardcat.storage.system import this_disk
from cardcat.text import cause

FOLDER = ".cardcat"

_MARKER = "marker.json"
_FORMAT = "cardcat destination"
_VERSION = 1
_LARGEST = 64 * 1024  # bytes of a marker; ours has a few hundred
_LONGEST_NAME = 200  # bytes of the name of who holds a lock

_README = """\
This folder belongs to cardcat, which backed up memory cards to the folder above it.

marker.json   says which volume and which backup folder this is. Leave it where it is.
manifests/    lists every file that was backed up here. Nobody needs cardcat to check them:
              go to the folder above this one and type

                  sha256sum -c .cardcat/manifests/SHA256SUMS-...

              The .jsonl file beside each list tells more: where a file came from, when it was
              taken, how it was verified. From these files the whole catalog can be made again.
              The folder ascmhl, above, tells the same to the film industry's tools (ASC MHL).
incoming/     holds files that are being copied. What is left there after an interruption is
              removed by the next backup.
quarantine/   holds bad files that `cardcat repair` has put a right one in the place of.
"""

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL})


def workplace(root: Path) -> Path:
    """Where everything of ours is that has no final name yet."""
    return root / FOLDER / "incoming"


@lru_cache(64)  # asked for every file
def incoming(root: Path, session_id: int | str) -> Path:
    """Where the files of a session are until they are verified."""
    return workplace(root) / str(session_id)


def read_marker(root: Path, disk: Disk | None = None) -> Marker | None:
    """
    Whose destination *root* is; None if nobody's yet, or if a power cut left nothing readable of the marker.

    DestinationError if it can't be read, or a newer program wrote it.
    """
    path = root / FOLDER / _MARKER
    try:
        text = _beginning(disk or this_disk(), path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DestinationError(f"The destination's marker can't be read: {cause(error)}: {path}") from error
    try:
        said = json.loads(text)
        version = said["version"] if said["format"] == _FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(version, int) and version > _VERSION:
        raise DestinationError(
            f"The destination was used by a newer cardcat: {path}", hint="Update cardcat on this computer."
        )
    return _marker(said)


def _beginning(disk: Disk, path: Path) -> bytes:
    room = bytearray(_LARGEST)
    have = 0
    with memoryview(room) as view, opened(disk, path, source=False) as fd:
        while have < _LARGEST and (more := disk.read_into(fd, view[have:])):
            have += more
    return bytes(room[:have])


def _marker(said: dict[str, object]) -> Marker | None:
    try:
        volume, location = uuid.UUID(str(said["volume_uuid"])), uuid.UUID(str(said["location_uuid"]))
    except (ValueError, KeyError):
        return None
    created_at = said.get("created_at")
    return Marker(str(volume), str(location), created_at if isinstance(created_at, int) else 0)


def write_marker(disk: Disk, root: Path, volume_uuid: str, location_uuid: str, now: int) -> Marker:
    """
    Make *root* a destination of ours, durably, and answer with its marker.

    A marker that says the same stays. One that can't be read, or that came here with the files of another
    destination, is kept under another name. *now* is in UTC seconds. OSError if it can't be written.
    """
    present = read_marker(root, disk)
    if present and (present.volume_uuid, present.location_uuid) == (volume_uuid, location_uuid):
        return present
    folder = root / FOLDER
    disk.make_folders(folder)
    if disk.exists(folder / _MARKER):
        why = "of-another" if present else "damaged"
        disk.rename_new(folder / _MARKER, folder / f"{_MARKER}.{why}-{now}")
    said = {
        "format": _FORMAT,
        "version": _VERSION,
        "volume_uuid": volume_uuid,
        "location_uuid": location_uuid,
        "created_at": now,
    }
    if not disk.exists(folder / "README.txt"):
        with new_file(disk, folder / "README.txt", workplace(root)) as write:
            write(_README.encode())
    with new_file(disk, folder / _MARKER, workplace(root)) as write:
        write(json.dumps(said, indent=2).encode() + b"\n")
    return Marker(volume_uuid, location_uuid, now)


@contextmanager
def lock(root: Path, disk: Disk | None = None, *, itself: Path | None = None) -> Iterator[str | None]:
    """
    Keep other runs away from the destination; None, or a warning where its filesystem has no locks.

    *itself* is another way to *root*, for one that leads to the same drive whatever is mounted meanwhile.

    DestinationBusyError that names the holder if another run has it; DestinationError if the destination
    can't be written.
    The lock ends with the process, whatever ends it.
    """
    disk = disk or this_disk()
    path = (itself or root) / FOLDER / "lock"
    try:
        disk.make_folders(path.parent)
        fd = _open_lock(disk, path)
    except OSError as error:
        raise DestinationError(
            f"The destination can't be written: {cause(error)}: {root}",
            hint="Check that the drive is plugged in, not full, and not read-only.",
        ) from error
    try:
        warning = _acquire(disk, fd, root)
        _leave_name(disk, fd, f"process {os.getpid()} on {socket.gethostname()}")
        try:
            yield warning
        finally:
            _leave_name(disk, fd, "")
    finally:
        with suppress(OSError):  # nothing that matters was written
            disk.close(fd)


def _open_lock(disk: Disk, path: Path) -> int:
    """Nothing may be written to a device, or to a file that has another name too: it is not ours alone."""
    fd = disk.open_lock(path)
    status = disk.stat_open(fd)
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
        return fd
    disk.close(fd)
    raise OSError(errno.EINVAL, f"the lock file is not ours alone ({path})")


def _acquire(disk: Disk, fd: int, root: Path) -> str | None:
    try:
        disk.lock(fd)
    except BlockingIOError:
        holder = _name_left(disk, fd) or "nobody knows which"
        raise DestinationBusyError(
            f"Another cardcat run works on this destination ({holder}): {root}",
            hint="Wait until it is done, or stop it; then give the same command again.",
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise DestinationError(f"The destination can't be locked: {cause(error)}: {root}") from error
        return f"The filesystem has no locks: make sure that no other run writes to {root}."
    return None


def _leave_name(disk: Disk, fd: int, holder: str) -> None:
    """Only for people: the lock itself is the system's. A full drive must not keep a run from starting."""
    with suppress(OSError):
        disk.leave_note(fd, holder.encode("utf-8", "replace"))


def _name_left(disk: Disk, fd: int) -> str:
    room = memoryview(bytearray(_LONGEST_NAME))
    try:
        return bytes(room[: disk.read_at(fd, room, 0)]).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def clean_incoming(disk: Disk, root: Path) -> int:
    """Remove what interrupted runs left in `.cardcat/incoming`; how many files. The caller holds the lock."""
    folder = workplace(root)
    if not _is_real_folder(disk, folder.parent) or not _is_real_folder(disk, folder):
        return 0
    return sum(_remove(disk, folder / name) for name in sorted(disk.list_folder(folder)))


def _remove(disk: Disk, path: Path) -> int:
    if not _is_real_folder(disk, path):
        disk.remove(path)
        return 1
    removed = sum(_remove(disk, path / name) for name in sorted(disk.list_folder(path)))
    disk.remove_folder(path)
    return removed


def _is_real_folder(disk: Disk, path: Path) -> bool:
    """Whether it is a folder and no link to one: what a link leads to is not ours to empty."""
    return disk.exists(path) and stat.S_ISDIR(disk.stat(path).st_mode)
