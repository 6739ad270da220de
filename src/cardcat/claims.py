"""What a drive's own manifests know and this catalog does not: taken over as claims, trusted for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.bulk import chunks
from cardcat.catalog.contents import METADATA_COLUMNS, ContentRow, MediaRow, record_contents, record_media
from cardcat.catalog.copies import NewCopy, known_paths, record_copies
from cardcat.catalog.engine import Catalog
from cardcat.catalog.manifests import known_manifests, record_manifest
from cardcat.media.kind import kind_by_name
from cardcat.model import Evidence, Kind, Metadata
from cardcat.storage.manifest import ManifestEntry, manifest_names, read_manifest
from cardcat.text import size as human_size


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
    new = [entry for entry in entries if entry.path not in known]
    kinds = {entry.path: entry.kind or kind_by_name(entry.path.rpartition("/")[2]) for entry in new}
    ids = record_contents(
        c,
        [ContentRow(e.sha256, e.size, kinds[e.path], e.xxh3, e.sample) for e in new],
        now,
    )
    record_media(c, [_media(e, e.kind, e.media, now) for e in new if e.kind and e.kind.is_media and e.media])
    copies = [
        NewCopy(e.path, ids[e.sha256], e.size, e.mtime_ns, Evidence.CLAIMED, None, "the drive's manifest")
        for e in new
    ]
    record_copies(c, location_id, copies, session_id=None, now=now)
    return len(new)


def _media(
    entry: ManifestEntry, kind: Kind, media: Mapping[str, str | int | float | None], now: int
) -> MediaRow:
    return MediaRow(
        hash=entry.sha256,
        size=entry.size,
        size_human=human_size(entry.size),
        kind=kind,
        extension=str(media.get("extension") or ""),
        metadata=_metadata(media),
        date_added=_whole(media.get("date_added"), now),
        date_modified=_whole(media.get("date_modified"), entry.mtime_ns // 1_000_000_000),
        path=str(media.get("path") or entry.path),
    )


def _metadata(media: Mapping[str, str | int | float | None]) -> Metadata:
    """The columns as a manifest has them; a value of another type than the column's is passed over."""
    numbers = {"duration_seconds": (int, float), "resolution_width": (int,), "resolution_height": (int,)}
    kept = {
        name: media[name]
        for name in METADATA_COLUMNS
        if name in media and isinstance(media[name], numbers.get(name, (str,)))
    }
    return Metadata(**kept)  # type: ignore[arg-type]  # each value has just been checked against its column


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
