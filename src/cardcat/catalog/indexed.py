"""The files of a library as an index writes them, a portion at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    or_,
    select,
    update,
)

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_new, unique
from cardcat.catalog.contents import MediaRow
from cardcat.catalog.details import METADATA_COLUMNS, media_values
from cardcat.catalog.resolving import resolve_findings
from cardcat.catalog.tables import (
    content_identity,
    copy_findings,
    file_locations,
    folders,
    media_details,
    media_files,
)
from cardcat.model import Evidence, Kind, Presence, Role
from cardcat.paths import to_text

ONCE = "an index read it once: nothing to compare it with yet"
AGAIN = "an index read it, and it is what was known: memory may have answered"
_IN_QUESTION = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)
_PROVED = (Evidence.READ_BACK.value, Evidence.READ_BACK_COLD.value)


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """
    A file of a library as it was found. *folder* is relative to the location.

    *content_id* is None where it was not read; *was_known*: its content was, before it was read. *id* is the
    row that it is written to, None for a new one; *has_moved*: until now that was the row of another place.
    """

    folder: str
    name: str
    size: int
    mtime_ns: int
    content_id: int | None
    was_known: bool
    id: int | None = None
    has_moved: bool = False


def write_files(c: Connection, rows: Sequence[LibraryFile], folder_of: Mapping[str, int], now: int) -> None:
    """
    Put the files on record: new ones as `library`, others over their own row, which thereby may move.

    A reading proves nothing by itself: only one that agrees with what was known before makes `read_back`, and
    none is ever cold. What a check has proved stays only of a file that is still the one it has read, as far
    as size, time and place tell. What was put into quarantine meanwhile stays there.
    """
    fresh = [_values(row, folder_of, now) for row in rows if row.id is None]
    insert_many(c, insert_new(c, file_locations), [_as_new(values, now) for values in fresh])
    statement = _over_own_row()
    known = [
        _values(row, folder_of, now) | {"id": row.id, "has_moved": int(row.has_moved)}
        for row in rows
        if row.id is not None
    ]
    for chunk in chunks(known):
        c.execute(statement, [{f"b_{name}": value for name, value in values.items()} for values in chunk])


def _over_own_row() -> Update:
    f = file_locations.c
    is_proved = and_(
        or_(*(f.evidence == word for word in _PROVED)),  # a list takes one row at a time
        *(f[name] == bindparam(f"b_{name}") for name in ("content_id", "size", "mtime_ns")),
        bindparam("b_has_moved", type_=Integer) == 0,
    )
    proof = ("evidence", "verified_at", "verified_how")
    plain = ("folder_id", "name", "name_raw", "content_id", "size", "mtime_ns", "status", "last_seen_at")
    return (
        update(file_locations)
        .where(f.id == bindparam("b_id"), _is_ours())
        .values(
            {name: bindparam(f"b_{name}") for name in plain}
            | {
                name: case((is_proved, f[name]), else_=bindparam(f"b_{name}", type_=f[name].type))
                for name in proof
            }
        )
    )


def set_present(c: Connection, ids: Sequence[int], now: int) -> None:
    """Say that these files are there again; that they were missing is settled."""
    x = copy_findings.c
    f = file_locations.c
    for chunk in chunks(ids):
        back = {"status": Presence.PRESENT.value, "last_seen_at": now}
        c.execute(update(file_locations).where(f.id.in_(chunk), _is_ours()).values(back))
        c.execute(
            update(copy_findings)
            .where(x.file_location_id.in_(chunk), x.trouble == "missing", x.resolved_at.is_(None))
            .values(resolved_at=now, resolution="an index found it there again")
        )


def set_missing(c: Connection, ids: Sequence[int], now: int) -> int:
    """
    Say that these files of a library are not there any more; of how many that is new. Their rows stay.

    Only of those that were there until now: what a cleanup has put away meanwhile is not missing.
    """
    f = file_locations.c
    count = 0
    for chunk in chunks(ids):
        there = update(file_locations).where(f.id.in_(chunk), _is_ours(), f.status.in_(_IN_QUESTION))
        count += c.execute(there.values(status=Presence.MISSING.value)).rowcount
    settle_missing(c, ids, now)
    return count


def settle_missing(c: Connection, ids: Sequence[int], now: int) -> None:
    """What a check has found wrong with those of these files that are missing is settled: they are gone."""
    f = file_locations.c
    for chunk in chunks(ids):
        gone = select(f.id).where(f.id.in_(chunk), _is_ours(), f.status == Presence.MISSING.value)
        resolve_findings(c, c.scalars(gone).all(), "an index found that its owner took it away", now)


def _is_ours() -> ColumnElement[bool]:
    """Whether an index may say anything of a row: it makes libraries, and has no business in a quarantine."""
    f = file_locations.c
    return and_(f.role == Role.LIBRARY.value, f.status != Presence.QUARANTINED.value)


def move_folder(c: Connection, folder_id: int, path: str, now: int) -> None:
    """
    Let the folder with all that is directly in it be at *path* now; nothing may be on record there.

    All of it was read, and is what was known. But it may as well be copied there: nothing of it is cold.
    """
    text, raw = to_text(path)
    values: dict[str, Value] = {"path": text, "path_raw": raw or b""}
    c.execute(update(folders).where(folders.c.id == folder_id).values(values))
    f = file_locations.c
    cold = f.evidence == Evidence.READ_BACK_COLD.value
    read = {"evidence": Evidence.READ_BACK.value, "verified_at": now, "verified_how": AGAIN}
    c.execute(update(file_locations).where(f.folder_id == folder_id, _is_ours(), cold).values(read))


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
    text, raw = to_text(row.name)
    is_proved = row.content_id is not None and row.was_known
    return {
        "folder_id": folder_of[row.folder],
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
