"""All that is known of one file: what it is, where its copies are, and how each of them stands now."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog, is_absent, open_catalog
from cardcat.catalog.groups import Group, groups_of
from cardcat.catalog.knowledge import (
    KnownContent,
    KnownCopy,
    copies_at,
    copies_of_contents,
    hashes_named,
    hashes_with_prefix,
    known_content,
)
from cardcat.catalog.origins import Origin, SourceFile, origins_of, source_files_at
from cardcat.catalog.volumes import find_volume, volumes_last_mounted_at
from cardcat.errors import UsageError
from cardcat.inputs import show
from cardcat.media.kind import kind_of
from cardcat.media.pool import MetadataPool
from cardcat.model import Stage
from cardcat.paths import display
from cardcat.plan.dates import Dated, moment_of
from cardcat.reporting import Reporter, current
from cardcat.sightings import Places, Sighting
from cardcat.storage.disk import Disk
from cardcat.storage.hashing import Hashes, hash_file
from cardcat.storage.reading import Expected, expected_of
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.zones import computer_timezone, zone

_SHORTEST = 6  # digits of a hash that may stand for it
_SHOWN = 12  # digits that tell contents apart to people
_MANY = 10  # contents that are named if a word may mean any of them
_LONG = 100_000_000  # bytes from which on hashing takes long enough to say so


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """A copy on record, and what was found of it just now."""

    known: KnownCopy
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Shown:
    """
    Everything known of one content. *path* is the file that was asked for, None if a hash or a name was.

    What is not *in_catalog* was read just now, and has no copies. *notes* are sentences about the file
    that was asked for.
    """

    content: KnownContent
    in_catalog: bool
    path: Path | None = None
    copies: tuple[ShownCopy, ...] = ()
    groups: tuple[Group, ...] = ()
    origins: tuple[Origin, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    """The file that was asked for. *hashes* only if it had to be read."""

    path: Path
    hash: str
    expected: Expected
    hashes: Hashes | None
    recorded: tuple[str, ...]  # what the catalog has for its place


def show_content(
    given: str, path: Path, *, catalog: str | None = None, reporter: Reporter | None = None
) -> Shown:
    """
    Find out what *given* means, a file (then at *path*), a hash or its beginning, and tell all about it.

    A file that is not there is looked for where its drive was last seen, then by its name. Nothing is
    written; a file is read only if the catalog can't tell by its place, size and time what it is.
    UsageError if nothing is found, or several contents.
    """
    disk = Disk()
    with ExitStack() as stack:
        opened = None if is_absent(catalog) else stack.enter_context(open_catalog(catalog, create=False))
        if not _is_file(path, given):
            if opened is None:
                raise _not_found(given, " There is no catalog yet that could know it.")
            return _shown(opened, disk, _by_words(given, path, opened))
        file = _examined(path, opened, disk, reporter or current())
        if opened is None or not _is_known(opened, file.hash):
            return _unknown(file, disk)
        return _shown(opened, disk, file.hash, file)


def _is_file(path: Path, given: str) -> bool:
    """Whether there is a file at *path*. UsageError for what is no file."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise UsageError(f"{show(path)} can't be looked at: permission denied.") from error
    except OSError:
        return False
    if stat.S_ISREG(mode):
        return True
    if _as_hash(given):
        return False
    what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
    raise UsageError(f"{show(path)} is {what}.", hint="Name one file, or the hash of one.")


def _examined(path: Path, opened: Catalog | None, disk: Disk, teller: Reporter) -> _File:
    """What the file is: by its place, size and time if the catalog knows them, else by reading it."""
    real = Path(os.path.realpath(path))
    try:
        expected = expected_of(disk.stat(real))
        recorded, known = _recorded(real, expected, opened)
        if len(known) == 1:
            return _File(path, known.pop(), expected, None, recorded)
        hashes = _hashed(real, expected, disk, teller)
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise UsageError(f"{show(path)} can't be read: {cause}.") from error
    return _File(path, hashes.sha256, expected, hashes, recorded)


def _recorded(real: Path, expected: Expected, opened: Catalog | None) -> tuple[tuple[str, ...], set[str]]:
    """What the catalog has for the place, and what of that has this size and time."""
    if opened is None:
        return (), set()
    key, place = volume_of(real).key, path_on_volume(real)
    with opened.read() as c:
        volume = find_volume(c, key)
        if volume is None:
            return (), set()
        copies = copies_at(c, volume.id, place)
        sources = source_files_at(c, volume.id, place)
    found: list[KnownCopy | SourceFile] = [*copies, *sources]
    same = {one.hash for one in found if (one.size, one.mtime_ns) == (expected.size, expected.mtime_ns)}
    return tuple(copy.hash for copy in copies), same


def _hashed(real: Path, expected: Expected, disk: Disk, teller: Reporter) -> Hashes:
    if expected.size < _LONG:
        return hash_file(disk, real, source=True, expected=expected)
    teller.begin(Stage.HASH, files=1, size=expected.size)
    return hash_file(
        disk,
        real,
        source=True,
        expected=expected,
        on_bytes=lambda count: teller.advance(files=0, size=count),
    )


def _is_known(opened: Catalog, hash_: str) -> bool:
    with opened.read() as c:
        return known_content(c, hash_) is not None


def _unknown(file: _File, disk: Disk) -> Shown:
    """Of a file that the catalog does not know: what is inside it."""
    hashes = file.hashes or hash_file(disk, file.path, source=True, expected=file.expected)
    kind = kind_of(hashes.head, file.path.name)
    with MetadataPool(1) as pool:
        (metadata,) = pool.read([(file.path, kind)])
    dated = Dated(kind, file.path.name, metadata, file.expected.mtime_ns)
    moment = moment_of(dated, zone(computer_timezone()))
    content = KnownContent(
        hash=file.hash,
        size=hashes.size,
        kind=kind,
        known_since=None,
        metadata=metadata if kind.is_media else None,
        moment=moment if kind.is_media else None,
        reader_version=None,
        read_at=None,
    )
    return Shown(content, in_catalog=False, path=file.path, notes=tuple(_notes(file)))


def _shown(opened: Catalog, disk: Disk, hash_: str, file: _File | None = None) -> Shown:
    with opened.read() as c:
        content = known_content(c, hash_)
        if content is None:
            raise LookupError(hash_)
        copies = copies_of_contents(c, [hash_])
        ids = [copy.id for copy in copies]
        groups, origins = groups_of(c, ids), origins_of(c, hash_, ids)
    places = Places(disk)
    return Shown(
        content,
        in_catalog=True,
        path=file.path if file else None,
        copies=tuple(ShownCopy(copy, places.look(copy)) for copy in copies),
        groups=tuple(groups),
        origins=tuple(origins),
        notes=tuple(_notes(file)) if file else (),
    )


def _notes(file: _File) -> Iterable[str]:
    if file.hashes is not None and file.recorded:
        if file.hash in file.recorded:
            yield "Its bytes are those on record; its time was changed since."
        else:
            was = file.recorded[0][:_SHOWN]
            yield f"This is not what the catalog has for this place: that is {was}. It was changed since."


def _as_hash(given: str) -> str | None:
    """*given* as the beginning of a hash, None if it can be none."""
    is_one = re.fullmatch(f"[0-9A-Fa-f]{{{_SHORTEST},64}}", given)
    return given.lower() if is_one else None


def _by_words(given: str, path: Path, opened: Catalog) -> str:
    """The one content that *given* means. UsageError if there is none, or more than one."""
    with opened.read() as c:
        found = _meant(c, given, path)
        if len(found) == 1:
            return found[0]
        if not found:
            raise _not_found(given, " Nor does the catalog know it.")
        raise UsageError(
            f"{display(given)} may be {_listed(copies_of_contents(c, found), found)}.",
            hint=f"Say which: cardcat show {found[0][:_SHOWN]}",
        )


def _meant(c: Connection, given: str, path: Path) -> list[str]:
    prefix = _as_hash(given)
    found = hashes_with_prefix(c, prefix, _MANY) if prefix else []
    found = found or _last_seen_at(c, Path(os.path.realpath(path)))
    return found or hashes_named(c, given, _MANY)


def _last_seen_at(c: Connection, path: Path) -> list[str]:
    """What was at *path* when the drive or card that is usually mounted there was last seen."""
    for mount_point in path.parents:
        for volume in volumes_last_mounted_at(c, mount_point):
            place = str(path.relative_to(mount_point))
            found = copies_at(c, volume.id, place) or source_files_at(c, volume.id, place)[:1]
            if found:
                return list(dict.fromkeys(one.hash for one in found))
    return []


def _listed(copies: Sequence[KnownCopy], hashes: Sequence[str]) -> str:
    """Each content by the beginning of its hash, and where it is."""
    where = {copy.hash: f" ({display(copy.volume_name)}: {display(copy.path)})" for copy in reversed(copies)}
    listed = [f"{hash_[:_SHOWN]}{where.get(hash_, '')}" for hash_ in hashes]
    return f"{', '.join(listed[:-1])} or {listed[-1]}"


def _not_found(given: str, more: str) -> UsageError:
    if _as_hash(given):
        sentence = f"There is no file {display(given)}, and no content whose hash begins so."
    else:
        sentence = f"There is no file {display(given)}."
    hint = (
        "Name a file, the whole path of one on an unplugged drive, or at least 6 digits of a hash: "
        "cardcat show FILE|HASH"
    )
    return UsageError(sentence + more, hint=hint)
