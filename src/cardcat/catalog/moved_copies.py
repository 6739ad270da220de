"""Copies that were put away and taken back: the rows of libraries follow their files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from cardcat.catalog.copies import folder_ids
from cardcat.catalog.tables import file_locations, media_files
from cardcat.model import Evidence, Presence, Role
from cardcat.paths import to_text


def move_copy(
    c: Connection, copy_id: int, location_id: int, path: str, *, status: Presence, now: int
) -> None:
    """
    Note that the file of a copy is at *path* of its location now. Evidence and groups stay as they are.

    A row that says that another file was there, and is wrong, comes to where this one was, as `deleted`.
    """
    f = file_locations.c
    was = c.execute(select(f.folder_id, f.name, f.name_raw).where(f.id == copy_id)).one_or_none()
    if was is None:
        return
    place = _place(c, location_id, path)
    there = _row_at(c, place)
    if there is not None and there != copy_id:
        _write(c, there, {"name_raw": b"\0"})  # out of the way: no name has this byte
    _write(c, copy_id, place | {"status": status.value, "last_seen_at": now})
    if there is not None and there != copy_id:
        _write(c, there, dict(was._mapping) | {"status": Presence.DELETED.value})  # noqa: SLF001 - the public name


def record_aside(c: Connection, like: int, location_id: int, path: str, *, mtime_ns: int, now: int) -> None:
    """Note that what was the file of the copy *like* is kept at *path*, which is a place of ours."""
    f = file_locations.c
    copied = ("content_id", "size")
    was = c.execute(select(*(f[name] for name in copied)).where(f.id == like)).one_or_none()
    if was is None:
        return
    values: dict[str, Any] = dict(was._mapping) | {  # noqa: SLF001 - the public name
        "mtime_ns": mtime_ns,
        "status": Presence.QUARANTINED.value,
        "evidence": Evidence.CLAIMED.value,
        "verified_at": None,
        "verified_how": "set aside: a duplicate",
        "last_seen_at": now,
    }
    place = _place(c, location_id, path)
    there = _row_at(c, place)
    if there is not None:
        _write(c, there, values)
    else:
        c.execute(insert(file_locations), values | place | {"role": Role.LIBRARY.value, "first_seen_at": now})


def forget_aside(c: Connection, location_id: int, path: str, now: int) -> None:
    """Note that nothing is at *path*, a place of ours, any more."""
    there = _row_at(c, _place(c, location_id, path))
    if there is not None:
        _write(c, there, {"status": Presence.DELETED.value, "last_seen_at": now})


def set_time(c: Connection, copy_id: int, mtime_ns: int, now: int) -> None:
    """Note that the file of a copy has another time now."""
    _write(c, copy_id, {"mtime_ns": mtime_ns, "last_seen_at": now})


def lead_to(c: Connection, hash_: str, was: str, path: str) -> None:
    """Let the media file whose primary copy was at *was* name the copy at *path* instead."""
    m = media_files.c
    c.execute(
        update(media_files).where(m.hash == hash_, m.path == to_text(was)[0]).values(path=to_text(path)[0])
    )


def _place(c: Connection, location_id: int, path: str) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    text, raw = to_text(name)
    folder_id = folder_ids(c, location_id, [folder])[folder]
    return {"folder_id": folder_id, "name": text, "name_raw": raw or b""}


def _row_at(c: Connection, place: dict[str, Any]) -> int | None:
    f = file_locations.c
    query = select(f.id).where(*(f[name] == value for name, value in place.items()))
    found: int | None = c.execute(query).scalar_one_or_none()
    return found


def _write(c: Connection, copy_id: int, values: dict[str, Any]) -> None:
    c.execute(update(file_locations).where(file_locations.c.id == copy_id).values(values))
