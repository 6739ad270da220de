"""The words of the program as plain data: what flows between the stages. No I/O, standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Evidence(StrEnum):
    """How well a copy is known to be right, weakest first."""

    CLAIMED = "claimed"  # somebody else's manifest says so
    WRITTEN = "written"  # our bytes went to the system
    SYNCED = "synced"  # the system says they are on the medium
    READ_BACK = "read_back"  # read again and equal, but memory may have answered
    READ_BACK_COLD = "read_back_cold"  # read again from the medium and equal

    @property
    def rank(self) -> int:
        """Position on the ladder; a higher rank is stronger evidence."""
        return _RANKS[self]


_RANKS = {evidence: rank for rank, evidence in enumerate(Evidence)}


class Kind(StrEnum):
    """What a content is, by its bytes where a signature tells, else by its name."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    SIDECAR = "sidecar"
    OTHER = "other"

    @property
    def is_media(self) -> bool:
        """Whether a content of this kind is a row of media_files and may be deduplicated."""
        return self in (Kind.IMAGE, Kind.VIDEO)


class Role(StrEnum):
    """What a file location is for."""

    LIBRARY = "library"
    BACKUP = "backup"
    ARCHIVE = "archive"
    SOURCE = "source"


class Presence(StrEnum):
    """Whether a file location's file is there, as last seen."""

    PRESENT = "present"
    MISSING = "missing"
    UNAVAILABLE = "unavailable"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


class ItemState(StrEnum):
    """How far one file of a session has come."""

    PLANNED = "planned"
    COPYING = "copying"
    COPIED = "copied"  # read back and matched under its temporary name; final name chosen, not yet recorded
    VERIFIED = "verified"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do for the file in this session."""
        return self in (ItemState.VERIFIED, ItemState.SKIPPED)


class SessionStatus(StrEnum):
    """The state of a session; `completed` only if every file is proved or was already so."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Layout(StrEnum):
    """How a destination is arranged."""

    DATED = "dated"  # 2024/2024-05-01/IMG_0001.CR3
    TREE = "tree"  # the card's own folders


class Stage(StrEnum):
    """Where a finding was met."""

    SCAN = "scan"
    HASH = "hash"
    DEDUPE = "dedupe"
    COPY = "copy"
    VERIFY = "verify"
    METADATA = "metadata"
    RECORD = "record"


UNFINISHED = "Unfinished"  # a recording that was not ended
INCOMPLETE = "Incomplete"  # a file that another one is missing to


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something wrong with one file: recorded, reported, never fatal.

    *path* is relative to the source (undecodable bytes as surrogates). *destination* is the root it
    concerns, None for all. *failed* says that the file was not backed up because of it; *attention*
    that a person should look (a broken EXIF block in a perfect copy needs none).
    """

    path: str
    stage: Stage
    error_type: str
    message: str
    destination: str | None = None
    failed: bool = False
    attention: bool = True

    @property
    def is_before_leaving(self) -> bool:
        """Whether it is to be known as long as the card is at hand, though every copy is right."""
        return self.error_type in (UNFINISHED, INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Volume:
    """
    A card, disk or share as it is mounted now.

    *key* is what recognises it again: the filesystem's UUID where it has one, else the best there is.
    *device* is the block device or share it comes from, sizes are bytes. *disk* names the physical disk
    for good, wherever it is plugged in; None where that can't be told.
    """

    key: str
    mount_point: Path
    fs_uuid: str | None
    fs_type: str
    label: str | None
    device: str
    total_bytes: int
    free_bytes: int
    disk: str | None = None

    @property
    def name(self) -> str:
        """What a person calls it: the label, else the last part of where it is mounted."""
        return self.label or self.mount_point.name or str(self.mount_point)


@dataclass(frozen=True, slots=True)
class Marker:
    """What `.cardcat/marker.json` says: whose destination root this is. UUIDs as text."""

    volume_uuid: str
    location_uuid: str
    created_at: int


@dataclass(frozen=True, slots=True)
class ReadBack:
    """The answer of reading a copy again: its hash, how good the proof is, and how it was made."""

    xxh3: str
    evidence: Evidence
    how: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """
    One order to back up a source.

    *timezone* is an IANA name, used for the day of files that carry no wall clock of their own; None
    for the computer's. *rerun* is the id of the session that must be resumed, None to look for one.
    *volumes* are the keys of the volumes that the source and each destination must be on; none where it is
    the user who names the folders.
    """

    source: Path
    destinations: tuple[Path, ...]
    layout: Layout = Layout.DATED
    timezone: str | None = None
    excludes: tuple[str, ...] = ()
    recheck: bool = False
    rerun: int | None = None
    volumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Files and bytes of a session: scanned = copied + skipped + failed + pending."""

    scanned: int = 0
    copied: int = 0
    skipped: int = 0
    failed: int = 0
    pending: int = 0
    bytes_copied: int = 0


@dataclass(frozen=True, slots=True)
class SessionResult:
    """
    How one session of a run ended; *counts* are those of this run.

    *id* is 0 for a destination that could not even be opened. *exit_code* is that of the error class
    (`cardcat.errors`) which ended the session before its time, 0 if none did. *files_not_in_mhl* were listed
    by this run, and have names that an ASC MHL history can't hold. *mhl_error* says why that history was not
    carried on, *mhl_hint* what to do about it; the copies are right all the same.
    """

    id: int
    destination_path: str
    status: SessionStatus
    resumed: bool
    counts: Counts
    files_ignored: int
    files_excluded: int
    message: str | None = None
    cold: bool = True
    exit_code: int = 0
    files_not_in_mhl: int = 0
    mhl_error: str | None = None
    mhl_hint: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a backup to one destination would do. Nothing was read but names, sizes and times.

    *files_to_read* have, or their copy has, another time than on record: their bytes would be read, and
    they be copied only if those have changed.
    """

    destination_path: str
    files_scanned: int
    files_to_copy: int
    bytes_to_copy: int
    files_to_skip: int
    free_bytes: int
    files_to_read: int = 0


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What a run did, for people and for `--json`; *flow_run_id* is None where it ran without Prefect."""

    status: SessionStatus
    sessions: tuple[SessionResult, ...]
    bytes_read_from_source: int
    duration_seconds: float
    findings: tuple[Finding, ...] = ()
    flow_run_id: str | None = None
