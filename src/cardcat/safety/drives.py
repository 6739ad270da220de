"""Which drives the verdict on a card stands on, and which it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cardcat.catalog.evidence import PlacedVolume
from cardcat.model import Evidence
from cardcat.plan.judging import held_together
from cardcat.plan.plugging import Waiting, drives_to_plug_in, waiting_for
from cardcat.safety.answer import AwaitedDrive, CountedDrive, Standing
from cardcat.safety.weighing import Weighed


@dataclass(slots=True)
class _Tally:
    """What is counted of one drive."""

    volume: PlacedVolume
    files: int = 0
    size: int = 0
    how: set[str] = field(default_factory=set)
    times: set[int] = field(default_factory=set)
    is_seen: bool = False

    def take(self, standing: Standing) -> None:
        self.files += 1
        self.size += standing.copy.size
        self.how.add(standing.how or "")
        self.times.add(standing.verified_at or 0)
        self.is_seen |= standing.path is not None


def counted_drives(
    hashes: Mapping[str, str], proofs: Mapping[str, Sequence[Standing]]
) -> tuple[CountedDrive, ...]:
    """The drives with copies that count, those with most files first. A file counts once a drive."""
    tallies: dict[str, _Tally] = {}
    for hash_ in hashes.values():
        for standing in one_a_drive(proofs.get(hash_, ())):
            volume = standing.copy.volume
            tallies.setdefault(volume.key, _Tally(volume)).take(standing)
    drives = [_counted(tally) for tally in tallies.values()]
    return tuple(sorted(drives, key=lambda drive: (-drive.files, drive.name, drive.uuid)))


def one_a_drive(standings: Sequence[Standing]) -> list[Standing]:
    """The copy of each drive that was read back last."""
    best: dict[str, Standing] = {}
    for standing in sorted(standings, key=lambda each: each.verified_at or 0):
        best[standing.copy.volume.key] = standing
    return list(best.values())


def awaited_drives(weighed: Weighed) -> tuple[AwaitedDrive, ...]:
    """The drives that would make the answer a yes, or all but what no drive can mend."""
    volumes = {
        standing.copy.volume.key: standing.copy.volume
        for standings in weighed.standings.values()
        for standing in standings
        if standing.state.offers
    }
    found = []
    for choice in drives_to_plug_in([*_waiting(weighed)]):
        volume = volumes[choice.volume]
        found.append(AwaitedDrive(volume.name, volume.uuid, choice.files, volume.last_seen_at))
    return tuple(found)


def _waiting(weighed: Weighed) -> Iterator[Waiting]:
    """Groups wait as a whole, where drives have the whole; everything else file by file."""
    grouped: set[str] = set()
    for group in weighed.groups:
        members = weighed.members(group)
        if members and (waiting := waiting_for(group, *held_together(members), weighed.wanted)):
            grouped.update(group)
            yield waiting
    for path, hash_ in weighed.hashes.items():
        judged = weighed.judged[hash_]
        if path not in grouped and not judged.enough:
            waiting = waiting_for([path], judged.holders, judged.offers, weighed.wanted)
            if waiting:
                yield waiting


def _counted(tally: _Tally) -> CountedDrive:
    return CountedDrive(
        name=tally.volume.name,
        uuid=tally.volume.uuid,
        fs_type=tally.volume.fs_type,
        files=tally.files,
        size=tally.size,
        evidence=Evidence.READ_BACK_COLD,  # nothing less counts
        how=tuple(sorted(tally.how - {""})),
        verified_from=min(tally.times),
        verified_to=max(tally.times),
        is_seen=tally.is_seen,
    )
