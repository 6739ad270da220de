"""The files of a library as an index reads them, in whole columns, and writes them, a portion at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import adbc_driver_sqlite.dbapi as driver
import pyarrow as pa
from sqlalchemy import Connection, bindparam, case, delete, exists, or_, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_new, unique
from cardcat.catalog.contents import MediaRow
from cardcat.catalog.details import METADATA_COLUMNS, media_values
from cardcat.catalog.tables import (
    content_identity,
    copy_findings,
    file_locations,
    folders,
    media_details,
    media_files,
)
from cardcat.catalog.trouble import told
from cardcat.model import Evidence, Kind, Presence, Role
from cardcat.paths import to_text

_FOLDERS = """
SELECT 0 AS id, '' AS path, x'00' AS path_raw
UNION ALL SELECT id, path, path_raw FROM folders WHERE location_id = ?
"""
_FILES = """
SELECT 0 AS id, 0 AS folder_id, '' AS name, x'00' AS name_raw, 0 AS size, 0 AS mtime_ns,
  '' AS role, '' AS status, 0 AS content_id, '' AS kind, 0 AS is_inspected, '' AS live_photo_id
UNION ALL SELECT * FROM (
SELECT f.id, f.folder_id, f.name, f.name_raw, f.size, f.mtime_ns, f.role, f.status,
  f.content_id, k.kind, d.content_id IS NOT NULL, d.live_photo_id
FROM folders o
JOIN file_locations f ON f.folder_id = o.id
LEFT JOIN content_identity k ON k.id = f.content_id
LEFT JOIN media_details d ON d.content_id = f.content_id
WHERE o.location_id = ?)
"""

ONCE = "an index read it once: nothing to compare it with yet"
AGAIN = "an index read it, and it is what was known: memory may have answered"
_PROVED = (Evidence.READ_BACK.value, Evidence.READ_BACK_COLD.value)


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """
    A file of a library as it was found. *path* is relative to the location.

    *content_id* is None where it was not read; *was_known*: its content was, before it was read. *id* is the
    row that it is written to, None for a new one.
    """

    path: str
    size: int
    mtime_ns: int
    content_id: int | None
    was_known: bool
    id: int | None = None


def library_folders(path: Path, location_id: int) -> pa.Table:
    """`id`, `path` and `path_raw` of every folder of the location, in the catalog *path*."""
    return _asked(path, _FOLDERS, location_id)


def library_files(path: Path, location_id: int) -> pa.Table:
    """
    Every file of the location, whatever its status: a row of `file_locations` each, with what is known of it.

    `kind` and `live_photo_id` are NULL where nothing tells; `is_inspected` says that its metadata was read.
    """
    return _asked(path, _FILES, location_id)


def _asked(path: Path, query: str, location_id: int) -> pa.Table:
    # The driver takes a column's type from its first rows, which may be NULL: a row of samples goes first.
    with told(path), driver.connect(f"{path.as_uri()}?mode=ro") as c, c.cursor() as cursor:
        cursor.execute(query, (location_id,))
        return cursor.fetch_arrow_table().slice(1)


def write_files(c: Connection, rows: Sequence[LibraryFile], folder_of: Mapping[str, int], now: int) -> None:
    """
    Put the files on record: new ones as `library`, others over their own row, which thereby may move.

    A reading proves nothing by itself: only one that agrees with what was known before makes `read_back`, and
    none is ever cold. What a check has proved of the same content stays.
    """
    fresh = [_values(row, folder_of, now) for row in rows if row.id is None]
    insert_many(c, insert_new(c, file_locations), [_as_new(values, now) for values in fresh])
    f = file_locations.c
    is_proved = (f.content_id == bindparam("b_content_id")) & or_(*(f.evidence == word for word in _PROVED))
    proof = ("evidence", "verified_at", "verified_how")
    plain = ("folder_id", "name", "name_raw", "content_id", "size", "mtime_ns", "status", "last_seen_at")
    statement = (
        update(file_locations)
        .where(f.id == bindparam("b_id"), f.role == Role.LIBRARY.value)
        .values(
            {name: bindparam(f"b_{name}") for name in plain}
            | {
                name: case((is_proved, f[name]), else_=bindparam(f"b_{name}", type_=f[name].type))
                for name in proof
            }
        )
    )
    known = [_values(row, folder_of, now) | {"id": row.id} for row in rows if row.id is not None]
    for chunk in chunks(known):
        c.execute(statement, [{f"b_{name}": value for name, value in values.items()} for values in chunk])


def set_present(c: Connection, ids: Sequence[int], now: int) -> None:
    """Say that these files are there again; that they were missing is settled."""
    x = copy_findings.c
    f = file_locations.c
    for chunk in chunks(ids):
        back = {"status": Presence.PRESENT.value, "last_seen_at": now}
        c.execute(update(file_locations).where(f.id.in_(chunk), f.role == Role.LIBRARY.value).values(back))
        c.execute(
            update(copy_findings)
            .where(x.file_location_id.in_(chunk), x.trouble == "missing", x.resolved_at.is_(None))
            .values(resolved_at=now, resolution="an index found it there again")
        )


def set_missing(c: Connection, ids: Iterable[int]) -> None:
    """Say that these files of a library are not there any more. Their rows stay."""
    f = file_locations.c
    for chunk in chunks(ids):
        c.execute(
            update(file_locations)
            .where(f.id.in_(chunk), f.role == Role.LIBRARY.value)
            .values(status=Presence.MISSING.value)
        )


def rename_folder(c: Connection, folder_id: int, path: str) -> None:
    """Let the folder with all that is directly in it be at *path* now; nothing may be on record there."""
    text, raw = to_text(path)
    values: dict[str, Value] = {"path": text, "path_raw": raw or b""}
    c.execute(update(folders).where(folders.c.id == folder_id).values(values))


def drop_empty_folders(c: Connection, ids: Iterable[int]) -> None:
    """Forget folders that are not there any more, but for those that files are on record in."""
    for chunk in chunks(ids):
        holds = exists().where(file_locations.c.folder_id == folders.c.id)
        c.execute(delete(folders).where(folders.c.id.in_(chunk), ~holds))


def contents_by_id(c: Connection, ids: Sequence[int]) -> dict[int, tuple[str, Kind]]:
    """Hash and kind of these contents, by id."""
    k = content_identity.c
    found: dict[int, tuple[str, Kind]] = {}
    for chunk in chunks(unique(ids)):
        query = select(k.id, k.cas_id, k.kind).where(k.id.in_(chunk))
        found.update((id_, (hash_, Kind(kind))) for id_, hash_, kind in c.execute(query))
    return found


def inspected(c: Connection, hashes: Sequence[str]) -> set[str]:
    """Those of the contents whose metadata was read at some time."""
    k, d = content_identity.c, media_details.c
    found: set[str] = set()
    for chunk in chunks(unique(hashes)):
        query = select(k.cas_id).join(media_details, d.content_id == k.id).where(k.cas_id.in_(chunk))
        found |= set(c.scalars(query))
    return found


def complete_media(c: Connection, rows: Iterable[MediaRow]) -> None:
    """Of media files that nobody had looked into before, say what they tell of themselves."""
    m = media_files.c
    statement = (
        update(media_files)
        .where(m.hash == bindparam("b_hash"))
        .values({name: bindparam(f"b_{name}") for name in METADATA_COLUMNS})
    )
    for chunk in chunks(rows):
        c.execute(statement, [_renewed(row) for row in chunk])


def _renewed(row: MediaRow) -> dict[str, Value]:
    values: dict[str, Value] = {"b_hash": row.hash}
    return values | {f"b_{name}": value for name, value in media_values(row.metadata, row.moment).items()}


def _values(row: LibraryFile, folder_of: Mapping[str, int], now: int) -> dict[str, Value]:
    folder, _, name = row.path.rpartition("/")
    text, raw = to_text(name)
    is_proved = row.content_id is not None and row.was_known
    return {
        "folder_id": folder_of[folder],
        "name": text,
        "name_raw": raw or b"",
        "content_id": row.content_id,
        "size": row.size,
        "mtime_ns": row.mtime_ns,
        "status": Presence.PRESENT.value,
        "evidence": (Evidence.READ_BACK if is_proved else Evidence.CLAIMED).value,
        "verified_at": now if is_proved else None,
        "verified_how": AGAIN if is_proved else None if row.content_id is None else ONCE,
        "last_seen_at": now,
    }


def _as_new(values: dict[str, Value], now: int) -> dict[str, Value]:
    return values | {"role": Role.LIBRARY.value, "first_seen_at": now}
