"""Is this card safe to format? Yes only by proof, looked at now; it never deletes anything."""

from __future__ import annotations

import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.catalog.evidence import KnownFile, PlacedCopy, known_files, placed_copies
from cardcat.catalog.volumes import find_volume
from cardcat.errors import DestinationError, SourceError
from cardcat.inputs import check_source, show
from cardcat.model import Evidence, Stage, Volume
from cardcat.paths import to_text
from cardcat.plan.judging import CopyState, Judged, judge
from cardcat.reporting import Reporter, current
from cardcat.storage.destination import read_marker
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import hash_file
from cardcat.storage.reading import mtime_of
from cardcat.storage.verify import read_back
from cardcat.storage.volumes import (
    disk_of,
    mounted_volumes,
    path_from_volume,
    path_on_volume,
    volume_of,
)
from cardcat.storage.walk import Walk, walk


@dataclass(frozen=True, slots=True)
class Reason:
    """What stands in the way of formatting. *path* is relative to the source, '' for the card as a whole."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, with every reason against it. *files* were found on the card just now."""

    safe: bool
    reasons: tuple[Reason, ...]
    files: int


def safe_to_format(
    source: Path,
    *,
    catalog: str | None = None,
    copies: int = 1,
    full: bool = False,
    reporter: Reporter | None = None,
) -> Verdict:
    """
    Scan the card now, and say whether each file of it has *copies* proved copies on as many volumes.

    A copy counts if it was read back cold, lies on another volume than the card, and stands on a plugged
    drive now with its size and time. With *full* the card and those copies are read again. Nothing is
    written, neither on a drive nor in the catalog. Raises SourceError if there is no card to judge.
    """
    root = check_source(source)
    disk, teller = Disk(), reporter or current()
    teller.begin(Stage.SCAN, files=0, size=0)
    found = walk(root, (), disk)
    if not found.paths and not found.findings:
        raise SourceError(
            f"The source {show(root)} holds no file; there is nothing to judge.",
            hint="Is the card mounted there? `lsblk` lists what is plugged in and where.",
        )
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        looker = _Looker(disk, volume_of(root), full=full)
        hashes, reasons = _contents(_Card(root, found, disk), opened, teller, full=full)
        reasons += [Reason(finding.path, finding.message) for finding in found.findings]
        reasons += _judge(hashes, copies, opened, looker)
    reasons.sort(key=lambda reason: reason.path)
    return Verdict(not reasons, tuple(reasons), len(found.paths))


@dataclass(frozen=True, slots=True)
class _Card:
    root: Path
    found: Walk
    disk: Disk


def _contents(
    card: _Card, catalog: Catalog | None, teller: Reporter, *, full: bool
) -> tuple[dict[str, str], list[Reason]]:
    """The hash of each file of the card, and reasons against those that have none for certain."""
    known = _Known() if full or catalog is None else _known(card.root, catalog)
    found = card.found
    if full:
        teller.begin(Stage.HASH, files=len(found.paths), size=sum(found.sizes))
    hashes: dict[str, str] = {}
    reasons: list[Reason] = []
    for path, size, mtime_ns in zip(found.paths, found.sizes, found.mtimes_ns, strict=True):
        answer = _read(card, path, size, teller) if full else known.answer(path, size, mtime_ns)
        if isinstance(answer, Reason):
            reasons.append(answer)
        else:
            hashes[path] = answer
    return hashes, reasons


@dataclass(slots=True)
class _Known:
    """What the sessions of the card found its files to be; `None` where they don't agree."""

    paths: set[str] = field(default_factory=set)
    hashes: dict[tuple[str, int, int], str | None] = field(default_factory=dict)

    def add(self, row: KnownFile) -> None:
        self.paths.add(row.path)
        key = (row.path, row.size, row.mtime_ns)
        self.hashes[key] = row.hash if self.hashes.get(key, row.hash) == row.hash else None

    def answer(self, path: str, size: int, mtime_ns: int) -> str | Reason:
        if path not in self.paths:
            return Reason(path, "was never backed up from this card")
        key = (path, size, mtime_ns)
        if key not in self.hashes:
            return Reason(path, "was changed since it was backed up")
        return self.hashes[key] or Reason(
            path, "was read as two different contents with the same size and time; --full looks again"
        )


def _known(root: Path, catalog: Catalog) -> _Known:
    known = _Known()
    with catalog.read() as c:
        volume = find_volume(c, volume_of(root).key)
        if volume is not None:
            text, raw = to_text(path_on_volume(root))
            for row in known_files(c, source_volume_id=volume.id, source_root=(text, raw or b"")):
                known.add(row)
    return known


def _read(card: _Card, path: str, size: int, teller: Reporter) -> str | Reason:
    try:
        read = hash_file(card.disk, card.root / path, source=True)
    except OSError as error:
        return Reason(path, f"could not be read: {(error.strerror or str(error)).lower()}")
    teller.advance(files=1, size=size)
    return read.sha256


def _judge(
    hashes: Mapping[str, str], wanted: int, catalog: Catalog | None, looker: _Looker
) -> Iterator[Reason]:
    if catalog is None:
        yield from (Reason(path, "was never backed up: there is no catalog yet") for path in hashes)
        return
    with catalog.read() as c:
        copies = _copies(c, list(hashes.values()))
    verdicts: dict[str, Judged] = {}
    for path, hash_ in hashes.items():
        if hash_ not in verdicts:
            states = [looker.state(copy) for copy in copies.get(hash_, [])]
            verdicts[hash_] = judge(states, wanted)
        if not verdicts[hash_].enough:
            yield Reason(path, verdicts[hash_].reason)


def _copies(c: Connection, hashes: Sequence[str]) -> dict[str, list[PlacedCopy]]:
    found: dict[str, list[PlacedCopy]] = defaultdict(list)
    for copy in placed_copies(c, hashes):
        found[copy.hash].append(copy)
    return found


class _Looker:
    """Looks at copies on the drives that are plugged in now."""

    def __init__(self, disk: Disk, source: Volume, *, full: bool) -> None:
        self._disk = disk
        self._source, self._source_disk = source, disk_of(source)
        self._full = full
        self._roots: dict[str, _Place | None] = {}
        self._mounted: list[Volume] | None = None

    def state(self, copy: PlacedCopy) -> CopyState:
        """What *copy* is worth now."""
        return CopyState(
            volume=copy.volume_key,
            name=copy.volume_name,
            is_on_source=self._is_on_source(copy),
            is_cold=copy.evidence == Evidence.READ_BACK_COLD,
            trouble=self._trouble(copy),
        )

    def _is_on_source(self, copy: PlacedCopy) -> bool:
        """Also if it is on another part of the card's own disk, which a camera formats as a whole."""
        if copy.volume_key == self._source.key:
            return True
        place = self._place(copy)
        return place is not None and self._source_disk is not None and place.disk == self._source_disk

    def _trouble(self, copy: PlacedCopy) -> str | None:
        place = self._place(copy)
        if place is None:
            return "is not plugged in"
        path = place.root / copy.path
        if trouble := self._changed(path, copy, place):
            return trouble
        if self._full and not self._reads_back(path, copy, place.volume.fs_type):
            return "has it damaged"
        return None

    def _changed(self, path: Path, copy: PlacedCopy, place: _Place) -> str | None:
        try:
            status = self._disk.stat(path)
        except OSError:
            return "does not have it any more"
        if status.st_dev != place.device or not stat.S_ISREG(status.st_mode):
            return "has something else in its place, or a link that leads elsewhere"
        if (status.st_size, mtime_of(status)) != (copy.size, copy.mtime_ns):
            return "has it changed"
        return None

    def _reads_back(self, path: Path, copy: PlacedCopy, fs_type: str) -> bool:
        try:
            return read_back(self._disk, path, copy.size, fs_type, sha256=True).sha256 == copy.hash
        except OSError:
            return False

    def _place(self, copy: PlacedCopy) -> _Place | None:
        """The destination that holds the copy, if its drive is there: by volume, and by its own marker."""
        if copy.location_uuid not in self._roots:
            self._roots[copy.location_uuid] = self._find(copy)
        return self._roots[copy.location_uuid]

    def _find(self, copy: PlacedCopy) -> _Place | None:
        if self._mounted is None:
            self._mounted = mounted_volumes()
        for volume in self._mounted:
            if volume.key != copy.volume_key:
                continue
            root = path_from_volume(volume, copy.location_path)
            if root is not None and _is_marked(root, copy):
                return _Place(root, root.stat().st_dev, volume, disk_of(volume))
        return None


@dataclass(frozen=True, slots=True)
class _Place:
    """A destination that is plugged in: its root, the number of its filesystem, its volume and disk."""

    root: Path
    device: int
    volume: Volume
    disk: str | None


def _is_marked(root: Path, copy: PlacedCopy) -> bool:
    """Whether the destination that holds the copy is there, and not a link to another or another mount."""
    try:
        marker = read_marker(root)
        is_there = volume_of(root).key == copy.volume_key
    except (OSError, DestinationError):
        return False
    return is_there and marker is not None and marker.location_uuid == copy.location_uuid
