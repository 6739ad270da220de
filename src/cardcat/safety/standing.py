"""What recorded copies are worth for the verdict on a card: looked at now, not just remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cardcat import text
from cardcat.care.reading import reread
from cardcat.catalog.checks import RightCopy, Trouble, WrongCopy
from cardcat.catalog.evidence import PlacedCopy
from cardcat.model import Evidence, Stage, Volume
from cardcat.paths import display
from cardcat.plan.disks import UNKNOWN_DISK, DiskNames, disk_of_each
from cardcat.plan.judging import CopyState
from cardcat.reporting import Reporter
from cardcat.safety.answer import Standing
from cardcat.sightings import Now, Places, Sighting
from cardcat.storage.disk import Disk
from cardcat.storage.verify import can_prove_cold
from cardcat.storage.volumes import disk_of

_DAY = 86_400  # seconds
_TROUBLE = {
    Now.MISSING: "does not have it any more",
    Now.UNREADABLE: "does not let it be looked at",
    Now.CHANGED: "has it changed, or something else in its place",
}
_FOUND = {
    "damaged": "had it damaged when it was last read: see cardcat repair",
    "missing": "did not have it when it was last checked: see cardcat repair",
    "unreadable": "could not read it when it was last checked: see cardcat verify",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What is asked of copies: on how many disks, and whether their bytes are read again.

    *trust_offline* is for how many days after it was read a copy counts whose drive is not plugged in, None
    for never; *now* is in UTC seconds.
    """

    wanted: int
    full: bool
    trust_offline: int | None
    now: int


class Looker:
    """Looks at copies for the card on *source*. *troubles* are those on record, by the id of the copy."""

    def __init__(
        self, disk: Disk, source: Volume, troubles: Mapping[int, str], terms: Terms, teller: Reporter
    ) -> None:
        self._disk = disk
        self._source = source
        self._troubles = troubles
        self._terms = terms
        self._teller = teller
        self._places = Places(disk, only_marked=True)

    def look(self, copies: Sequence[PlacedCopy]) -> list[Standing]:
        """What each of *copies* is worth now; those are read that only their bytes can speak for."""
        seen = [(copy, self._places.look(copy)) for copy in copies]
        disks = self._disks(copies)
        to_read = [each for each in seen if self._is_to_be_read(*each, disks)]
        self._tell(to_read)
        read = {copy.id: self._read(copy, sighting) for copy, sighting in to_read}
        return [self._standing(copy, sighting, disks, read.get(copy.id)) for copy, sighting in seen]

    def _disks(self, copies: Iterable[PlacedCopy]) -> dict[str, str]:
        """The disk of each volume, the card's own among them."""
        one_of_each = {copy.volume_key: copy for copy in copies}
        names = [DiskNames(self._source.key, disk_of(self._source), self._source.disk)]
        for key, copy in one_of_each.items():
            if key != self._source.key:
                volume = self._places.volume(copy)
                names.append(DiskNames(key, disk_of(volume) if volume else None, self._lasting(copy)))
        return disk_of_each(names)

    def _lasting(self, copy: PlacedCopy) -> str | None:
        """The name for good of the disk that *copy* is on."""
        volume = self._places.volume(copy)
        return copy.volume.disk if volume is None else volume.disk or copy.volume.disk

    def _is_on_source(self, copy: PlacedCopy, disks: Mapping[str, str]) -> bool:
        """Also if it is on another part of the card's own disk, which a camera formats as a whole."""
        disk = disks[copy.volume_key]
        return copy.volume_key == self._source.key or (
            disk != UNKNOWN_DISK and disk == disks[self._source.key]
        )

    # -- reading -------------------------------------------------------------------------------------

    def _is_to_be_read(self, copy: PlacedCopy, sighting: Sighting, disks: Mapping[str, str]) -> bool:
        if self._is_on_source(copy, disks) or copy.id in self._troubles:
            return False
        if sighting.now is Now.THERE:
            return self._terms.full
        volume = self._places.volume(copy) if sighting.only_time else None
        return volume is not None and can_prove_cold(volume.fs_type)

    def _tell(self, to_read: Sequence[tuple[PlacedCopy, Sighting]]) -> None:
        """Say what is read, and why."""
        if not to_read:
            return
        retimed = [copy for copy, sighting in to_read if sighting.only_time]
        if retimed:
            names = ", ".join(display(name) for name in dict.fromkeys(copy.volume_name for copy in retimed))
            have = text.many(len(retimed), "copy has", "copies have")
            size = text.size(sum(copy.size for copy in retimed))
            self._teller.note(
                f"{have} another time than was recorded ({names}): {size} are read to see if they are right."
            )
        self._teller.begin(Stage.VERIFY, files=len(to_read), size=sum(copy.size for copy, _ in to_read))

    def _read(self, copy: PlacedCopy, sighting: Sighting) -> RightCopy | str:
        """The proof of the copy's bytes if they are right, else what completes "the drive …"."""
        volume = self._places.volume(copy)
        if volume is None or sighting.path is None:
            return "was unplugged while it was looked at"
        found = reread(self._disk, sighting.path, copy, volume.fs_type)
        if isinstance(found, WrongCopy) and found.trouble is Trouble.UNREADABLE:
            return f"has it, but {found.message}"
        self._teller.advance(files=1, size=copy.size)
        if isinstance(found, WrongCopy):
            return _TROUBLE[Now.CHANGED] if sighting.only_time else "has it damaged"
        if self._places.look(copy) != sighting:
            return "was changed or unplugged while it was looked at"
        if sighting.only_time and found.evidence is not Evidence.READ_BACK_COLD:
            return f"has it with another time, and it could not be proved now ({found.how})"
        return found

    # -- judging -------------------------------------------------------------------------------------

    def _standing(
        self, copy: PlacedCopy, sighting: Sighting, disks: Mapping[str, str], read: RightCopy | str | None
    ) -> Standing:
        is_proved = isinstance(read, RightCopy) and read.evidence is Evidence.READ_BACK_COLD
        trouble = read if isinstance(read, str) else None
        if trouble is None and not is_proved:
            trouble = self._trouble(copy, sighting, is_read=read is not None)
        evidence = Evidence.READ_BACK_COLD if is_proved else copy.evidence
        return Standing(
            copy=copy,
            state=self._state(copy, disks, evidence, trouble, is_away=sighting.now is Now.OFFLINE),
            path=sighting.path if sighting.now is Now.THERE or sighting.only_time else None,
            evidence=evidence,
            verified_at=self._terms.now if is_proved else copy.verified_at,
            how=read.how if isinstance(read, RightCopy) and is_proved else copy.verified_how,
        )

    def _state(
        self,
        copy: PlacedCopy,
        disks: Mapping[str, str],
        evidence: Evidence,
        trouble: str | None,
        *,
        is_away: bool,
    ) -> CopyState:
        is_on_source = self._is_on_source(copy, disks)
        is_cold = copy.evidence is Evidence.READ_BACK_COLD and copy.id not in self._troubles
        return CopyState(
            volume=copy.volume_key,
            disk=disks[copy.volume_key],
            name=copy.volume_name,
            is_on_source=is_on_source,
            evidence=evidence,
            trouble=trouble,
            offers=is_away and is_cold and not is_on_source and not self._places.is_twice(copy),
            blind=self._blind(copy),
            is_plugged=self._places.volume(copy) is not None,
            is_named=self._lasting(copy) is not None and disks[copy.volume_key] != UNKNOWN_DISK,
        )

    def _blind(self, copy: PlacedCopy) -> str | None:
        volume = self._places.volume(copy)
        fs_type = volume.fs_type if volume else copy.volume.fs_type
        return None if fs_type is None or can_prove_cold(fs_type) else fs_type

    def _trouble(self, copy: PlacedCopy, sighting: Sighting, *, is_read: bool) -> str | None:
        if copy.id in self._troubles:
            return _FOUND[self._troubles[copy.id]]
        if sighting.now is Now.OFFLINE:
            return self._in_doubt(copy) or self._offline(copy)
        if (sighting.now is Now.THERE or sighting.only_time) and self._is_on_another_disk(copy):
            return "is another disk than the one that was proved (a clone?): see cardcat verify"
        if sighting.now is Now.THERE or is_read:
            return None
        if sighting.only_time and (blind := self._blind(copy)):
            return f"has it with another time, and {blind} does not let it be proved"
        return _TROUBLE[sighting.now]

    def _is_on_another_disk(self, copy: PlacedCopy) -> bool:
        volume = self._places.volume(copy)
        before, now = copy.volume.disk, volume.disk if volume else None
        return before is not None and now is not None and before != now

    def _in_doubt(self, copy: PlacedCopy) -> str | None:
        """What is known against a drive that is not there as it should be."""
        if self._places.is_twice(copy):
            return "is plugged in twice, one of both is a clone: unplug one"
        if copy.volume.disk is not None and self._places.has_disk(copy.volume.disk):
            return "is on a disk that is plugged in, but is not mounted there, or was formatted since"
        return None

    def _offline(self, copy: PlacedCopy) -> str | None:
        """Why the copy on a drive that is not plugged in does not count."""
        if copy.evidence is not Evidence.READ_BACK_COLD:
            return "is not plugged in, and what it has was never proved"
        days = self._terms.trust_offline
        if days is None or copy.verified_at is None:
            return "is not plugged in"
        age = self._terms.now - copy.verified_at
        if age < 0:
            return "is not plugged in, and was read at a time that has not come yet: is the clock right?"
        if age > days * _DAY:
            return f"is not plugged in, and was last read {text.many(age // _DAY, 'day')} ago"
        return None
