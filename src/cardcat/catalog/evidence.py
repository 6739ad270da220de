"""What the verdict asks: which content a source file is known to be, and where its proved copies are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.tables import (
    backup_items,
    content_identity,
    file_locations,
    folders,
    locations,
    session_details,
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
    location_uuid: str
    location_path: str
    volume_key: str
    volume_name: str


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
    for chunk in chunks(unique(hashes)):
        query = (
            select(
                f.id, content_identity.c.cas_id, folders.c.path, folders.c.path_raw, f.name, f.name_raw,
                f.size, f.mtime_ns, f.evidence, locations.c.uuid, locations.c.path, locations.c.path_raw,
                volumes.c.key, volumes.c.label, volumes.c.last_mount_point,
            )
            .join(content_identity, content_identity.c.id == f.content_id)
            .join(folders, folders.c.id == f.folder_id)
            .join(locations, locations.c.id == folders.c.location_id)
            .join(volumes, volumes.c.id == locations.c.volume_id)
            .where(content_identity.c.cas_id.in_(chunk), f.status == Presence.PRESENT.value)
        )  # fmt: skip
        for row in c.execute(query):
            folder, name = from_text(row[2], row[3]), from_text(row[4], row[5])
            yield PlacedCopy(
                id=row[0],
                hash=row[1],
                path=f"{folder}/{name}" if folder else name,
                size=row[6],
                mtime_ns=row[7],
                evidence=Evidence(row[8]),
                location_uuid=row[9],
                location_path=from_text(row[10], row[11]),
                volume_key=row[12],
                volume_name=volume_name(label=row[13], last_mount_point=row[14], key=row[12]),
            )
