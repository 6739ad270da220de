"""Whether the copies of one content are enough to give up the original: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cardcat.model import Evidence
from cardcat.plan.disks import UNKNOWN_DISK

_WEAK = {
    Evidence.CLAIMED: "the drive {} is only said to have it: back the card up to it again, to have it read",
    Evidence.WRITTEN: "on the drive {} it was never read back: back the card up to it again",
    Evidence.SYNCED: "on the drive {} it was never read back: back the card up to it again",
}


@dataclass(frozen=True, slots=True)
class CopyState:
    """
    One copy as it is now. *volume* and *disk* recognise where it is, *name* is what people call the volume.

    *trouble* completes "the drive …"; *offers* says that it would count if its drive were plugged in.
    *blind* is the kind of a filesystem on which nobody can tell whether memory answers, None for others.
    *is_plugged* and *is_named* are those of a `Holder`.
    """

    volume: str
    disk: str
    name: str
    is_on_source: bool
    evidence: Evidence
    trouble: str | None = None
    offers: bool = False
    blind: str | None = None
    is_plugged: bool = True
    is_named: bool = True

    @property
    def holder(self) -> Holder:
        """Where it is."""
        return Holder(self.volume, self.disk, self.is_plugged, self.is_named)

    @property
    def counts(self) -> bool:
        """Whether the original may go because of it, among others."""
        return self.evidence is Evidence.READ_BACK_COLD and not self.is_on_source and self.trouble is None


class Holder(NamedTuple):
    """
    A volume with a copy, and the disk that it is a part of: what is on one disk is lost together.

    The system tells the disks apart that are plugged in, and a name for good tells apart those that have
    one. A disk that is not plugged in may be one that has no name, or has lost it in another reader.
    """

    volume: str
    disk: str
    is_plugged: bool = True
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """
    The decision, and the sentence for it if it is no.

    *holders* have a copy which counts; *offers* are not plugged in, and have one that would.
    """

    enough: bool
    reason: str = ""
    holders: frozenset[Holder] = frozenset()
    offers: frozenset[Holder] = frozenset()


def disks(holders: Iterable[Holder]) -> frozenset[str]:
    """The different disks among *holders*."""
    return frozenset(holder.disk for holder in holders)


def count_disks(holders: Iterable[Holder]) -> int:
    """On how many different disks they are for certain."""
    plugged: set[str] = set()
    named: set[str] = set()
    found = set()
    for holder in holders:
        found.add(holder.disk)
        if holder.is_plugged:
            plugged.add(holder.disk)
        if holder.is_named:
            named.add(holder.disk)
    certain = len(plugged & named) + max(len(plugged - named), len(named - plugged))
    return max(certain, min(len(found), 1))


def judge(copies: Sequence[CopyState], wanted: int) -> Judged:
    """
    Enough if *wanted* different disks other than the card's hold a cold-proved copy without trouble.

    One is the least that can be wanted: without a copy it is never enough.
    """
    good = frozenset(copy.holder for copy in copies if copy.counts)
    offers = frozenset(copy.holder for copy in copies if copy.offers) - good
    have = count_disks(good)
    if have >= max(wanted, 1):
        return Judged(enough=True, holders=good, offers=offers)
    lacking = (_why(copy) for copy in copies if copy.holder not in good)
    why = "; ".join(dict.fromkeys([*_counted_once(copies, good), *lacking]))
    told = "has no proved copy" if not have else f"has {have} of {wanted} proved copies"
    return Judged(enough=False, reason=f"{told}: {why}" if why else told, holders=good, offers=offers)


def judge_group(members: Sequence[Judged], wanted: int) -> Judged:
    """
    Enough if *wanted* disks hold every one of the *members* of a group: a raw file here and its sidecar
    there is no copy of the shot. A group with a member that is not enough by itself is left to that.
    """
    if not members or not all(member.enough for member in members):
        return Judged(enough=True)
    whole, offers = held_together(members)
    have = count_disks(whole)
    if have >= max(wanted, 1):
        return Judged(enough=True, holders=whole, offers=offers)
    told = f"only {have} of {wanted} drives have" if have else "no single drive has"
    reason = f"{told} all {len(members)} files that belong together here"
    return Judged(enough=False, reason=reason, holders=whole, offers=offers)


def held_together(members: Sequence[Judged]) -> tuple[frozenset[Holder], frozenset[Holder]]:
    """Who has every one of the *members* of a group, and who would if their drives were plugged in."""
    whole = frozenset.intersection(*(member.holders for member in members))
    return whole, frozenset.intersection(*(member.holders | member.offers for member in members)) - whole


def _counted_once(copies: Sequence[CopyState], good: frozenset[Holder]) -> list[str]:
    """Why fewer copies count than there are good ones."""
    told = []
    for disk in sorted(disks(good)):
        names = list(dict.fromkeys(copy.name for copy in copies if copy.counts and copy.disk == disk))
        if len({holder for holder in good if holder.disk == disk}) > 1:
            listed = " and ".join(names)
            if disk == UNKNOWN_DISK:
                told.append(f"{listed} could be parts of one disk, so they count once")
            else:
                told.append(f"{listed} are parts of one disk, so they count once")
    if count_disks(good) < len(disks(good)):
        away = " and ".join(
            dict.fromkeys(each.name for each in copies if each.counts and not each.is_plugged)
        )
        told.append(f"{away} could be on a disk that counts already; plugged in, that can be told")
    return told


def _why(copy: CopyState) -> str:
    if copy.is_on_source:
        return "a copy on the card's own disk does not count"
    if copy.trouble is not None:
        return f"the drive {copy.name} {copy.trouble}"
    if copy.evidence in _WEAK:
        return _WEAK[copy.evidence].format(copy.name)
    answered = f"on the drive {copy.name} memory may have answered when it was read back"
    if copy.blind is not None:
        return f"{answered}, and {copy.blind} does not let that be told: use a drive that is plugged in here"
    return f"{answered}: cardcat verify reads it again"
