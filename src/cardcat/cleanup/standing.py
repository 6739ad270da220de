"""What stands against putting a copy away, as far as looking tells: nothing is opened."""

from __future__ import annotations

from pathlib import Path

from cardcat.cleanup.units import structure_of
from cardcat.model import Volume
from cardcat.paths import display
from cardcat.plan.keepers import LibraryCopy
from cardcat.sightings import Now, Places
from cardcat.storage.destination import FOLDER
from cardcat.storage.disk import Disk

OFFLINE = "its drive is not plugged in"
GONE = "it is not there any more"
CHANGED = "it changed since it was indexed"
UNREADABLE = "it can't be looked at"
STRUCTURE = "it is part of a camera's folder tree, which only works whole"
BACKUP = "it is in a backup of cardcat's"
SAME = "it is the kept file under another name, so nothing would be gained"
GROUP = "files that belong together would be parted"
ONLY_HERE = "it is the only copy on its drive"
WRONG = "something was found wrong with it"
NOT_LIBRARY = "it is not on record as a file of a library that is there"

_NOW = {
    Now.MISSING: GONE,
    Now.CHANGED: CHANGED,
    Now.UNREADABLE: UNREADABLE,
}


def offline(drive: str) -> str:
    """That *drive* would have to be plugged in first."""
    return f"{OFFLINE}: {display(drive)}"


class Standing:
    """Looks at copies on the drives that are plugged in now."""

    def __init__(self, disk: Disk) -> None:
        self.places = Places(disk)
        self._disk = disk

    def against(self, copy: LibraryCopy) -> str | None:
        """Why *copy* is neither kept for another one nor put away; None if nothing stands against it."""
        seen = self.places.look(copy)
        if seen.now is Now.OFFLINE:
            return offline(copy.volume_name)
        if seen.now is not Now.THERE and not seen.only_time:
            return _NOW[seen.now]
        if structure_of(copy.path_on_volume):
            return STRUCTURE
        return BACKUP if self.is_in_backup(copy) else None

    def against_staying(self, copy: LibraryCopy) -> str | None:
        """Why nothing goes for the sake of *copy*: it is not there as it was, or it is in a backup."""
        reason = self.against(copy)
        return None if reason == STRUCTURE else reason

    def is_in_backup(self, copy: LibraryCopy) -> bool:
        """Whether a folder that it lies in, up to the root of its volume, is a destination of ours."""
        seen, volume = self.places.look(copy), self.places.volume(copy)
        if seen.path is None or volume is None:
            return True
        return any(self._is_destination(folder) for folder in _folders(seen.path, volume))

    def root(self, copy: LibraryCopy) -> Path | None:
        """The root of its location where that is mounted now, None while it is not."""
        path = self.places.look(copy).path
        return None if path is None else path.parents[copy.path.count("/")]

    def file(self, copy: LibraryCopy) -> tuple[int, int] | None:
        """What tells its file from others on this computer now; None if it can't be told."""
        path = self.places.look(copy).path
        try:
            status = None if path is None else self._disk.stat(path)
        except OSError:
            return None
        return None if status is None else (status.st_dev, status.st_ino)

    def _is_destination(self, folder: Path) -> bool:
        try:
            return self._disk.exists(folder / FOLDER)
        except OSError:
            return True  # what can't be told is not touched


def _folders(path: Path, volume: Volume) -> list[Path]:
    above = list(path.parents)
    if volume.mount_point in above:
        return above[: above.index(volume.mount_point) + 1]
    return above
