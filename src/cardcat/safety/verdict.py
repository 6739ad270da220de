"""Is this card safe to format? Yes only by proof, looked at now; it never deletes anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.bulk import unique
from cardcat.catalog.details import live_photo_ids, unfinished_of
from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.catalog.evidence import KnownFile, PlacedCopy, known_files, placed_copies
from cardcat.catalog.groups import recordings_of
from cardcat.catalog.volumes import find_volume
from cardcat.errors import SourceError
from cardcat.inputs import check_source, show
from cardcat.media.kind import kind_by_name
from cardcat.metadata import GroupKind
from cardcat.model import Stage
from cardcat.paths import to_text
from cardcat.plan.assets import AssetFile, assemble
from cardcat.plan.gaps import gaps_by_content, gaps_by_name
from cardcat.plan.judging import Judged, judge, judge_group
from cardcat.plan.structures import group_files
from cardcat.reporting import Reporter, current
from cardcat.safety.standing import Looker
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import hash_file
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.storage.walk import Walk, walk


@dataclass(frozen=True, slots=True)
class Reason:
    """What stands in the way of formatting. *path* is relative to the source, '' for the card as a whole."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The answer, with every reason against it. *files* were found on the card just now.

    *warnings* are no reason against it: recordings that were not ended, files that something is missing
    to. They are copied as they are; once the card is formatted, the camera can't mend them any more.
    """

    safe: bool
    reasons: tuple[Reason, ...]
    files: int
    warnings: tuple[Reason, ...] = ()


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
        looker = Looker(disk, volume_of(root), full=full)
        hashes, reasons = _contents(_Card(root, found, disk), opened, teller, full=full)
        reasons += [Reason(finding.path, finding.message) for finding in found.findings]
        files = _files(found, hashes, opened)
        groups = [
            [files[item].path for item, _ in asset.members]
            for asset in assemble(files)
            if asset.kind is not GroupKind.INDEX
        ]
        reasons += _judge(hashes, groups, copies, opened, looker)
        warnings = [*_warnings(files, hashes, opened)]
    reasons.sort(key=lambda reason: reason.path)
    return Verdict(not reasons, tuple(reasons), len(found.paths), tuple(warnings))


def _files(found: Walk, hashes: Mapping[str, str], catalog: Catalog | None) -> list[AssetFile]:
    """The files of the card, with what tells which belong together: names, and identifiers of Live Photos."""
    ids: dict[str, str] = {}
    if catalog is not None:
        with catalog.read() as c:
            ids = live_photo_ids(c, list(hashes.values()))
    groups = group_files(found.paths)
    return [
        AssetFile(item, path, size, kind_by_name(path), group, ids.get(hashes.get(path, "")))
        for item, (path, size, group) in enumerate(zip(found.paths, found.sizes, groups, strict=True))
    ]


def _warnings(
    files: Sequence[AssetFile], hashes: Mapping[str, str], catalog: Catalog | None
) -> Iterator[Reason]:
    """What a person should know before the card leaves, by the names on it and by what was in the files."""
    named = gaps_by_name([file.path for file in files], [file.size for file in files])
    for gap in (*named, *gaps_by_content(files)):
        yield Reason(gap.path, gap.what)
    if catalog is None:
        return
    with catalog.read() as c:
        unfinished = unfinished_of(c, list(hashes.values()))
    for path, hash_ in hashes.items():
        if hash_ in unfinished:
            yield Reason(path, f"the recording {unfinished[hash_]}")


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
    hashes: Mapping[str, str],
    groups: Sequence[Sequence[str]],
    wanted: int,
    catalog: Catalog | None,
    looker: Looker,
) -> Iterator[Reason]:
    """Reasons against files by themselves, then against *groups* of paths that no drive has as a whole."""
    if catalog is None:
        yield from (Reason(path, "was never backed up: there is no catalog yet") for path in hashes)
        return
    with catalog.read() as c:
        copies = _copies(c, list(hashes.values()))
        takes = recordings_of(c, [copy.id for each in copies.values() for copy in each])
    verdicts: dict[str, Judged] = {}
    for path, hash_ in hashes.items():
        if hash_ not in verdicts:
            states = [looker.state(copy) for copy in copies.get(hash_, [])]
            verdicts[hash_] = judge(states, wanted)
        if not verdicts[hash_].enough:
            yield Reason(path, verdicts[hash_].reason)
    paths = {hash_: path for path, hash_ in reversed([*hashes.items()])}
    on_record = [[paths[hash_] for hash_ in take if hash_ in paths] for take in takes]
    for group in unique(tuple(each) for each in [*groups, *on_record] if len(each) > 1):
        members = [verdicts[hashes[path]] for path in group if path in hashes]
        judged = judge_group(members, wanted)
        if not judged.enough:
            yield Reason(group[0], judged.reason)


def _copies(c: Connection, hashes: Sequence[str]) -> dict[str, list[PlacedCopy]]:
    found: dict[str, list[PlacedCopy]] = defaultdict(list)
    for copy in placed_copies(c, hashes):
        found[copy.hash].append(copy)
    return found
