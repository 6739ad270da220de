"""What a drive's own manifests know and this catalog does not: taken over as claims, trusted for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.bulk import chunks
from cardcat.catalog.contents import ContentRow, MediaRow, record_contents, record_media
from cardcat.catalog.copies import NewCopy, copy_hashes, known_paths, record_copies, set_evidence
from cardcat.catalog.details import METADATA_COLUMNS
from cardcat.catalog.engine import Catalog
from cardcat.catalog.manifests import known_manifests, record_manifest
from cardcat.media.kind import kind_by_name
from cardcat.metadata import Metadata
from cardcat.model import Evidence, Kind
from cardcat.paths import to_text
from cardcat.storage.manifest import ManifestEntry, manifest_names, read_manifest
from cardcat.text import size as human_size

_LARGEST = 1 << 31  # what a plain integer column holds
_LARGEST_TIME = 1 << 62


def import_claims(catalog: Catalog, root: Path, location_id: int, now: int) -> int:
    """Take over what the manifests of *root* say of copies the catalog does not know; return how many."""
    with catalog.read() as c:
        names = sorted(set(manifest_names(root)) - known_manifests(c, location_id))
    imported = 0
    for name in names:
        with catalog.write() as c:
            for entries in chunks(read_manifest(root, name)):
                imported += _import(c, location_id, entries, now)
            record_manifest(c, location_id, name, session_id=None, now=now)
    return imported


def _import(c: Connection, location_id: int, entries: Sequence[ManifestEntry], now: int) -> int:
    known = known_paths(c, location_id, [entry.path for entry in entries])
    _doubt_contradicted(c, known, entries)
    new = [entry for entry in entries if entry.path not in known]
    kinds = {entry.path: entry.kind or kind_by_name(entry.path.rpartition("/")[2]) for entry in new}
    ids = record_contents(
        c,
        [ContentRow(e.sha256, e.size, kinds[e.path], None, _ascii(e.sample)) for e in new],
        now,
    )
    record_media(c, [_media(e, e.kind, e.media, now) for e in new if e.kind and e.kind.is_media and e.media])
    copies = [
        NewCopy(e.path, ids[e.sha256], e.size, e.mtime_ns, Evidence.CLAIMED, None, "the drive's manifest")
        for e in new
    ]
    record_copies(c, location_id, copies, session_id=None, now=now)
    return len(new)


def _doubt_contradicted(c: Connection, known: Mapping[str, int], entries: Sequence[ManifestEntry]) -> None:
    """Believe a known copy no more if another catalog says that something else came to its place."""
    hashes = copy_hashes(c, list(known.values()))
    wrong = [known[e.path] for e in entries if e.path in known and hashes[known[e.path]] != e.sha256]
    set_evidence(c, wrong, Evidence.CLAIMED, how="another manifest says otherwise", verified_at=None)


def _media(
    entry: ManifestEntry, kind: Kind, media: Mapping[str, str | int | float | None], now: int
) -> MediaRow:
    return MediaRow(
        hash=entry.sha256,
        size=entry.size,
        size_human=human_size(entry.size),
        kind=kind,
        extension=to_text(str(media.get("extension") or ""))[0],
        metadata=_metadata(media),
        date_added=_whole(media.get("date_added"), now),
        date_modified=_whole(media.get("date_modified"), entry.mtime_ns // 1_000_000_000),
        path=to_text(str(media.get("path") or entry.path))[0],
    )


def _metadata(media: Mapping[str, str | int | float | None]) -> Metadata:
    """The columns as a manifest has them; a value of another type than the column's is passed over."""
    numbers = {"duration_seconds": (int, float), "resolution_width": (int,), "resolution_height": (int,)}
    kept = {
        name: _storable(media[name])
        for name in METADATA_COLUMNS
        if name in media and isinstance(media[name], numbers.get(name, (str,)))
    }
    return Metadata(**kept)  # type: ignore[arg-type]  # each value has just been checked against its column


def _ascii(sample: str | None) -> str | None:
    return sample if sample and sample.isascii() else None


def _storable(value: str | float | None) -> str | float | None:
    """As any database takes it; a number that none of these columns can mean is passed over."""
    if isinstance(value, str):
        return to_text(value)[0]
    return value if value is None or abs(value) < _LARGEST else None


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and abs(value) < _LARGEST_TIME else default
