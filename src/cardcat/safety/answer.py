"""What the verdict on a card says, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cardcat.catalog.evidence import PlacedCopy
from cardcat.model import Evidence, Volume
from cardcat.plan.assets import Asset
from cardcat.plan.judging import CopyState
from cardcat.storage.walk import Walk


@dataclass(frozen=True, slots=True)
class Reason:
    """What stands in the way of formatting. *path* is relative to the source, '' for the card as a whole."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class CountedDrive:
    """
    A drive with copies that count: for how many files of the card, of how many bytes, and their proof.

    *verified_from* and *verified_to* are the first and the last time (UTC seconds) that one of them was
    read back. *is_seen*: it is plugged in, and they were looked at now.
    """

    name: str
    uuid: str
    fs_type: str | None
    files: int
    size: int
    evidence: Evidence
    how: tuple[str, ...]
    verified_from: int
    verified_to: int
    is_seen: bool


@dataclass(frozen=True, slots=True)
class AwaitedDrive:
    """A drive that is not plugged in, and how many files wait for it. *last_seen_at* in UTC seconds."""

    name: str
    uuid: str
    files: int
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class Trusted:
    """
    Drives that count though they are not plugged in, if they were read in the last *days*.

    *files* of the card would not be enough without them.
    """

    days: int
    files: int


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What was found of a copy now. *path* is where it is, None while its drive is not plugged in.

    *evidence*, *verified_at* and *how* are those of its last reading, which may have been just now.
    """

    copy: PlacedCopy
    state: CopyState
    path: Path | None
    evidence: Evidence
    verified_at: int | None
    how: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """
    All that the answer stands on: the files found, the content of each by its path, and the copies of each
    content that count, by its hash. *assets* are of the items of *found*, in their order.
    """

    root: Path
    volume: Volume
    judged_at: int
    found: Walk = field(default_factory=Walk)
    hashes: Mapping[str, str] = field(default_factory=dict)
    proofs: Mapping[str, tuple[Standing, ...]] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The answer, with every reason against it. *files* were found on the card just now.

    *warnings* are no reason against it: recordings that were not ended, files that something is missing
    to. They are copied as they are; once the card is formatted, the camera can't mend them any more.
    *awaited* are the drives that would make it a yes if they were plugged in, as far as plugging in helps.
    """

    safe: bool
    reasons: tuple[Reason, ...]
    files: int
    warnings: tuple[Reason, ...]
    copies: int
    drives: tuple[CountedDrive, ...]
    awaited: tuple[AwaitedDrive, ...]
    trusted: Trusted | None
    account: Account
