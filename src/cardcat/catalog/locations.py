"""Locations: the root folders on volumes that the catalog knows."""

from __future__ import annotations

import uuid as uuids
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from cardcat.catalog.bulk import Value
from cardcat.catalog.tables import locations
from cardcat.model import Role
from cardcat.paths import from_text, to_text


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A root folder. *path* is relative to the volume's root, '' for that root itself."""

    id: int
    uuid: str
    volume_id: int
    path: str
    role: Role


def remember_location(
    c: Connection, *, volume_id: int, uuid: str | None, path: str, role: Role, now: int
) -> LocationRow:
    """
    Note that *path* on the volume is a root folder. *uuid* is what its marker says, None if it has none.

    The marker decides, so a folder that was renamed stays the location it was; but a marker of another
    volume was copied from there and says nothing. A known role changes only to `backup`.
    """
    marked = _find(c, locations.c.uuid == uuid) if uuid is not None else None
    if marked is not None and marked.volume_id != volume_id:
        marked = uuid = None
    place = _path_values(path)
    placed = _find(c, locations.c.volume_id == volume_id, *(locations.c[key] == place[key] for key in place))
    if marked and placed and placed.id != marked.id:
        _displace(c, placed)
    row = marked or placed
    values = place | {"uuid": uuid or (row.uuid if row else str(uuids.uuid4())), "updated_at": now}
    if row is None:
        return _add(c, values | {"volume_id": volume_id, "role": role.value, "created_at": now})
    if role is Role.BACKUP:
        values["role"] = role.value
    c.execute(update(locations).where(locations.c.id == row.id).values(values))
    return get_location(c, row.id)


def find_location(c: Connection, volume_id: int, path: str) -> LocationRow | None:
    """The root folder at *path* of the volume, None if the catalog knows none there."""
    place = _path_values(path)
    return _find(c, locations.c.volume_id == volume_id, *(locations.c[key] == place[key] for key in place))


def marked_location(c: Connection, uuid: str) -> LocationRow | None:
    """The root folder whose marker has that *uuid*, None if the catalog knows none."""
    return _find(c, locations.c.uuid == uuid)


def get_location(c: Connection, location_id: int) -> LocationRow:
    """The location with that id, which must be there."""
    row = _find(c, locations.c.id == location_id)
    if row is None:
        raise LookupError(f"location {location_id}")
    return row


def _add(c: Connection, values: dict[str, Value]) -> LocationRow:
    return get_location(c, c.execute(insert(locations).returning(locations.c.id), values).scalar_one())


def _displace(c: Connection, row: LocationRow) -> None:
    """Another root is where this one was; where this one is now, nobody knows until its marker is seen."""
    values = _path_values(f"{row.path} (was here before: {row.uuid})")
    c.execute(update(locations).where(locations.c.id == row.id).values(values))


def _path_values(path: str) -> dict[str, Value]:
    text, raw = to_text(path)
    return {"path": text, "path_raw": raw or b""}


def _find(c: Connection, *conditions: ColumnElement[bool]) -> LocationRow | None:
    columns = locations.c
    query = select(
        columns.id, columns.uuid, columns.volume_id, columns.path, columns.path_raw, columns.role
    ).where(*conditions)
    row = c.execute(query).one_or_none()
    if row is None:
        return None
    return LocationRow(row.id, row.uuid, row.volume_id, from_text(row.path, row.path_raw), Role(row.role))
