"""All that is known of one file: what it is, where its copies are, and how each of them stands now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from cardcat.catalog.checks import OpenFinding, findings_of
from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.catalog.groups import Group, groups_of
from cardcat.catalog.knowledge import KnownContent, KnownCopy, copies_of_contents, known_content
from cardcat.catalog.origins import Origin, origins_of
from cardcat.identifying import SHOWN_DIGITS, GivenFile, content_meant, examine, is_file, not_found
from cardcat.media.kind import kind_of
from cardcat.media.pool import MetadataPool
from cardcat.media.readable import has_metadata
from cardcat.model import Kind
from cardcat.plan.dates import Dated, moment_of
from cardcat.reporting import Reporter, current
from cardcat.sightings import Now, Places, Sighting
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import hash_file
from cardcat.storage.system import this_disk
from cardcat.zones import computer_timezone, zone


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """A copy on record, what was found of it just now, and what a check found wrong with it, if anything."""

    known: KnownCopy
    sighting: Sighting
    finding: OpenFinding | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """
    Everything known of one content. *path* is the file that was asked for, None if a hash or a name was.

    What is not *in_catalog* was read just now, and has no copies; so was a sidecar, of which the catalog
    keeps no metadata. *notes* are sentences about the file that was asked for.
    """

    content: KnownContent
    in_catalog: bool
    path: Path | None = None
    copies: tuple[ShownCopy, ...] = ()
    groups: tuple[Group, ...] = ()
    origins: tuple[Origin, ...] = ()
    notes: tuple[str, ...] = ()


def show_content(
    given: str, path: Path, *, catalog: str | None = None, reporter: Reporter | None = None
) -> Shown:
    """
    Find out what *given* means, a file (then at *path*), a hash or its beginning, and tell all about it.

    A file that is not there is looked for where its drive was last seen, then by its name. Nothing is
    written; a file is read only if the catalog can't tell by its place, size and time what it is, or if it
    is a sidecar. UsageError if nothing is found, or several contents.
    """
    disk = this_disk()
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        if not is_file(path, given):
            if opened is None:
                raise not_found(given, has_catalog=False)
            return _shown(opened, disk, content_meant(given, path, opened))
        file = examine(path, opened, disk, reporter or current())
        if opened is None or not _is_known(opened, file.hash):
            return _unknown(file, disk)
        return _shown(opened, disk, file.hash, file)


def _is_known(opened: Catalog, hash_: str) -> bool:
    with opened.read() as c:
        return known_content(c, hash_) is not None


def _unknown(file: GivenFile, disk: Disk) -> Shown:
    """Of a file that the catalog does not know: what is inside it."""
    hashes = file.hashes or hash_file(disk, file.path, source=True, expected=file.expected)
    content = KnownContent(
        hash=file.hash,
        size=hashes.size,
        kind=kind_of(hashes.head, file.path.name),
        known_since=None,
        metadata=None,
        moment=None,
        reader_version=None,
        read_at=None,
    )
    if has_metadata(content.kind, file.path.name):
        content = _read(content, file.path, file.expected.mtime_ns)
    return Shown(content, in_catalog=False, path=file.path, notes=tuple(_notes(file)))


def _shown(opened: Catalog, disk: Disk, hash_: str, file: GivenFile | None = None) -> Shown:
    with opened.read() as c:
        content = known_content(c, hash_)
        if content is None:
            raise LookupError(hash_)
        copies = copies_of_contents(c, [hash_])
        ids = [copy.id for copy in copies]
        groups, origins, findings = groups_of(c, ids), origins_of(c, hash_, ids), findings_of(c, ids)
    places = Places(disk)
    seen = tuple(ShownCopy(copy, places.look(copy), findings.get(copy.id)) for copy in copies)
    return Shown(
        _with_sidecar(content, seen, file),
        in_catalog=True,
        path=file.path if file else None,
        copies=seen,
        groups=tuple(groups),
        origins=tuple(origins),
        notes=tuple(_notes(file)) if file else (),
    )


def _with_sidecar(content: KnownContent, copies: Sequence[ShownCopy], file: GivenFile | None) -> KnownContent:
    """*content*; if it is a sidecar, with what it says, wherever it can be read now."""
    if content.kind is Kind.SIDECAR:
        for path, mtime_ns in _readable(copies, file):
            if has_metadata(content.kind, path.name):
                return _read(content, path, mtime_ns)
    return content


def _readable(copies: Iterable[ShownCopy], file: GivenFile | None) -> Iterator[tuple[Path, int]]:
    """Where the content is for certain, and the file's time there."""
    if file:
        yield file.path, file.expected.mtime_ns
    for one in copies:
        if one.sighting.now is Now.THERE and one.sighting.path:
            yield one.sighting.path, one.known.mtime_ns


def _read(content: KnownContent, path: Path, mtime_ns: int) -> KnownContent:
    """*content* with what the file at *path* says. When a sidecar was written says nothing of its master."""
    with MetadataPool(1) as pool:
        (metadata,) = pool.read([(path, content.kind)])
    moment = moment_of(Dated(content.kind, path.name, metadata, mtime_ns), zone(computer_timezone()))
    is_told = content.kind.is_media or metadata.date_taken is not None
    return replace(content, metadata=metadata, moment=moment if is_told else None)


def _notes(file: GivenFile) -> Iterable[str]:
    if file.hashes is not None and file.recorded:
        if file.hash in file.recorded:
            yield "Its bytes are those on record; its time was changed since."
        else:
            was = file.recorded[0][:SHOWN_DIGITS]
            yield f"This is not what the catalog has for this place: that is {was}. It was changed since."
