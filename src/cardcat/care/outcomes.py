"""What is to be repaired, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from cardcat.catalog.checks import OpenFinding, Trouble
from cardcat.catalog.knowledge import KnownCopy
from cardcat.errors import DestinationError
from cardcat.paths import display
from cardcat.text import cause, many
from cardcat.text import size as human_size

_HINT = "Look after the drive (space, cable, write protection), then give the same command again."


@dataclass(frozen=True, slots=True)
class Mending:
    """
    What became, or would become, of one finding. *path* is relative to its root, *place* where the copy is.

    *source* is the drive and *source_path* the file that it is restored from, None if it is not. *aside* is
    where the bad file is kept, relative to the root. *why* says why it was not mended, '' if it was.
    """

    path: str
    place: str | None
    drive: str
    trouble: Trouble
    message: str
    hash: str
    source: str | None = None
    source_path: str | None = None
    aside: str | None = None
    why: str = ""


@dataclass(slots=True)
class TooLittle:
    """The room that is missing on the drive *name*: for *files*, of *size* bytes, where *free* are left."""

    name: str
    files: int = 0
    size: int = 0
    free: int = 0

    @property
    def error(self) -> DestinationError:
        """It is said once a drive."""
        need = f"{many(self.files, 'file')} of {human_size(self.size)}"
        return DestinationError(
            f"The drive {display(self.name)} has too little room to restore {need}: "
            f"{human_size(self.free)} are free.",
            hint=_HINT,
        )


@dataclass(slots=True)
class Repaired:
    """
    What came of the findings: each is in one of the lists.

    *mended* were restored (or would be), *right* turned out to be right by now, *left* could not be mended.
    *plug_in* counts, by name and when it was last seen, what would need a drive that is not plugged in.
    *failed* tells of drives that could not be written.
    """

    mended: list[Mending] = field(default_factory=list)
    right: list[Mending] = field(default_factory=list)
    left: list[Mending] = field(default_factory=list)
    plug_in: Counter[tuple[str, int]] = field(default_factory=Counter)
    failed: list[DestinationError] = field(default_factory=list)
    bytes_copied: int = 0


@dataclass(frozen=True, slots=True)
class BadCopy:
    """A bad copy that can be got at: *path* is where it is or should be, *root* that of its location."""

    finding: OpenFinding
    path: Path
    root: Path

    @property
    def copy(self) -> KnownCopy:
        """The copy."""
        return self.finding.copy

    @property
    def told(self) -> Mending:
        """What is known of it before anything is done."""
        return replace(told(self.finding), place=str(self.path))

    def told_from(self, source: KnownCopy, path: Path) -> Mending:
        """The same, with the copy that it is restored from, which is at *path*."""
        return replace(self.told, source=source.volume_name, source_path=str(path))


def failed(bad: BadCopy, error: OSError) -> DestinationError:
    """Say that the drive of *bad* failed while that was to be restored."""
    what = f"while {display(bad.copy.path)} was being restored"
    return DestinationError(
        f"The drive {display(bad.copy.volume_name)} failed {what}: {cause(error)}.", hint=_HINT
    )


def told(finding: OpenFinding) -> Mending:
    """What is known of a finding before anything is looked at."""
    copy = finding.copy
    return Mending(copy.path, None, copy.volume_name, finding.trouble, finding.message, copy.hash)
