"""What is to be repaired, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from cardcat.catalog.checks import OpenFinding, Trouble
from cardcat.catalog.knowledge import KnownCopy
from cardcat.errors import DestinationError


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


def told(finding: OpenFinding) -> Mending:
    """What is known of a finding before anything is looked at."""
    copy = finding.copy
    return Mending(copy.path, None, copy.volume_name, finding.trouble, finding.message, copy.hash)
