"""Which volumes are parts of one physical disk, and so are lost together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

UNKNOWN_DISK = "unknown"
"""What all volumes have for their disk of which nothing is known: any two of them could be one."""


@dataclass(frozen=True, slots=True)
class DiskNames:
    """
    What is known of the disks below a volume, `+` between several.

    *now* is how the system calls them while they are plugged in, *lasting* what they are called for good.
    """

    volume: str
    now: str | None
    lasting: str | None


def disk_of_each(volumes: Sequence[DiskNames]) -> dict[str, str]:
    """
    The disk of each volume, the same text for those that share one.

    What is plugged in, the system tells apart: cheap bridges give many disks one lasting name. So an
    unplugged volume whose lasting name several of those have is on a disk that is not known.
    """
    plugged = [each for each in volumes if each.now]
    away = [each for each in volumes if not each.now and each.lasting]
    found = {each.volume: UNKNOWN_DISK for each in volumes}
    found |= _merged({each.volume: _parts(each.now) for each in plugged})
    for group, names in _groups({each.volume: _parts(each.lasting) for each in away}):
        near = {found[each.volume] for each in plugged if names & _parts(each.lasting)}
        disk = UNKNOWN_DISK if len(near) > 1 else next(iter(near), group[0])
        found |= dict.fromkeys(group, disk)
    return found


def _merged(names: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """For each volume the first of those that it shares a disk with, itself or through others."""
    return {volume: group[0] for group, _ in _groups(names) for volume in group}


def _groups(names: Mapping[str, frozenset[str]]) -> list[tuple[list[str], frozenset[str]]]:
    """Volumes that have a name in common, with all their names."""
    groups: list[tuple[list[str], frozenset[str]]] = []
    for volume, own in names.items():
        sharing = [group for group in groups if group[1] & own]
        groups = [group for group in groups if group not in sharing]
        together = [other for group in sharing for other in group[0]]
        groups.append(([*together, volume], own.union(*(group[1] for group in sharing))))
    return groups


def _parts(names: str | None) -> frozenset[str]:
    return frozenset(names.split("+")) if names else frozenset()
