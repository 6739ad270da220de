"""The folders and files of a library that are on record, in whole columns."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Integer, Select, select, type_coerce

from cardcat.catalog.tables import content_identity, file_locations, folders, media_details

_AT_ONCE = 10_000  # rows that are Python objects at one time
_FOLDERS = pa.schema({"id": pa.int64(), "path": pa.string(), "path_raw": pa.binary()})
_FILES = pa.schema(
    {
        "id": pa.int64(),
        "folder_id": pa.int64(),
        "name": pa.string(),
        "name_raw": pa.binary(),
        "size": pa.int64(),
        "mtime_ns": pa.int64(),
        "role": pa.string(),
        "status": pa.string(),
        "content_id": pa.int64(),
        "kind": pa.string(),
        "is_inspected": pa.int64(),
        "live_photo_id": pa.string(),
    }
)


def library_folders(c: Connection, location_id: int) -> pa.Table:
    """`id`, `path` and `path_raw` of every folder of the location."""
    o = folders.c
    return _columns(c, select(o.id, o.path, o.path_raw).where(o.location_id == location_id), _FOLDERS)


def library_files(c: Connection, location_id: int) -> pa.Table:
    """
    Every file of the location, whatever its status: a row of `file_locations` each, with what is known of it.

    `kind` and `live_photo_id` are NULL where nothing tells; `is_inspected` says that its metadata was read.
    """
    f, k, d = file_locations.c, content_identity.c, media_details.c
    query = (
        select(
            f.id, f.folder_id, f.name, f.name_raw, f.size, f.mtime_ns, f.role, f.status, f.content_id,
            k.kind, type_coerce(d.content_id.is_not(None), Integer), d.live_photo_id,
        )
        .join(folders, folders.c.id == f.folder_id)
        .outerjoin(content_identity, k.id == f.content_id)
        .outerjoin(media_details, d.content_id == f.content_id)
        .where(folders.c.location_id == location_id)
    )  # fmt: skip
    return _columns(c, query, _FILES)


def _columns(c: Connection, query: Select[Any], schema: pa.Schema) -> pa.Table:
    # Over the connection that the process has: another SQLite's would take its locks away (`sources.py`).
    batches = []
    for rows in c.execute(query).partitions(_AT_ONCE):
        columns = zip(zip(*rows, strict=True), schema.types, strict=True)
        batches.append(pa.record_batch([pa.array(column, kind) for column, kind in columns], schema=schema))
    return pa.Table.from_batches(batches, schema=schema)
