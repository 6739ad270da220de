"""Is this card safe to format? Yes only by proof, looked at now; it never deletes anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.catalog.evidence import PlacedCopy, known_files, placed_copies
from cardcat.catalog.volumes import find_volume
from cardcat.errors import SourceError
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
from cardcat.storage.volumes import mounted_volumes, path_from_volume, path_on_volume, volume_of
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
        looker = _Looker(disk, full=full)
        hashes, reasons = _contents(_Card(root, found, disk), opened, teller, full=full)
        reasons += [Reason(finding.path, finding.message) for finding in found.findings]
        reasons += _judge(root, hashes, copies, opened, looker)
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
    known = {} if full or catalog is None else _known(card.root, catalog)
    found = card.found
    if full:
        teller.begin(Stage.HASH, files=len(found.paths), size=sum(found.sizes))
    hashes: dict[str, str] = {}
    reasons: list[Reason] = []
    for path, size, mtime_ns in zip(found.paths, found.sizes, found.mtimes_ns, strict=True):
        answer = _read(card, path, size, teller) if full else _remembered(path, size, mtime_ns, known)
        if isinstance(answer, Reason):
            reasons.append(answer)
        else:
            hashes[path] = answer
    return hashes, reasons


def _known(root: Path, catalog: Catalog) -> dict[str, tuple[int, int, str]]:
    with catalog.read() as c:
        volume = find_volume(c, volume_of(root).key)
        if volume is None:
            return {}
        text, raw = to_text(path_on_volume(root))
        rows = known_files(c, source_volume_id=volume.id, source_root=(text, raw or b""))
        return {row.path: (row.size, row.mtime_ns, row.hash) for row in rows}


def _remembered(
    path: str, size: int, mtime_ns: int, known: Mapping[str, tuple[int, int, str]]
) -> str | Reason:
    if path not in known:
        return Reason(path, "was never backed up from this card")
    known_size, known_mtime_ns, hash_ = known[path]
    if (known_size, known_mtime_ns) != (size, mtime_ns):
        return Reason(path, "was changed since it was backed up")
    return hash_


def _read(card: _Card, path: str, size: int, teller: Reporter) -> str | Reason:
    try:
        read = hash_file(card.disk, card.root / path, source=True)
    except OSError as error:
        return Reason(path, f"could not be read: {(error.strerror or str(error)).lower()}")
    teller.advance(files=1, size=size)
    return read.sha256


def _judge(
    root: Path, hashes: Mapping[str, str], wanted: int, catalog: Catalog | None, looker: _Looker
) -> Iterator[Reason]:
    if catalog is None:
        yield from (Reason(path, "was never backed up: there is no catalog yet") for path in hashes)
        return
    source_key = volume_of(root).key
    with catalog.read() as c:
        copies = _copies(c, list(hashes.values()))
    verdicts: dict[str, Judged] = {}
    for path, hash_ in hashes.items():
        if hash_ not in verdicts:
            states = [looker.state(copy, source_key) for copy in copies.get(hash_, [])]
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

    def __init__(self, disk: Disk, *, full: bool) -> None:
        self._disk = disk
        self._full = full
        self._roots: dict[str, Path | None] = {}
        self._mounted: list[Volume] | None = None
        self._volumes: dict[str, Volume] = {}

    def state(self, copy: PlacedCopy, source_key: str) -> CopyState:
        """What *copy* is worth now."""
        return CopyState(
            volume=copy.volume_key,
            name=copy.volume_name,
            is_on_source=copy.volume_key == source_key,
            is_cold=copy.evidence == Evidence.READ_BACK_COLD,
            trouble=self._trouble(copy),
        )

    def _trouble(self, copy: PlacedCopy) -> str | None:
        root = self._root(copy)
        if root is None:
            return "is not plugged in"
        path = root / copy.path
        try:
            status = self._disk.stat(path)
        except OSError:
            return "does not have it any more"
        if (status.st_size, mtime_of(status)) != (copy.size, copy.mtime_ns):
            return "has it changed"
        if self._full and not self._reads_back(path, copy):
            return "has it damaged"
        return None

    def _reads_back(self, path: Path, copy: PlacedCopy) -> bool:
        fs_type = self._volumes[copy.location_uuid].fs_type
        try:
            return read_back(self._disk, path, copy.size, fs_type, sha256=True).sha256 == copy.hash
        except OSError:
            return False

    def _root(self, copy: PlacedCopy) -> Path | None:
        """The destination that holds the copy, if its drive is there: by volume, and by its own marker."""
        if copy.location_uuid not in self._roots:
            self._roots[copy.location_uuid] = self._find(copy)
        return self._roots[copy.location_uuid]

    def _find(self, copy: PlacedCopy) -> Path | None:
        if self._mounted is None:
            self._mounted = mounted_volumes()
        for volume in self._mounted:
            if volume.key != copy.volume_key:
                continue
            root = path_from_volume(volume, copy.location_path)
            if root is not None and _is_marked(root, copy.location_uuid):
                self._volumes[copy.location_uuid] = volume
                return root
        return None


def _is_marked(root: Path, location_uuid: str) -> bool:
    try:
        marker = read_marker(root)
    except OSError:
        return False
    return marker is not None and marker.location_uuid == location_uuid
