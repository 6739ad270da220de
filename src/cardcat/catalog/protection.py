"""How well what is on a volume is protected: which contents are nowhere else, and which in too few places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, or_, select

from cardcat.catalog.tables import content_identity, file_locations, folders, locations, volumes
from cardcat.catalog.volumes import volume_name
from cardcat.catalog.weighed import READ, Weighing, is_kept, is_wrong
from cardcat.model import Evidence, Kind
from cardcat.paths import from_text


@dataclass(frozen=True, slots=True)
class Share:
    """
    The contents of one kind that one folder of a volume has the first copy of, and their bytes.

    *only_here*: no other physical disk has a copy that was read back. *too_few*: fewer than wanted have one.
    """

    folder: str
    kind: Kind
    contents: int
    size: int
    only_here: int
    only_here_bytes: int
    too_few: int
    too_few_bytes: int


@dataclass(frozen=True, slots=True)
class LoneFile:
    """A content on too few physical disks. *disks* counts those that have it, *path* is on the volume."""

    path: str
    hash: str
    size: int
    kind: Kind
    disks: int
    is_only_here: bool


@dataclass(frozen=True, slots=True)
class UnprovedCopies:
    """How many contents that are in too few places a volume has a copy of that was never read back."""

    volume_id: int
    name: str
    uuid: str
    contents: int
    last_seen_at: int


def shares(found: Weighing) -> list[Share]:
    """What the volume has by folder and kind; the folder's path is relative to its volume."""
    each, f, d, loc, k = found.each, file_locations.c, folders.c, locations.c, content_identity.c
    only = case((each.c.elsewhere == 0, 1), else_=0)
    few = case((each.c.disks < found.asked.wanted, 1), else_=0)
    parts = (
        select(
            f.folder_id, k.kind,
            func.count().label("contents"), func.sum(k.size_bytes).label("size"),
            func.sum(only).label("only_here"), func.sum(only * k.size_bytes).label("only_bytes"),
            func.sum(few).label("few"), func.sum(few * k.size_bytes).label("few_bytes"),
        )
        .join_from(each, file_locations, f.id == each.c.copy_id)
        .join(content_identity, k.id == each.c.content_id)
        .group_by(f.folder_id, k.kind)
        .subquery()
    )  # fmt: skip
    p = parts.c
    query = (
        select(
            loc.path, loc.path_raw, d.path, d.path_raw,
            p.kind, p.contents, p.size, p.only_here, p.only_bytes, p.few, p.few_bytes,
        )
        .join_from(parts, folders, d.id == p.folder_id)
        .join(locations, loc.id == d.location_id)
    )  # fmt: skip
    return [Share(_path(*row[:4]), Kind(row[4]), *map(int, row[5:])) for row in found.ask(query)]


def lone_files(found: Weighing, limit: int | None) -> Iterator[LoneFile]:
    """Contents that are nowhere else, or on fewer disks than wanted; large ones first."""
    each, f, d, loc, k = found.each, file_locations.c, folders.c, locations.c, content_identity.c
    lone = (
        select(each.c.content_id, each.c.copy_id, each.c.disks, each.c.elsewhere, k.size_bytes)
        .join_from(each, content_identity, k.id == each.c.content_id)
        .where(or_(each.c.disks < found.asked.wanted, each.c.elsewhere == 0))
        .order_by(each.c.elsewhere, k.size_bytes.desc(), each.c.copy_id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(
            loc.path, loc.path_raw, d.path, d.path_raw, f.name, f.name_raw,
            k.cas_id, k.size_bytes, k.kind, lone.c.disks, lone.c.elsewhere,
        )
        .join_from(lone, file_locations, f.id == lone.c.copy_id)
        .join(folders, d.id == f.folder_id)
        .join(locations, loc.id == d.location_id)
        .join(content_identity, k.id == lone.c.content_id)
        .order_by(lone.c.elsewhere, lone.c.size_bytes.desc(), lone.c.copy_id)
    )  # fmt: skip
    for row in found.ask(query):
        yield LoneFile(_path(*row[:6]), row[6], row[7], Kind(row[8]), int(row[9]), not row[10])


def unproved_copies(found: Weighing) -> list[UnprovedCopies]:
    """Volumes, this one among them, with copies of what is in too few places that only need to be read."""
    each, f, v = found.each, file_locations.c, volumes.c
    unproved = (
        select(locations.c.volume_id, f.content_id)
        .join_from(each, file_locations, f.content_id == each.c.content_id)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(each.c.disks < found.asked.wanted, is_kept(), f.evidence.not_in(READ), ~is_wrong())
        .distinct()
        .subquery()
    )
    counted = (
        select(unproved.c.volume_id, func.count().label("contents")).group_by(unproved.c.volume_id).subquery()
    )
    contents = counted.c.contents
    query = (
        select(v.id, v.label, v.last_mount_point, v.key, v.uuid, contents, v.last_seen_at)
        .join(counted, counted.c.volume_id == v.id)
        .order_by(contents.desc(), v.id)
    )
    return [
        UnprovedCopies(id_, volume_name(label, point, key), uuid, int(count), seen)
        for id_, label, point, key, uuid, count, seen in found.ask(query)
    ]


def evidence_on(found: Weighing) -> list[tuple[Evidence, int, int, int | None]]:
    """(evidence, copies, bytes, oldest check in UTC seconds) of the copies on the volume, the best first."""
    f = file_locations.c
    query = (
        select(f.evidence, func.count(), func.sum(f.size), func.min(f.verified_at))
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(locations.c.volume_id == found.asked.volume_id, is_kept())
        .group_by(f.evidence)
    )
    told = [(Evidence(row[0]), int(row[1]), int(row[2]), row[3]) for row in found.ask(query)]
    return sorted(told, key=lambda row: -row[0].rank)


def _path(*parts: Any) -> str:
    """The path that pairs of (text, true bytes or none) make, one below the other."""
    pieces = [from_text(text, raw) for text, raw in zip(parts[::2], parts[1::2], strict=True)]
    return "/".join(piece for piece in pieces if piece)
