"""One copy looked at and read again: whether it still is what it is recorded to be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cardcat.catalog.checks import RightCopy, Trouble, WrongCopy
from cardcat.catalog.knowledge import KnownCopy
from cardcat.model import Evidence, Presence, ReadBack
from cardcat.sightings import Now, Places, Sighting
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import fingerprint
from cardcat.storage.presence import cause
from cardcat.storage.reading import OnBytes, mtime_of
from cardcat.storage.verify import read_back

_UNSEEN = {
    Now.MISSING: (Trouble.MISSING, "it is not there any more"),
    Now.UNREADABLE: (Trouble.UNREADABLE, "it can't be looked at"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What a look at *copy* gave: it is *right*, or *wrong*; neither if its drive is not there (any more).

    *path* is where it is or should be, *size* how many bytes were read. *edited* says of a wrong one that its
    file has another time than was recorded: somebody changed it since, where rot leaves the time as it is.
    """

    copy: KnownCopy
    path: Path | None
    size: int = 0
    right: RightCopy | None = None
    wrong: WrongCopy | None = None
    edited: bool = False


def check(disk: Disk, places: Places, copy: KnownCopy, on_bytes: OnBytes | None = None) -> Checked:
    """
    Read all bytes of *copy* from its medium, and compare them with the recorded SHA-256. Nothing is written.

    What goes wrong while its drive is pulled or changed for another says nothing against the copy.
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
        if self.seen.now in _UNSEEN:
            return self._wrong(*_UNSEEN[self.seen.now])
        try:
            status = self.disk.stat(self.path)
            mtime_ns = mtime_of(status)
            if self.seen.now is Now.CHANGED and not self.seen.only_time:
                return self._replaced(status.st_size, edited=mtime_ns != self.copy.mtime_ns)
            answer = read_back(
                self.disk, self.path, self.copy.size, volume.fs_type, sha256=True, on_bytes=on_bytes
            )
            if answer.sha256 != self.copy.hash:
                return self._differs(answer, edited=self._has_another_time())
            sample = self._sample()
        except OSError as error:
            return self._wrong(Trouble.UNREADABLE, f"it can't be read: {cause(error)}")
        right = self._right(answer, mtime_ns, sample)
        return Checked(self.copy, self.path, self.copy.size, right=right)

    def _without_root(self) -> Checked:
        """Its folder can't be recognised: only what really is not there is gone."""
        try:
            is_there = self.disk.exists(self.path)
        except OSError:
            is_there = True
        return Checked(self.copy, None) if is_there else self._wrong(*_UNSEEN[Now.MISSING])

    def _has_another_time(self) -> bool:
        """Looked at after the reading, too: somebody may be at work on it."""
        return mtime_of(self.disk.stat(self.path)) != self.copy.mtime_ns

    def _sample(self) -> str | None:
        """The fingerprint of what so far was only claimed."""
        if self.copy.evidence is not Evidence.CLAIMED:
            return None
        return fingerprint(self.disk, self.path, self.copy.size, source=False)

    def _right(self, answer: ReadBack, mtime_ns: int, sample: str | None) -> RightCopy:
        """A read that memory may have answered takes nothing away from what an earlier one has proved."""
        copy = self.copy
        is_same = self.seen.now is Now.THERE and copy.status is Presence.PRESENT
        has_more = copy.evidence is Evidence.READ_BACK_COLD and answer.evidence is not Evidence.READ_BACK_COLD
        return RightCopy(
            id=copy.id,
            hash=copy.hash,
            mtime_ns=mtime_ns,
            evidence=answer.evidence,
            how=answer.how,
            renews=not (is_same and has_more),
            xxh3=answer.xxh3,
            sample=sample,
        )

    def _replaced(self, size: int, *, edited: bool) -> Checked:
        if size == self.copy.size:
            message = "something else is in its place"
        else:
            when = "and another time" if edited else "though its time has not changed"
            message = f"it has {size:,} bytes instead of {self.copy.size:,}, {when}"
        return self._wrong(Trouble.DAMAGED, message, size=size, edited=edited)

    def _differs(self, answer: ReadBack, *, edited: bool) -> Checked:
        if edited:
            message = "it was changed since it was recorded: another time, other bytes"
        else:
            message = "it has other bytes, though its size and time have not changed"
        copy = self.copy
        wrong = WrongCopy(copy.id, Trouble.DAMAGED, message, copy.hash, answer.sha256, copy.size)
        return Checked(copy, self.path, copy.size, wrong=wrong, edited=edited)

    def _wrong(
        self, trouble: Trouble, message: str, *, size: int | None = None, edited: bool = False
    ) -> Checked:
        wrong = WrongCopy(self.copy.id, trouble, message, self.copy.hash, size=size)
        return Checked(self.copy, self.path, wrong=wrong, edited=edited)
