"""Where recorded copies are now: looked at on the drives that are plugged in, not just remembered."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from cardcat.errors import DestinationError
from cardcat.model import Volume
from cardcat.paths import display
from cardcat.reporting import current
from cardcat.storage.destination import read_marker
from cardcat.storage.disk import Disk
from cardcat.storage.reading import mtime_of
from cardcat.storage.volumes import is_one_of_two, mounted_volumes, path_from_volume, volume_of
from cardcat.storage.ways import Ways


class Now(StrEnum):
    """How a recorded copy stands at this moment."""

    THERE = "there"  # with its size and time as recorded
    CHANGED = "changed"  # another size or time, or something else in its place
    MISSING = "missing"
    UNREADABLE = "can't be read"
    OFFLINE = "not plugged in"  # a state of the drive; it says nothing against the copy


@dataclass(frozen=True, slots=True)
class Sighting:
    """
    What was found of a copy. *path* is where it is or should be, None while its drive is unplugged.

    *only_time* says of a changed one that a file of its size is there: whether it is the copy, its bytes
    tell. Drives that keep local time change it with the zone, of files that nobody touched.
    """

    now: Now
    path: Path | None
    only_time: bool = False


class Placed(Protocol):
    """A copy as the catalog knows it: where it is recorded to be, and how it looked."""

    @property
    def path(self) -> str:
        """Relative to its location."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def mtime_ns(self) -> int:
        """As its filesystem kept it."""

    @property
    def location_uuid(self) -> str:
        """Of the location, as its marker says it."""

    @property
    def location_path(self) -> str:
        """Relative to the volume's root."""

    @property
    def volume_key(self) -> str:
        """What recognises the volume."""


@dataclass(frozen=True, slots=True)
class _Root:
    """
    How the root of a location stands; *path* and *volume* where a drive with that path is plugged in.

    *device* is the number of its filesystem while it is mounted, which another in its place does not have.
    """

    now: Now
    path: Path | None = None
    volume: Volume | None = None
    device: int | None = None


class Places:
    """
    Looks at copies. What is mounted is asked once, so it is for one command and not for days.

    But a drive that is pulled meanwhile is not plugged in any more; it does not miss its copies.
    With *only_marked* a location counts as there only if its own marker says so.
    """

    def __init__(self, disk: Disk, *, only_marked: bool = False) -> None:
        self._disk = disk
        self._only_marked = only_marked
        self._mounted: list[Volume] | None = None
        self._roots: dict[str, _Root] = {}
        self._twice: set[str] = set()
        self._ways: dict[Path, Ways] = {}

    def look(self, copy: Placed) -> Sighting:
        """How *copy* stands now. Nothing is opened."""
        seen = self._seen(copy, self._root(copy))
        if seen is None:  # what was mounted is not any more
            self._mounted = None
            self._roots.pop(copy.location_uuid, None)  # another thread may have done so
            self._ways.clear()
            seen = self._seen(copy, self._root(copy))
        return seen or Sighting(Now.OFFLINE, None)

    def has_disk(self, disk: str) -> bool:
        """Whether the physical disk with that lasting name is plugged in now, whatever is on it."""
        if self._mounted is None:
            self._mounted = mounted_volumes()
        return any(disk == volume.disk for volume in self._mounted)

    def is_twice(self, copy: Placed) -> bool:
        """Whether two drives that are plugged in say that they hold the copy: it was looked at on neither."""
        self._root(copy)
        return copy.location_uuid in self._twice

    def volume(self, copy: Placed) -> Volume | None:
        """The volume that holds the copy's location now, None while it is not plugged in."""
        root = self._root(copy)
        return root.volume if root.now is Now.THERE else None

    def _seen(self, copy: Placed, root: _Root) -> Sighting | None:
        """How *copy* stands below *root*; None if that is not the root any more."""
        if root.path is None:
            return Sighting(root.now, None)
        path = Path(f"{root.path}/{copy.path}")  # ten times as fast as joining, for a million copies
        if root.now is not Now.THERE:
            return Sighting(root.now, path)
        seen = self._standing(path, root, copy)
        return seen if self._device(root.path) == root.device else None

    def _standing(self, path: Path, root: _Root, copy: Placed) -> Sighting:
        try:
            status = self._disk.stat(path)
            is_straight = self._ways_below(root).is_straight(copy.path)
        except (FileNotFoundError, NotADirectoryError):
            return Sighting(Now.MISSING, path)
        except OSError:
            return Sighting(Now.UNREADABLE, path)
        is_file = stat.S_ISREG(status.st_mode) and status.st_dev == root.device
        if not is_file or not is_straight or status.st_size != copy.size:
            return Sighting(Now.CHANGED, path)
        if mtime_of(status) != copy.mtime_ns:
            return Sighting(Now.CHANGED, path, only_time=True)
        return Sighting(Now.THERE, path)

    def _ways_below(self, root: _Root) -> Ways:
        assert root.path is not None
        return self._ways.setdefault(root.path, Ways(self._disk, root.path))

    def _device(self, root: Path) -> int | None:
        try:
            return self._disk.stat(root).st_dev
        except OSError:
            return None

    def _root(self, copy: Placed) -> _Root:
        root = self._roots.get(copy.location_uuid)
        if root is None:
            root = self._roots[copy.location_uuid] = self._find(copy)
        return root

    def _find(self, copy: Placed) -> _Root:
        mounted = self._mounted
        if mounted is None:
            mounted = self._mounted = mounted_volumes()
        missing = _Root(Now.OFFLINE)
        for volume in mounted:
            root = path_from_volume(volume, copy.location_path) if volume.key == copy.volume_key else None
            if root is None:
                continue
            if is_one_of_two(volume, mounted):
                self._twice.add(copy.location_uuid)
                current().note(
                    f"The drive {display(volume.name)} is plugged in twice: one is a clone of the other. "
                    "Neither counts as long as both are there."
                )
                return _Root(Now.OFFLINE)
            if self._is_covered(root, copy):
                continue
            place = Path(os.path.realpath(root))
            device = self._device(place) if self._is_root(root, copy) else None
            if device is not None:
                return _Root(Now.THERE, place, volume, device)
            missing = _Root(Now.MISSING, root)
        return missing

    def _is_covered(self, root: Path, copy: Placed) -> bool:
        """Whether something else is mounted over it: then it is as good as unplugged."""
        try:
            return volume_of(root).key != copy.volume_key
        except OSError:
            return False

    def _is_root(self, root: Path, copy: Placed) -> bool:
        """Whether that is the copy's location: no other mount, no link to another, no copy of its marker."""
        try:
            marker = read_marker(root)
            is_there = root.is_dir() and volume_of(root).key == copy.volume_key
        except (OSError, DestinationError):
            return False
        if marker is None:
            return is_there and not self._only_marked
        return is_there and marker.location_uuid == copy.location_uuid
