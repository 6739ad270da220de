"""How well what is on a volume is protected: which contents are nowhere else, and which in too few places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    case,
    column,
    func,
    or_,
    select,
    values,
)

from cardcat.catalog.tables import (
    content_identity,
    copy_findings,
    file_locations,
    folders,
    locations,
    volumes,
)
from cardcat.catalog.volumes import volume_name
from cardcat.model import Evidence, Kind, Presence, Role
from cardcat.paths import from_text

_READ = (Evidence.READ_BACK.value, Evidence.READ_BACK_COLD.value)


@dataclass(frozen=True, slots=True)
class Question:
    """
    What is asked: of which volume, and on how many physical disks its contents should be.

    *disks* numbers the disk of every volume whose copies count, by the volume's id: the same number for
    parts of one disk. *own_disk* is that of the volume itself, also if it does not count.
    """

    volume_id: int
    wanted: int
    disks: Mapping[int, int]
    own_disk: int


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


def shares(c: Connection, asked: Question) -> list[Share]:
    """What the volume has by folder and kind; the folder's path is relative to its volume."""
    each, f, d, loc, k = _contents(asked), file_locations.c, folders.c, locations.c, content_identity.c
    only = case((each.c.elsewhere == 0, 1), else_=0)
    few = case((each.c.disks < asked.wanted, 1), else_=0)
    parts = (
        select(
            f.folder_id, k.kind,
            func.count().label("contents"), func.sum(k.size_bytes).label("size"),
            func.sum(only).label("only"), func.sum(only * k.size_bytes).label("only_bytes"),
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
            p.kind, p.contents, p.size, p.only, p.only_bytes, p.few, p.few_bytes,
        )
        .join_from(parts, folders, d.id == p.folder_id)
        .join(locations, loc.id == d.location_id)
    )  # fmt: skip
    return [Share(_path(*row[:4]), Kind(row[4]), *map(int, row[5:])) for row in c.execute(query)]


def lone_files(c: Connection, asked: Question, limit: int | None) -> Iterator[LoneFile]:
    """Contents that are nowhere else, or on fewer disks than wanted; large ones first."""
    each, f, d, loc, k = _contents(asked), file_locations.c, folders.c, locations.c, content_identity.c
    lone = (
        select(each.c.copy_id, each.c.disks, each.c.elsewhere, k.cas_id, k.size_bytes, k.kind)
        .join_from(each, content_identity, k.id == each.c.content_id)
        .where(or_(each.c.disks < asked.wanted, each.c.elsewhere == 0))
        .order_by(each.c.elsewhere, k.size_bytes.desc(), each.c.copy_id)
        .limit(limit)
        .subquery()
    )
    query = (
        select(
            loc.path, loc.path_raw, d.path, d.path_raw, f.name, f.name_raw,
            lone.c.cas_id, lone.c.size_bytes, lone.c.kind, lone.c.disks, lone.c.elsewhere,
        )
        .join_from(lone, file_locations, f.id == lone.c.copy_id)
        .join(folders, d.id == f.folder_id)
        .join(locations, loc.id == d.location_id)
        .order_by(lone.c.elsewhere, lone.c.size_bytes.desc(), lone.c.copy_id)
    )  # fmt: skip
    for row in c.execute(query):
        yield LoneFile(_path(*row[:6]), row[6], row[7], Kind(row[8]), int(row[9]), not row[10])


def unproved_copies(c: Connection, asked: Question) -> list[UnprovedCopies]:
    """Volumes, this one among them, with copies of what is in too few places that only need to be read."""
    each, f, v = _contents(asked), file_locations.c, volumes.c
    contents = func.count(f.content_id.distinct())
    query = (
        select(v.id, v.label, v.last_mount_point, v.key, v.uuid, contents, v.last_seen_at)
        .join_from(each, file_locations, f.content_id == each.c.content_id)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .join(volumes, v.id == locations.c.volume_id)
        .where(each.c.disks < asked.wanted, _is_kept(), f.evidence.not_in(_READ), ~_is_wrong())
        .group_by(v.id)
        .order_by(contents.desc(), v.id)
    )
    return [
        UnprovedCopies(id_, volume_name(label, point, key), uuid, int(count), seen)
        for id_, label, point, key, uuid, count, seen in c.execute(query)
    ]


def evidence_on(c: Connection, volume_id: int) -> list[tuple[Evidence, int, int, int | None]]:
    """(evidence, copies, bytes, oldest check in UTC seconds) of the copies on the volume, the best first."""
    f = file_locations.c
    query = (
        select(f.evidence, func.count(), func.sum(f.size), func.min(f.verified_at))
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(locations.c.volume_id == volume_id, _is_kept())
        .group_by(f.evidence)
    )
    found = [(Evidence(row[0]), int(row[1]), int(row[2]), row[3]) for row in c.execute(query)]
    return sorted(found, key=lambda row: -row[0].rank)


def _contents(asked: Question) -> Subquery:
    """
    One row a content of the volume: its first copy there, and on how many physical disks it was read back.

    *elsewhere* says whether one of these is another disk than the volume's own.
    """
    here, numbered, f = _here(asked.volume_id).cte("here"), _numbered(asked), file_locations.c
    is_good = _is_kept() & f.evidence.in_(_READ) & ~_is_wrong()
    elsewhere = case((numbered.c.disk != asked.own_disk, 1), else_=0)
    return (
        select(
            here.c.content_id,
            here.c.copy_id,
            func.count(numbered.c.disk.distinct()).label("disks"),
            func.max(elsewhere).label("elsewhere"),
        )
        .outerjoin_from(here, file_locations, (f.content_id == here.c.content_id) & is_good)
        .outerjoin(folders, folders.c.id == f.folder_id)
        .outerjoin(locations, locations.c.id == folders.c.location_id)
        .outerjoin(numbered, numbered.c.volume_id == locations.c.volume_id)
        .group_by(here.c.content_id, here.c.copy_id)
        .subquery()
    )


def _here(volume_id: int) -> Select[Any]:
    f = file_locations.c
    return (
        select(f.content_id, func.min(f.id).label("copy_id"))
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(locations.c.volume_id == volume_id, _is_kept())
        .group_by(f.content_id)
    )


def _numbered(asked: Question) -> CTE:
    """The disk of each volume that counts."""
    columns = column("volume_id", Integer), column("disk", Integer)
    rows = [*asked.disks.items()] or [(-1, -1)]  # a list of none is no SQL
    return values(*columns, name="numbered").data(rows).cte("numbered")


def _is_kept() -> ColumnElement[bool]:
    """Whether a copy is there as far as is known; an unplugged drive still has its copies."""
    f = file_locations.c
    return f.status.in_((Presence.PRESENT.value, Presence.UNAVAILABLE.value)) & (f.role != Role.SOURCE.value)


def _is_wrong() -> ColumnElement[bool]:
    """Whether something was found wrong with a copy and is not mended yet."""
    x = copy_findings.c
    return file_locations.c.id.in_(select(x.file_location_id).where(x.resolved_at.is_(None)))


def _path(*parts: Any) -> str:
    """The path that pairs of (text, true bytes or none) make, one below the other."""
    pieces = [from_text(text, raw) for text, raw in zip(parts[::2], parts[1::2], strict=True)]
    return "/".join(piece for piece in pieces if piece)
