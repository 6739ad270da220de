"""Which volumes are parts of one physical disk, and so are lost together."""

from __future__ import annotations

from collections.abc import Sequence
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

    Where both are plugged in, that decides: cheap bridges give many disks one lasting name.
    """
    found = {each.volume: each.volume if each.now or each.lasting else UNKNOWN_DISK for each in volumes}
    for at, one in enumerate(volumes):
        for other in volumes[:at]:
            if _share(one, other):
                old, new = found[one.volume], found[other.volume]
                found = {volume: new if disk == old else disk for volume, disk in found.items()}
    return found


def _share(one: DiskNames, other: DiskNames) -> bool:
    if one.now and other.now:
        return bool(_parts(one.now) & _parts(other.now))
    return bool(_parts(one.lasting) & _parts(other.lasting))


def _parts(names: str | None) -> frozenset[str]:
    return frozenset(names.split("+")) if names else frozenset()
