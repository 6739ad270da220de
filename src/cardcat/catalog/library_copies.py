"""The copies of contents in libraries: what can be there twice, and what a duplicate may be kept in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.tables import (
    asset_group_members,
    asset_groups,
    content_identity,
    copy_findings,
    file_locations,
    folders,
    locations,
    media_details,
    volumes,
)
from cardcat.catalog.volumes import volume_name
from cardcat.metadata import GroupKind, GroupRole
from cardcat.model import Evidence, Kind, Presence, Role
from cardcat.paths import from_text
from cardcat.plan.keepers import LibraryCopy

_FEWEST = 2  # copies that make a duplicate
_HELD = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)  # there, or on a drive that was not


@dataclass(frozen=True, slots=True)
class Neighbour:
    """
    A file of a folder that a copy is in, the copy itself among them. *hash* is None if nobody has read it.

    *path* is relative to the location. *groups* are the ids of those on record that it is in.
    """

    id: int
    location_id: int
    path: str
    size: int
    role: Role
    kind: Kind
    hash: str | None
    live_photo_id: str | None
    groups: tuple[int, ...] = ()


def library_copies(
    c: Connection, hashes: Iterable[str], *, held: bool = False
) -> dict[str, list[LibraryCopy]]:
    """
    The copies of these contents that are present in libraries, by the hash, in the order of their ids.

    With *held* also those on drives that are known to be unplugged. A content without any is left out.
    """
    statuses = _HELD if held else (Presence.PRESENT.value,)
    f, k = file_locations.c, content_identity.c
    found: dict[str, list[LibraryCopy]] = {}
    for chunk in chunks(unique(hashes)):
        query = _select().where(k.cas_id.in_(chunk), f.role == Role.LIBRARY.value, f.status.in_(statuses))
        for row in c.execute(query.order_by(f.id)):
            found.setdefault(row.cas_id, []).append(to_library_copy(row))
    return found


def duplicated_contents(c: Connection, volume_id: int | None = None) -> list[str]:
    """
    The photos and films that libraries hold more than once on one volume (None: on any), by their hash.

    Those on drives that were unplugged when that was last looked at too. The largest first; empty files waste
    nothing and are none.
    """
    f, k = file_locations.c, content_identity.c
    several = (
        select(f.content_id)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(f.role == Role.LIBRARY.value, f.status.in_(_HELD))
        .group_by(f.content_id, locations.c.volume_id)
        .having(func.count() >= _FEWEST)
    )
    if volume_id is not None:
        several = several.where(locations.c.volume_id == volume_id)
    query = select(k.cas_id).where(
        k.id.in_(several), k.size_bytes > 0, k.kind.in_([kind.value for kind in Kind if kind.is_media])
    )
    return list(c.scalars(query.order_by(k.size_bytes.desc(), k.cas_id)))


def held_contents(c: Connection, hashes: Iterable[str]) -> set[str]:
    """
    Those of these contents that a copy of any role is on record for, there or on an unplugged drive.

    What was set aside does not count, nor what something was found wrong with.
    """
    f, k, x = file_locations.c, content_identity.c, copy_findings.c
    wrong = exists().where(x.file_location_id == f.id, x.resolved_at.is_(None))
    found: set[str] = set()
    for chunk in chunks(unique(hashes)):
        query = select(k.cas_id).join(file_locations, f.content_id == k.id).where(k.cas_id.in_(chunk))
        found.update(c.scalars(query.where(f.status.in_(_HELD), ~wrong)))
    return found


def library_copies_by_id(c: Connection, ids: Iterable[int]) -> dict[int, LibraryCopy]:
    """These copies by their ids, where they still are of libraries, and there or on an unplugged drive."""
    f = file_locations.c
    found: dict[int, LibraryCopy] = {}
    for chunk in chunks(unique(ids)):
        query = _select().where(f.id.in_(chunk), f.role == Role.LIBRARY.value, f.status.in_(_HELD))
        found.update((row.id, to_library_copy(row)) for row in c.execute(query))
    return found


def neighbours(c: Connection, copy_ids: Sequence[int]) -> list[Neighbour]:
    """Every file in the folders of these copies, or in a group with one of these, if not known to be gone."""
    f = file_locations.c
    folder_ids: list[int] = []
    for chunk in chunks(unique(copy_ids)):
        folder_ids += c.scalars(select(f.folder_id).where(f.id.in_(chunk)))
    found: dict[int, Row[Any]] = {}
    for chunk in chunks(unique(folder_ids)):
        found.update((row.id, row) for row in c.execute(_neighbours().where(f.folder_id.in_(chunk))))
    groups = _groups_of(c, list(found))
    away = [member for members in groups.values() for member in members if member not in found]
    for chunk in chunks(unique(away)):
        found.update((row.id, row) for row in c.execute(_neighbours().where(f.id.in_(chunk))))
    in_groups: dict[int, list[int]] = {}
    for group, members in groups.items():
        for member in members:
            in_groups.setdefault(member, []).append(group)
    return [_neighbour(row, tuple(in_groups.get(row.id, ()))) for row in found.values()]


def _groups_of(c: Connection, ids: Sequence[int]) -> dict[int, list[int]]:
    """The groups that these copies are in, with all their members; a camera's list of a folder is none."""
    m, g = asset_group_members.c, asset_groups.c
    group_ids: list[int] = []
    for chunk in chunks(ids):
        query = select(m.group_id).join(asset_groups, g.id == m.group_id)
        group_ids += c.scalars(query.where(m.file_location_id.in_(chunk), g.kind != GroupKind.INDEX.value))
    found: dict[int, list[int]] = {}
    for chunk in chunks(unique(group_ids)):
        for group, member in c.execute(select(m.group_id, m.file_location_id).where(m.group_id.in_(chunk))):
            found.setdefault(group, []).append(member)
    return found


def _neighbours() -> Select[Any]:
    f, d, k = file_locations.c, folders.c, content_identity.c
    return (
        select(
            f.id, d.location_id, d.path, d.path_raw, f.name, f.name_raw, f.size, f.role, k.kind, k.cas_id,
            media_details.c.live_photo_id,
        )
        .join(folders, d.id == f.folder_id)
        .outerjoin(content_identity, k.id == f.content_id)
        .outerjoin(media_details, media_details.c.content_id == f.content_id)
        .where(f.status.in_(_HELD))
    )  # fmt: skip


def _neighbour(row: Row[Any], groups: tuple[int, ...]) -> Neighbour:
    folder, name = from_text(row.path, row.path_raw), from_text(row.name, row.name_raw)
    return Neighbour(
        id=row.id,
        location_id=row.location_id,
        path=f"{folder}/{name}" if folder else name,
        size=row.size,
        role=Role(row.role),
        kind=Kind(row.kind) if row.kind else Kind.OTHER,
        hash=row.cas_id,
        live_photo_id=row.live_photo_id,
        groups=groups,
    )


def _select() -> Select[Any]:
    f, d, loc, v, k = file_locations.c, folders.c, locations.c, volumes.c, content_identity.c
    mine, other = asset_group_members.alias(), asset_group_members.alias()
    sidecar = (
        select(mine.c.group_id)
        .join(other, other.c.group_id == mine.c.group_id)
        .where(
            mine.c.file_location_id == f.id,
            mine.c.role != GroupRole.SIDECAR.value,
            other.c.role == GroupRole.SIDECAR.value,
        )
    )
    return (
        select(
            f.id, k.cas_id, f.size, f.mtime_ns, f.name, f.name_raw, f.first_seen_at, f.evidence,
            f.verified_at, d.path.label("folder"), d.path_raw.label("folder_raw"),
            loc.id.label("location_id"), loc.uuid, loc.path, loc.path_raw, v.id.label("volume_id"),
            v.key, v.label, v.last_mount_point, exists(sidecar).label("has_sidecar"),
        )
        .join(content_identity, k.id == f.content_id)
        .join(folders, d.id == f.folder_id)
        .join(locations, loc.id == d.location_id)
        .join(volumes, v.id == loc.volume_id)
    )  # fmt: skip


def to_library_copy(row: Row[Any]) -> LibraryCopy:
    """A copy of a row of the columns that `_select` asks for."""
    folder, name = from_text(row.folder, row.folder_raw), from_text(row.name, row.name_raw)
    return LibraryCopy(
        id=row.id,
        hash=row.cas_id,
        size=row.size,
        mtime_ns=row.mtime_ns,
        path=f"{folder}/{name}" if folder else name,
        location_id=row.location_id,
        location_uuid=row.uuid,
        location_path=from_text(row.path, row.path_raw),
        volume_id=row.volume_id,
        volume_key=row.key,
        volume_name=volume_name(row.label, row.last_mount_point, row.key),
        first_seen_at=row.first_seen_at,
        evidence=Evidence(row.evidence),
        verified_at=row.verified_at,
        has_sidecar=bool(row.has_sidecar),
    )
