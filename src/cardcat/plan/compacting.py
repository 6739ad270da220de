"""When it is worth it to make the catalog's file smaller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LEAST_BYTES = 64_000_000
"""Free space inside the file that is worth a rewriting of all of it."""

LEAST_SHARE = 0.2
"""The share of the file that this must be too: the next backups fill what is free."""

_ROOM = 2.2  # times what stays: it is written to a temporary file, and to the log from there


class Compaction(StrEnum):
    """What is to be done about free space inside the catalog's file, and why nothing where nothing is."""

    WORTH_IT = "worth it"
    NOT_WORTH_IT = "little to gain"
    NO_ROOM = "no room on the disk for it"
    IN_USE = "the catalog is in use"


@dataclass(frozen=True, slots=True)
class Space:
    """The space of a database: bytes of its file, and those of them that hold nothing."""

    size: int
    free: int

    @property
    def held(self) -> int:
        """Bytes that hold something, and would stay."""
        return max(0, self.size - self.free)


def judge(space: Space, room: int) -> Compaction:
    """Whether to rewrite the file without what is free, where *room* bytes are left on the disk for that."""
    if space.free <= LEAST_BYTES or space.free <= LEAST_SHARE * space.size:
        return Compaction.NOT_WORTH_IT
    if room < _ROOM * space.held:
        return Compaction.NO_ROOM
    return Compaction.WORTH_IT
