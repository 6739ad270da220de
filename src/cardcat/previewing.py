"""What a backup would do: looked up, not done. Nothing is written anywhere, no file is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from cardcat.catalog.engine import is_absent, open_catalog
from cardcat.catalog.items import earlier_columns, earlier_sessions
from cardcat.catalog.locations import find_location
from cardcat.catalog.volumes import find_volume
from cardcat.errors import DestinationError
from cardcat.frames import HELD
from cardcat.inputs import check_apart, check_source
from cardcat.model import BackupOptions, Preview
from cardcat.opening import refuse_empty_mount_point, usable_destinations
from cardcat.paths import to_text
from cardcat.reporting import current
from cardcat.stages.scan import refuse_empty
from cardcat.storage.destination import read_marker
from cardcat.storage.reading import mtime_of
from cardcat.storage.system import this_disk
from cardcat.storage.volumes import path_on_volume, volume_of
from cardcat.storage.walk import Walk, walk

_ASKED = ("path", "size", "mtime_ns", "destination_path", "copy_size", "copy_mtime_ns")


def preview(options: BackupOptions, catalog: str | None = None) -> list[Preview]:
    """
    Say for every usable destination what would be copied.

    Contents are not compared, so files that would turn out to be duplicates count as to be copied.
    Raises UsageError, SourceError, DestinationError or CatalogError as the backup would.
    """
    source = check_source(options.source)
    roots, unusable = usable_destinations(options.destinations)
    check_apart(source, roots)
    found = walk(source, options.excludes, this_disk())
    refuse_empty(source, found)
    previews = []
    for root in roots:
        try:
            previews.append(_preview(root, found, _held(source, root, catalog)))
        except DestinationError as error:
            unusable.append((root, error))
    if not previews:
        raise unusable[0][1]
    for _, why in unusable:
        current().note(why.message)
    return previews


def _preview(root: Path, found: Walk, held: dict[tuple[str, int], _Held]) -> Preview:
    new, to_read = [], 0
    for path, size, mtime_ns in zip(found.paths, found.sizes, found.mtimes_ns, strict=True):
        known = held.get((path, size))
        if known is None or not known.is_there:
            new.append(size)
        elif known.mtime_ns != mtime_ns or known.is_retimed:
            to_read += 1
    return Preview(
        destination_path=str(root),
        files_scanned=len(found.paths),
        files_to_copy=len(new),
        bytes_to_copy=sum(new),
        files_to_skip=len(found.paths) - len(new) - to_read,
        free_bytes=this_disk().free_bytes(root),
        files_to_read=to_read,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What was last said of a source file of that path and size, and how its copy stands now."""

    mtime_ns: int
    is_there: bool
    is_retimed: bool = False


def _held(source: Path, root: Path, catalog: str | None) -> dict[tuple[str, int], _Held]:
    """By path and size, the files of the source that an earlier session left on the destination."""
    if is_absent(catalog):
        return {}
    with open_catalog(catalog, create=False) as opened, opened.read() as c:
        if read_marker(root) is None:
            refuse_empty_mount_point(c, root, volume_of(root))
        held: dict[tuple[str, int], _Held] = {}
        for session_id in _sessions(c, source, root):
            for part in earlier_columns(c, session_id):
                columns = dict(zip(HELD, part, strict=True))
                for path, size, *row in zip(*(columns[name] for name in _ASKED), strict=True):
                    key = os.fsdecode(path), size
                    if key not in held:
                        held[key] = _look(root, *row)
        return held


def _sessions(c: Connection, source: Path, root: Path) -> list[int]:
    source_volume = find_volume(c, volume_of(source).key)
    volume = find_volume(c, volume_of(root).key)
    location = find_location(c, volume.id, path_on_volume(root)) if volume else None
    if source_volume is None or location is None:
        return []
    text, raw = to_text(path_on_volume(source))
    return earlier_sessions(
        c, source_volume_id=source_volume.id, source_root=(text, raw or b""), location_id=location.id
    )


def _look(root: Path, mtime_ns: int, path: bytes, copy_size: int, copy_mtime_ns: int) -> _Held:
    try:
        status = (root / os.fsdecode(path)).lstat()
    except OSError:
        return _Held(mtime_ns, is_there=False)
    is_there = status.st_size == copy_size
    return _Held(mtime_ns, is_there, is_retimed=mtime_of(status) != copy_mtime_ns)
