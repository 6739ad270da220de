"""What would be lost with a drive, and what would have to be done so that nothing would."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardcat.catalog import looks
from cardcat.catalog.checks import OpenFinding, Scope, open_findings
from cardcat.catalog.engine import Catalog
from cardcat.catalog.protection import (
    LoneFile,
    Share,
    UnprovedCopies,
    evidence_on,
    lone_files,
    shares,
    unproved_copies,
)
from cardcat.catalog.volumes import KnownVolume, VolumeRow, every_volume
from cardcat.catalog.weighed import TABLES, Question, Weighing, in_catalog, in_copy
from cardcat.drives import drive_named
from cardcat.errors import CatalogError
from cardcat.model import Evidence, Kind, Volume
from cardcat.plan.disks import DiskNames, disk_of_each
from cardcat.storage.volumes import disk_of, is_one_of_two, mounted_volumes

if TYPE_CHECKING:
    import duckdb
    from sqlalchemy import Connection

EXAMPLES = 10  # files that are named to a person

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Amount:
    """So many contents of so many bytes."""

    contents: int = 0
    size: int = 0

    def plus(self, contents: int, size: int) -> Amount:
        """Both together."""
        return Amount(self.contents + contents, self.size + size)


@dataclass(frozen=True, slots=True)
class Drive:
    """
    A drive on record. *now* is where it is mounted, None if it is not. *disk* is the physical disk below it.

    *has_twin*: two drives that are plugged in both say that they are this one. *is_moved*: it is on another
    disk than it was proved on. Neither counts, since nobody knows whether it is the drive that was proved.
    """

    volume: VolumeRow
    now: Volume | None
    disk: str | None
    is_drive: bool
    has_twin: bool
    is_moved: bool

    @property
    def counts(self) -> bool:
        """Whether its copies do."""
        return self.is_drive and not self.has_twin and not self.is_moved


@dataclass(frozen=True, slots=True)
class Protection:
    """
    How well what is on a drive is protected.

    *together* are drives that are, or could be, parts of the same disk. *held*, *only_here* and *too_few* (on
    fewer than *wanted* physical disks) are by kind; *folders* are those with most bytes that are nowhere
    else. *files* are as many as were asked for. *to_read* have copies that were never read back,
    *room* are drives that could take what is in too few places.
    """

    drive: Drive
    wanted: int
    together: Sequence[VolumeRow]
    evidence: Sequence[tuple[Evidence, int, int, int | None]]
    findings: Sequence[OpenFinding]
    held: dict[Kind, Amount]
    only_here: dict[Kind, Amount]
    too_few: dict[Kind, Amount]
    folders: Sequence[tuple[str, Amount]]
    files: Sequence[LoneFile]
    to_read: Sequence[tuple[UnprovedCopies, Volume | None]]
    room: Sequence[Drive]


def protection_of(
    catalog: Catalog, given: str, *, wanted: int = 2, limit: int | None = EXAMPLES
) -> Protection:
    """
    What is known of the drive that *given* means: its label, a uuid, or where it is mounted.

    Only what the catalog knows counts; no copy is looked at. UsageError if there is no such drive, or more
    than one. At most *limit* files are named that are in too few places, None for all.
    """
    with catalog.read() as c:
        known = every_volume(c)
        chosen = drive_named(known, given).volume.id
        drives = _as_now(known, mounted_volumes(), chosen)
        disks = disk_of_each([DiskNames(d.volume.key, _now(d), d.disk) for d in drives])
        drive = next(each for each in drives if each.volume.id == chosen)
        asked = _question(drive, drives, disks, wanted)
        findings = open_findings(c, Scope(chosen))
        answers = _answers(catalog, c, asked, limit)
    return _protection(drive, _Others(drives, disks), answers, findings, wanted)


def _as_now(known: Sequence[KnownVolume], mounted: Sequence[Volume], chosen: int) -> list[Drive]:
    """The drives that hold copies, and the one that was chosen."""
    there = {volume.key: volume for volume in mounted}
    found = []
    for each in known:
        if each.is_drive or each.volume.id == chosen:
            now = there.get(each.volume.key)
            found.append(
                Drive(
                    volume=each.volume,
                    now=now,
                    disk=each.disk or (now.disk if now else None),
                    is_drive=each.is_drive,
                    has_twin=now is not None and is_one_of_two(now, mounted),
                    is_moved=now is not None and None not in (each.disk, now.disk) and each.disk != now.disk,
                )
            )
    return found


def _now(drive: Drive) -> str | None:
    return disk_of(drive.now) if drive.now else None


def _question(drive: Drive, drives: Sequence[Drive], disks: dict[str, str], wanted: int) -> Question:
    numbers = {disk: number for number, disk in enumerate(dict.fromkeys(disks.values()))}
    counted = {each.volume.id: numbers[disks[each.volume.key]] for each in drives if each.counts}
    return Question(drive.volume.id, wanted, counted, numbers[disks[drive.volume.key]])


@dataclass(frozen=True, slots=True)
class _Others:
    """All drives, and the disk of each by its key."""

    drives: Sequence[Drive]
    disks: dict[str, str]

    def together(self, drive: Drive) -> list[Drive]:
        """Those that are, or could be, on the disk of *drive*."""
        own = self.disks[drive.volume.key]
        return [each for each in self.drives if each is not drive and self.disks[each.volume.key] == own]

    def elsewhere(self, drive: Drive) -> list[Drive]:
        """Those that a copy could go to: it would be another disk, as far as is known."""
        own = self.disks[drive.volume.key]
        others = [each for each in self.drives if each is not drive]
        return [each for each in others if self.disks[each.volume.key] != own]

    def now(self, volume_id: int) -> Volume | None:
        """Where a volume is mounted."""
        return next((each.now for each in self.drives if each.volume.id == volume_id), None)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the catalog answers of the contents of a drive."""

    parts: Sequence[Share]
    evidence: Sequence[tuple[Evidence, int, int, int | None]]
    files: Sequence[LoneFile]
    to_read: Sequence[UnprovedCopies]


def _answers(catalog: Catalog, c: Connection, asked: Question, limit: int | None) -> _Answers:
    """
    Of a large catalog, what the copy answers that analysis has of it, which takes a tenth of the time.

    That one is of this moment or a later one, so a drive that came since counts for nothing. Whatever keeps
    it from answering, the catalog itself does then.
    """
    if looks.size(catalog.path) > looks.LARGE:
        try:
            return _of_copy(catalog, asked, limit)
        except CatalogError:
            raise
        except Exception as error:  # noqa: BLE001 - of whatever kind: nobody needs the copy
            _log.warning("This takes longer, because the catalog itself is asked: %s", error)
    return _asked(in_catalog(c, asked), limit)


def _of_copy(catalog: Catalog, asked: Question, limit: int | None) -> _Answers:
    from cardcat import analysis  # noqa: PLC0415 - only large catalogs need it

    def work(db: duckdb.DuckDBPyConnection) -> _Answers:
        return _asked(in_copy(lambda sql: db.execute(sql).fetchall(), asked), limit)

    return analysis.answered(catalog, work, checked=TABLES, is_small=True)


def _asked(weighing: Weighing, limit: int | None) -> _Answers:
    parts = shares(weighing)
    wrong = any(part.only_here or part.too_few for part in parts)
    return _Answers(
        parts,
        evidence_on(weighing),
        list(lone_files(weighing, limit)) if wrong else [],
        unproved_copies(weighing) if any(part.too_few for part in parts) else [],
    )


def _protection(
    drive: Drive, others: _Others, answers: _Answers, findings: Sequence[OpenFinding], wanted: int
) -> Protection:
    parts = answers.parts
    too_few = _by_kind(parts, lambda part: (part.too_few, part.too_few_bytes))
    return Protection(
        drive=drive,
        wanted=wanted,
        together=[each.volume for each in others.together(drive)],
        evidence=answers.evidence,
        findings=findings,
        held=_by_kind(parts, lambda part: (part.contents, part.size)),
        only_here=_by_kind(parts, lambda part: (part.only_here, part.only_here_bytes)),
        too_few=too_few,
        folders=_worst_folders(parts),
        files=answers.files,
        to_read=[(each, others.now(each.volume_id)) for each in answers.to_read],
        room=_with_room(others.elsewhere(drive), too_few),
    )


def _by_kind(parts: Sequence[Share], amount: Callable[[Share], tuple[int, int]]) -> dict[Kind, Amount]:
    found: dict[Kind, Amount] = defaultdict(Amount)
    for part in parts:
        found[part.kind] = found[part.kind].plus(*amount(part))
    return {kind: found[kind] for kind in Kind if found[kind].contents}


def _worst_folders(parts: Sequence[Share]) -> list[tuple[str, Amount]]:
    found: dict[str, Amount] = defaultdict(Amount)
    for part in parts:
        found[part.folder] = found[part.folder].plus(part.only_here, part.only_here_bytes)
    listed = [(folder, amount) for folder, amount in found.items() if amount.contents]
    return sorted(listed, key=lambda each: (-each[1].size, each[0]))


def _with_room(drives: Sequence[Drive], too_few: dict[Kind, Amount]) -> list[Drive]:
    """Those that had room for all that is in too few places when last seen; the plugged ones first."""
    size = sum(amount.size for amount in too_few.values())
    fitting = [each for each in drives if each.counts and _free(each) > size > 0]
    return sorted(fitting, key=lambda each: each.now is None)


def _free(drive: Drive) -> int:
    return drive.now.free_bytes if drive.now else drive.volume.free_bytes or 0
