"""What is on the card now, and which content each file of it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cardcat import text
from cardcat.catalog.engine import Catalog
from cardcat.catalog.evidence import KnownFile, known_files
from cardcat.catalog.volumes import find_volume
from cardcat.errors import SourceError
from cardcat.inputs import show
from cardcat.model import Stage, Volume
from cardcat.paths import to_text
from cardcat.reporting import Reporter
from cardcat.safety.answer import Reason
from cardcat.storage.below import Below
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import hash_file
from cardcat.storage.reading import Expected, opened
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.storage.walk import Walk, walk
from cardcat.text import cause

_CHANGED = "was changed since it was backed up"


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it was scanned just now. *volume* is the one that *root* is on."""

    root: Path
    volume: Volume
    found: Walk
    disk: Disk


@dataclass(slots=True)
class Contents:
    """The hash of each file of the card, by path, and reasons against those that have none for certain."""

    hashes: dict[str, str] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)

    def take(self, path: str, answer: str | Reason) -> None:
        """Note the hash of a file, or why there is none."""
        if isinstance(answer, Reason):
            self.reasons.append(answer)
        else:
            self.hashes[path] = answer


def scan_card(root: Path, disk: Disk, teller: Reporter) -> Card:
    """Look at the card now. SourceError if there is nothing to judge."""
    teller.begin(Stage.SCAN, files=0, size=0)
    volume, found = volume_of(root), walk(root, (), disk)
    if not found.paths and not found.findings:
        raise SourceError(
            f"The source {show(root)} holds no file; there is nothing to judge.",
            hint="Is the card mounted there? `lsblk` lists what is plugged in and where.",
        )
    return Card(root, volume, found, disk)


def changes_since(card: Card) -> Iterator[Reason]:
    """What came to the card, went or was changed since the scan. SourceError if it is another by now."""
    again = walk(card.root, (), card.disk)
    if volume_of(card.root).key != card.volume.key:
        raise SourceError(
            f"Another card took the place of the one at {show(card.root)} while it was looked at.",
            hint="Put back the one to be judged, then give the same command again.",
        )
    before, after = _files(card.found), _files(again)
    for path in sorted({path for path, _, _ in before ^ after}):
        yield Reason(path, "came, went or was changed while the card was looked at")
    for finding in set(again.findings) - set(card.found.findings):
        yield Reason(finding.path, finding.message)


def contents_of(card: Card, catalog: Catalog | None, teller: Reporter, *, full: bool) -> Contents:
    """
    What each file of the card is: as its sessions found it, where size and time are still the same.

    With *full* all are read; else those that have another time only: clocks are moved for summer, and cards
    keep local time. Their bytes tell whether anything else was changed.
    """
    contents = Contents()
    known = _Known() if full or catalog is None else _known(card, catalog)
    found = card.found
    to_read: list[tuple[str, Expected]] = []
    for path, size, mtime_ns in zip(found.paths, found.sizes, found.mtimes_ns, strict=True):
        answer = None if full else known.answer(path, size, mtime_ns)
        if answer is None:
            to_read.append((path, Expected(size, mtime_ns)))
        else:
            contents.take(path, answer)
    _begin(to_read, teller, full=full)
    for path, expected in to_read:
        answer = _read(card, path, expected)
        if not full and isinstance(answer, str) and not known.had(path, answer):
            answer = Reason(path, _CHANGED)
        contents.take(path, answer)
        teller.advance(files=1, size=expected.size)
    return contents


def _files(found: Walk) -> set[tuple[str, int, int]]:
    return set(zip(found.paths, found.sizes, found.mtimes_ns, strict=True))


def _begin(to_read: Sequence[tuple[str, Expected]], teller: Reporter, *, full: bool) -> None:
    """Say what is read, and why."""
    if not to_read:
        return
    size = sum(expected.size for _, expected in to_read)
    if not full:
        have = text.many(len(to_read), "file has", "files have")
        teller.note(
            f"{have} another time than when the card was backed up: "
            f"{text.size(size)} of the card are read to see whether anything else was changed."
        )
    teller.begin(Stage.HASH, files=len(to_read), size=size)


@dataclass(slots=True)
class _Known:
    """What the sessions of the card found its files to be."""

    files: dict[str, list[KnownFile]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, path: str, size: int, mtime_ns: int) -> str | Reason | None:
        """The hash, or why there is none; None if only the file's bytes can tell."""
        if path not in self.files:
            return Reason(path, "was never backed up from this card")
        alike = [row for row in self.files[path] if row.size == size]
        hashes = {row.hash for row in alike if row.mtime_ns == mtime_ns}
        if len(hashes) > 1:
            told = "was read as two different contents with the same size and time; --full looks again"
            return Reason(path, told)
        if not alike:
            return Reason(path, _CHANGED)
        return hashes.pop() if hashes else None

    def had(self, path: str, hash_: str) -> bool:
        """Whether a session found that content at *path*."""
        return any(row.hash == hash_ for row in self.files[path])


def _known(card: Card, catalog: Catalog) -> _Known:
    known = _Known()
    with catalog.read() as c:
        volume = find_volume(c, card.volume.key)
        if volume is not None:
            text_, raw = to_text(path_on_volume(card.root))
            for row in known_files(c, source_volume_id=volume.id, source_root=(text_, raw or b"")):
                if row not in known.files[row.path]:
                    known.files[row.path].append(row)
    return known


def _read(card: Card, path: str, expected: Expected) -> str | Reason:
    """The hash of what the card itself has, as far as the system lets memory be passed by."""
    place = Below(card.root, path)
    try:
        with opened(card.disk, place, source=True) as fd:
            card.disk.drop_cache(fd, expected.size)
        return hash_file(card.disk, place, source=True, expected=expected).sha256
    except OSError as error:
        return Reason(path, f"could not be read: {cause(error)}")
