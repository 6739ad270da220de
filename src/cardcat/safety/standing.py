"""What recorded copies are worth for the verdict on a card: looked at now, not just remembered."""

from __future__ import annotations

from pathlib import Path

from cardcat.catalog.evidence import PlacedCopy
from cardcat.model import Evidence, Volume
from cardcat.plan.judging import CopyState
from cardcat.sightings import Now, Places
from cardcat.storage.disk import Disk
from cardcat.storage.verify import read_back
from cardcat.storage.volumes import disk_of

_TROUBLE = {
    Now.OFFLINE: "is not plugged in",
    Now.MISSING: "does not have it any more",
    Now.UNREADABLE: "does not let it be looked at",
    Now.CHANGED: "has it changed, or something else in its place",
}


class Looker:
    """Looks at copies for the card of *source*; with *full* their bytes are read too."""

    def __init__(self, disk: Disk, source: Volume, *, full: bool) -> None:
        self._disk = disk
        self._source, self._source_disk = source, disk_of(source)
        self._full = full
        self._places = Places(disk, only_marked=True)

    def state(self, copy: PlacedCopy) -> CopyState:
        """What *copy* is worth now."""
        return CopyState(
            volume=copy.volume_key,
            name=copy.volume_name,
            is_on_source=self._is_on_source(copy),
            is_cold=copy.evidence == Evidence.READ_BACK_COLD,
            trouble=self._trouble(copy),
        )

    def _is_on_source(self, copy: PlacedCopy) -> bool:
        """Also if it is on another part of the card's own disk, which a camera formats as a whole."""
        if copy.volume_key == self._source.key:
            return True
        volume = self._places.volume(copy)
        return volume is not None and self._source_disk is not None and disk_of(volume) == self._source_disk

    def _trouble(self, copy: PlacedCopy) -> str | None:
        seen = self._places.look(copy)
        if seen.now is not Now.THERE or seen.path is None:
            return _TROUBLE[seen.now]
        volume = self._places.volume(copy)
        if self._full and (volume is None or not self._reads_back(seen.path, copy, volume.fs_type)):
            return "has it damaged"
        return None

    def _reads_back(self, path: Path, copy: PlacedCopy, fs_type: str) -> bool:
        try:
            return read_back(self._disk, path, copy.size, fs_type, sha256=True).sha256 == copy.hash
        except OSError:
            return False
