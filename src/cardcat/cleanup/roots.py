"""The libraries that a cleanup works in, each held open, their drives kept from other cleanups."""

from __future__ import annotations

import errno
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from cardcat.catalog.cleanups import LocationPlace
from cardcat.cleanup.acting import Refusal
from cardcat.cleanup.standing import UNREADABLE, offline
from cardcat.errors import CardcatError
from cardcat.model import Volume
from cardcat.paths import display
from cardcat.reporting import current
from cardcat.sightings import Now, Placed, Places
from cardcat.storage.disk import Disk
from cardcat.storage.spots import LibraryRoot, Spot

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL, errno.EBADF})


class BusyError(CardcatError):
    """Another cleanup is at work."""


class Named(Placed, Protocol):
    """A copy whose drive can be named to people."""

    @property
    def volume_name(self) -> str:
        """Of the volume it is on."""


@dataclass(frozen=True, slots=True)
class At:
    """A path of a location, as `Places` looks for it."""

    path: str
    place: LocationPlace
    size: int = 0
    mtime_ns: int = 0

    @property
    def location_uuid(self) -> str:
        """Of the location."""
        return self.place.uuid

    @property
    def location_path(self) -> str:
        """Relative to the volume's root."""
        return self.place.path

    @property
    def volume_key(self) -> str:
        """What recognises the volume."""
        return self.place.volume_key

    @property
    def volume_name(self) -> str:
        """What people know it by."""
        return self.place.volume_name


class Roots:
    """
    Opens the roots of libraries as they are asked for, and holds them to the end of the block.

    Without *locking* other cleanups are let in: for those who only look.
    """

    def __init__(self, disk: Disk, places: Places, *, locking: bool = True) -> None:
        self._disk, self._places, self._locking = disk, places, locking
        self._stack = ExitStack()
        self._roots: dict[str, LibraryRoot] = {}
        self._locked: set[str] = set()

    def spot(self, copy: Named, path: str | None = None) -> Spot:
        """
        Where *copy* is now, or *path* of its location. Refusal while its drive is not plugged in.

        BusyError if another cleanup has the drive, DestinationError if the root can't be opened.
        """
        return Spot(self._root(copy), copy.path if path is None else path)

    def _root(self, copy: Named) -> LibraryRoot:
        seen, volume = self._places.look(copy), self._places.volume(copy)
        if seen.path is None or volume is None:
            raise Refusal(offline(copy.volume_name) if seen.now is Now.OFFLINE else UNREADABLE)
        root = self._roots.get(copy.location_uuid)
        if root is None:
            self._lock(volume)
            root = LibraryRoot(self._disk, seen.path.parents[copy.path.count("/")])
            self._stack.callback(self._disk.release, root.fd)
            self._roots[copy.location_uuid] = root
        return root

    def _lock(self, volume: Volume) -> None:
        """One cleanup on a drive at a time: two could each move away what the other one keeps."""
        if volume.key in self._locked or not self._locking:
            return
        fd = self._disk.open_folder(volume.mount_point)
        self._stack.callback(self._disk.release, fd)
        try:
            self._disk.lock(fd)
        except BlockingIOError:
            raise BusyError(
                f"Another cleanup works on the drive {display(volume.name)}.", hint="Wait until it is done."
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            current().note(
                f"The drive {display(volume.name)} has no locks: make sure that no other cleanup works on it."
            )
        self._locked.add(volume.key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._stack.close()
