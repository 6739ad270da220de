"""What the verdict asks: which content a source file is known to be, and where its proved copies are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.tables import (
    backup_items,
    content_identity,
    copy_findings,
    file_locations,
    folders,
    locations,
    session_details,
    volume_disks,
    volumes,
)
from cardcat.catalog.volumes import volume_name
from cardcat.model import Evidence, ItemState, Presence
from cardcat.paths import from_text


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A source file as a session left it: finished with that content at that size and time."""

    path: str
    size: int
    mtime_ns: int
    hash: str


@dataclass(frozen=True, slots=True)
class PlacedVolume:
    """The volume of a copy as last seen. *disk* is `model.Volume.disk`; times in UTC seconds."""

    id: int
    uuid: str
    key: str
    name: str
    fs_type: str | None
    disk: str | None
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class PlacedCopy:
    """
    A copy, and where it can be looked at: the volume and the root of its location on it.

    Less than a `KnownCopy`, which takes twice as long to get; the verdict asks for every file of a card.
    """

    id: int
    hash: str
    path: str
    size: int
    mtime_ns: int
    evidence: Evidence
    verified_at: int | None
    verified_how: str | None
    session_id: int | None
    location_uuid: str
    location_path: str
    volume: PlacedVolume

    @property
    def volume_key(self) -> str:
        """What recognises the volume."""
        return self.volume.key

    @property
    def volume_name(self) -> str:
        """What a person calls the drive."""
        return self.volume.name


def known_files(
    c: Connection, *, source_volume_id: int, source_root: tuple[str, bytes]
) -> Iterator[KnownFile]:
    """What all sessions of a source finished; later sessions come later."""
    i, d = backup_items.c, session_details.c
    query = (
        select(i.source_path, i.source_path_raw, i.size, i.mtime_ns, i.hash)
        .join(session_details, d.session_id == i.session_id)
        .where(
            d.source_volume_id == source_volume_id,
            d.source_root == source_root[0],
            d.source_root_raw == source_root[1],
            i.state.in_((ItemState.VERIFIED.value, ItemState.SKIPPED.value)),
            i.hash.is_not(None),
        )
        .order_by(i.session_id)
    )
    for path, raw, size, mtime_ns, hash_ in c.execute(query):
        yield KnownFile(from_text(path, raw), size, mtime_ns, hash_)


def placed_copies(c: Connection, hashes: Sequence[str]) -> Iterator[PlacedCopy]:
    """Every present copy of these contents, on any volume."""
    f = file_locations.c
    places = _places(c)
    for chunk in chunks(unique(hashes)):
        query = (
            select(
                f.id, content_identity.c.cas_id, folders.c.path, folders.c.path_raw, f.name, f.name_raw,
                f.size, f.mtime_ns, f.evidence, f.verified_at, f.verified_how, f.session_id,
                folders.c.location_id,
            )
            .join(content_identity, content_identity.c.id == f.content_id)
            .join(folders, folders.c.id == f.folder_id)
            .where(content_identity.c.cas_id.in_(chunk), f.status == Presence.PRESENT.value)
        )  # fmt: skip
        for row in c.execute(query):
            folder, name = from_text(row[2], row[3]), from_text(row[4], row[5])
            place = places[row[12]]
            yield PlacedCopy(
                id=row[0],
                hash=row[1],
                path=f"{folder}/{name}" if folder else name,
                size=row[6],
                mtime_ns=row[7],
                evidence=Evidence(row[8]),
                verified_at=row[9],
                verified_how=row[10],
                session_id=row[11],
                location_uuid=place.uuid,
                location_path=place.path,
                volume=place.volume,
            )


def open_troubles(c: Connection) -> dict[int, str]:
    """The copies that something was found wrong with and not put right since: what it was, by their id."""
    q = copy_findings.c
    query = select(q.file_location_id, q.trouble).where(q.resolved_at.is_(None)).order_by(q.id)
    return dict(c.execute(query).tuples().all())


@dataclass(frozen=True, slots=True)
class _Place:
    uuid: str
    path: str
    volume: PlacedVolume


def _places(c: Connection) -> dict[int, _Place]:
    """Every location by its id, with its volume: there are few of them, and many copies on each."""
    v = volumes.c
    query = select(volumes, volume_disks.c.disk).outerjoin(volume_disks, volume_disks.c.volume_id == v.id)
    on = {row.id: _volume(row) for row in c.execute(query)}
    loc = locations.c
    return {
        id_: _Place(uuid, from_text(path, raw), on[volume_id])
        for id_, uuid, path, raw, volume_id in c.execute(
            select(loc.id, loc.uuid, loc.path, loc.path_raw, loc.volume_id)
        )
    }


def _volume(row: Row[Any]) -> PlacedVolume:
    return PlacedVolume(
        id=row.id,
        uuid=row.uuid,
        key=row.key,
        name=volume_name(label=row.label, last_mount_point=row.last_mount_point, key=row.key),
        fs_type=row.fs_type,
        disk=row.disk,
        last_seen_at=row.last_seen_at,
    )
