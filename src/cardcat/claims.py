"""What a drive's own manifests know and this catalog does not: taken over as claims, trusted for nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.contents import ContentRow, MediaRow, record_contents, record_media, renew_media
from cardcat.catalog.copies import NewCopy, copy_hashes, known_paths, record_copies, set_evidence
from cardcat.catalog.details import METADATA_COLUMNS
from cardcat.catalog.engine import Catalog
from cardcat.catalog.manifests import claimed_only, known_manifests, record_manifest
from cardcat.media.kind import kind_by_name
from cardcat.metadata import Metadata
from cardcat.model import Evidence, Kind
from cardcat.paths import extension_of, to_text
from cardcat.storage.disk import Disk
from cardcat.storage.manifest import ManifestEntry, Renewed, manifest_names, read_claims
from cardcat.storage.system import this_disk
from cardcat.text import size as human_size

_LARGEST = 1 << 31  # what a plain integer column holds
_LARGEST_TIME = 1 << 62
_PORTION = 1_000  # claims that are held in memory at once
_PORTION_BYTES = 4 << 20  # of their texts: anybody may have made them long
_COLUMNS = frozenset(
    {*METADATA_COLUMNS, "media_type", "path", "extension", "date_added", "date_modified"}
)  # of a media file that are taken over

_Claim = ManifestEntry | Renewed
_Told = Mapping[str, str | int | float | None]


def import_claims(catalog: Catalog, root: Path, location_id: int, now: int, disk: Disk | None = None) -> int:
    """
    Take over what the manifests of *root* say of copies the catalog does not know; return how many.

    One that can't be read is left to the next time. OSError if their folder can't be listed.
    """
    disk = disk or this_disk()
    with catalog.read() as c:
        names = sorted(set(manifest_names(root, disk)) - known_manifests(c, location_id))
    imported = 0
    for name in names:
        with suppress(OSError):  # they are only claims: what is not known to be held is copied
            imported += import_manifest(catalog, root, name, location_id, now, disk=disk)
    return imported


def import_manifest(
    catalog: Catalog,
    root: Path,
    name: str,
    location_id: int,
    now: int,
    *,
    disk: Disk | None = None,
    is_anew: bool = False,
    done: Callable[[int], None] = lambda _: None,
) -> int:
    """
    Take over one manifest, in one transaction; return how many copies were new.

    OSError as from `read_claims`; then nothing of it is taken over. *is_anew*: the catalog knows nothing
    but manifests, so what they say of a content may be renewed.
    *done* is told of so many more lines.
    """
    imported = 0
    with catalog.write() as c:
        for claims in _portions(read_claims(root, name, disk)):
            entries = [claim for claim in claims if isinstance(claim, ManifestEntry)]
            imported += _import(c, location_id, entries, now)
            if is_anew:
                renew_media(c, _media_rows((claim for claim in claims if claim.media), now))
            done(len(claims))
        record_manifest(c, location_id, name, session_id=None, now=now)
    return imported


def kind_claimed(entry: ManifestEntry) -> Kind:
    """What a copy is by its manifest, or by its name where that does not say."""
    return entry.kind or kind_by_name(entry.path.rpartition("/")[2])


def _portions(claims: Iterable[_Claim]) -> Iterator[list[_Claim]]:
    """As many at a time as fit into little memory, with what is taken over of each."""
    portion: list[_Claim] = []
    size = 0
    for claim in map(_kept, claims):
        portion.append(claim)
        size += _size(claim)
        if len(portion) == _PORTION or size >= _PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _kept(claim: _Claim) -> _Claim:
    if isinstance(claim, Renewed):
        return replace(claim, media=_columns(claim.media))
    return replace(claim, source_path=None, media=None if claim.media is None else _columns(claim.media))


def _columns(media: _Told) -> _Told:
    return {name: media[name] for name in media.keys() & _COLUMNS}


def _size(claim: _Claim) -> int:
    """Bytes of memory that its texts take."""
    texts = list((claim.media or {}).values())
    if isinstance(claim, ManifestEntry):
        texts += [claim.path, claim.sample]
    return sum(sys.getsizeof(text) for text in texts if isinstance(text, str))


def _import(c: Connection, location_id: int, entries: Sequence[ManifestEntry], now: int) -> int:
    known = known_paths(c, location_id, [entry.path for entry in entries])
    outdated = _doubt_contradicted(c, known, entries)
    news = [entry for entry in entries if entry.path not in known or entry.path in outdated]
    rows = [ContentRow(e.sha256, e.size, kind_claimed(e), None, _ascii(e.sample)) for e in news]
    ids = record_contents(c, rows, now)
    record_media(c, _media_rows(news, now))
    there = {entry.path: entry for entry in news}  # what came to a place later stands for it
    copies = [
        NewCopy(e.path, ids[e.sha256], e.size, e.mtime_ns, Evidence.CLAIMED, None, "the drive's manifest")
        for e in there.values()
    ]
    record_copies(c, location_id, copies, session_id=None, now=now)
    return len(there.keys() - known.keys())


def _doubt_contradicted(
    c: Connection, known: Mapping[str, int], entries: Sequence[ManifestEntry]
) -> frozenset[str]:
    """
    Believe a known copy no more if another catalog says that something else came to its place.

    Returns the paths of those that only manifests spoke of so far: the later one is right of them.
    """
    hashes = copy_hashes(c, list(known.values()))
    wrong = {e.path: known[e.path] for e in entries if e.path in known and hashes[known[e.path]] != e.sha256}
    claimed = claimed_only(c, list(wrong.values()))
    doubted = [id_ for id_ in wrong.values() if id_ not in claimed]
    set_evidence(c, doubted, Evidence.CLAIMED, how="another manifest says otherwise", verified_at=None)
    return frozenset(path for path, id_ in wrong.items() if id_ in claimed)


def _media_rows(claims: Iterable[_Claim], now: int) -> Iterator[MediaRow]:
    for claim in claims:
        if isinstance(claim, Renewed):
            if claim.kind.is_media:
                yield _media(claim, claim.kind, claim.media, _Defaults(now, now, ""))
        elif (kind := kind_claimed(claim)).is_media:
            modified = claim.mtime_ns // 1_000_000_000
            yield _media(claim, kind, claim.media or {}, _Defaults(now, modified, claim.path))


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What stands for columns that a manifest does not tell of a media file."""

    date_added: int
    date_modified: int
    path: str


def _media(claim: _Claim, kind: Kind, media: _Told, defaults: _Defaults) -> MediaRow:
    said = str(media.get("media_type"))
    path = to_text(_word(media.get("path")) or defaults.path)[0]
    return MediaRow(
        hash=claim.sha256,
        size=claim.size,
        size_human=human_size(claim.size),
        kind=Kind(said) if said in (Kind.IMAGE, Kind.VIDEO) else kind,
        extension=to_text(_word(media.get("extension", extension_of(path))))[0],
        metadata=_metadata(media),
        date_added=_whole(media.get("date_added"), defaults.date_added),
        date_modified=_whole(media.get("date_modified"), defaults.date_modified),
        path=path,
    )


def _metadata(media: _Told) -> Metadata:
    """The columns as a manifest has them; a value of another type than the column's is passed over."""
    numbers = {"duration_seconds": (int, float), "resolution_width": (int,), "resolution_height": (int,)}
    kept = {
        name: _storable(media[name])
        for name in METADATA_COLUMNS
        if name in media and isinstance(media[name], numbers.get(name, (str,)))
    }
    return Metadata(**kept)  # type: ignore[arg-type]  # each value has just been checked against its column


def _ascii(sample: str | None) -> str | None:
    return sample if sample and sample.isascii() and "\0" not in sample else None


def _word(value: object) -> str:
    """A text that any database takes; '' for anything else."""
    return value if isinstance(value, str) and "\0" not in value else ""


def _storable(value: str | float | None) -> str | float | None:
    """As any database takes it; a number that none of these columns can mean is passed over."""
    if isinstance(value, str):
        return to_text(value)[0] if "\0" not in value else None
    return value if value is None or abs(value) < _LARGEST else None


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and abs(value) < _LARGEST_TIME else default
