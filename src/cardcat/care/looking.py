"""One copy looked at and read again: whether it still is what it is recorded to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cardcat.care.reading import gone, replaced, reread
from cardcat.catalog.checks import RightCopy, Trouble, WrongCopy
from cardcat.catalog.knowledge import KnownCopy
from cardcat.model import Evidence, Presence
from cardcat.sightings import Now, Places, Sighting
from cardcat.storage.disk import Disk
from cardcat.storage.reading import OnBytes, mtime_of
from cardcat.text import cause


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a look at *copy* gave: it is *right*, or *wrong*; neither if its drive is not there (any more).

    *path* is where it is or should be, *size* how many bytes were read.
    """

    copy: KnownCopy
    path: Path | None
    size: int = 0
    right: RightCopy | None = None
    wrong: WrongCopy | None = None


def check(disk: Disk, places: Places, copy: KnownCopy, on_bytes: OnBytes | None = None) -> Checked:
    """
    Read all bytes of *copy* from its medium, and compare them with the recorded SHA-256. Nothing is written.

    What goes wrong while its drive is pulled or changed for another says nothing against the copy. What
    *on_bytes* raises ends it.
    """
    seen = places.look(copy)
    if seen.path is None or seen.now is Now.OFFLINE:
        return Checked(copy, None)
    checked = _Look(disk, places, copy, seen, seen.path).result(on_bytes)
    return checked if places.look(copy).now is not Now.OFFLINE else Checked(copy, None)


@dataclass(frozen=True, slots=True)
class _Look:
    """At a *copy* that was *seen* at *path*."""

    disk: Disk
    places: Places
    copy: KnownCopy
    seen: Sighting
    path: Path

    def result(self, on_bytes: OnBytes | None) -> Checked:
        volume = self.places.volume(self.copy)
        if volume is None:
            return self._without_root()
        if self.seen.now is Now.MISSING:
            return self._wrong(gone(self.copy))
        if self.seen.now is Now.UNREADABLE:
            return self._wrong(self._unreadable("it can't be looked at"))
        if self.seen.now is Now.CHANGED and not self.seen.only_time:
            return self._replaced()
        is_claimed = self.copy.evidence is Evidence.CLAIMED  # then its fingerprint was only claimed, too
        found = reread(self.disk, self.path, self.copy, volume.fs_type, sampled=is_claimed, on_bytes=on_bytes)
        return self._wrong(found) if isinstance(found, WrongCopy) else self._right(found)

    def _without_root(self) -> Checked:
        """Its folder can't be recognised: only what really is not there is gone."""
        try:
            is_there = self.disk.exists(self.path)
        except OSError:
            is_there = True
        return Checked(self.copy, None) if is_there else self._wrong(gone(self.copy))

    def _replaced(self) -> Checked:
        try:
            status = self.disk.stat(self.path)
        except OSError as error:
            return self._wrong(self._unreadable(f"it can't be read: {cause(error)}"))
        is_edited = mtime_of(status) != self.copy.mtime_ns
        return self._wrong(replaced(self.copy, status.st_size, edited=is_edited))

    def _right(self, found: RightCopy) -> Checked:
        """A read that memory may have answered takes nothing away from what an earlier one has proved."""
        copy = self.copy
        is_same = self.seen.now is Now.THERE and copy.status is Presence.PRESENT
        has_more = copy.evidence is Evidence.READ_BACK_COLD and found.evidence is not Evidence.READ_BACK_COLD
        right = replace(found, renews=not (is_same and has_more))
        return Checked(copy, self.path, copy.size, right=right)

    def _unreadable(self, message: str) -> WrongCopy:
        return WrongCopy(self.copy.id, Trouble.UNREADABLE, message, self.copy.hash)

    def _wrong(self, wrong: WrongCopy) -> Checked:
        size = self.copy.size if wrong.hash else 0
        return Checked(self.copy, self.path, size, wrong=wrong)
