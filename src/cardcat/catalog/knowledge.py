"""Everything the catalog knows of a content: what it is, and where its copies are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.details import METADATA_COLUMNS, details_of, moment_of
from cardcat.catalog.tables import (
    content_identity,
    file_locations,
    folders,
    locations,
    media_details,
    media_files,
    session_details,
    volumes,
)
from cardcat.catalog.volumes import volume_name
from cardcat.metadata import Metadata, Moment
from cardcat.model import Evidence, Kind, Presence, Role
from cardcat.paths import from_text, to_text


@dataclass(frozen=True, slots=True)
class KnownContent:
    """
    A content. *metadata* is None for what is no media file; times in UTC seconds, None for never.

    *reader_version* and *read_at* are None where nobody looked inside yet.
    """

    hash: str
    size: int
    kind: Kind
    known_since: int | None
    metadata: Metadata | None
    moment: Moment | None
    reader_version: int | None
    read_at: int | None


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """
    A copy, whether it is there or not, and where to look for it.

    *path* is relative to its location, *location_path* to the volume; *mtime_ns* as kept there. *timezone*
    is that of the session which wrote it, None if none of ours did.
    """

    id: int
    hash: str
    kind: Kind
    path: str
    size: int
    mtime_ns: int
    role: Role
    status: Presence
    evidence: Evidence
    verified_at: int | None
    verified_how: str | None
    session_id: int | None
    timezone: str | None
    location_id: int
    location_uuid: str
    location_path: str
    volume_key: str
    volume_label: str | None
    last_mount_point: str | None
    last_seen_at: int

    @property
    def volume_name(self) -> str:
        """What a person calls the drive."""
        return volume_name(self.volume_label, self.last_mount_point, self.volume_key)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


def known_content(c: Connection, hash_: str) -> KnownContent | None:
    """What is known of the content itself, None if it is not in the catalog."""
    k, m, d = content_identity.c, media_files.c, media_details.c
    query = (
        select(k.cas_id, k.kind, k.size_bytes, k.created_at, m.id.label("media_id"), media_details)
        .add_columns(*(m[name] for name in METADATA_COLUMNS))
        .outerjoin(media_files, m.hash == k.cas_id)
        .outerjoin(media_details, d.content_id == k.id)
        .where(k.cas_id == hash_)
    )
    row = c.execute(query).one_or_none()
    return None if row is None else _content(row)


def hashes_with_prefix(c: Connection, prefix: str, limit: int) -> list[str]:
    """At most *limit* of the contents whose hash begins with *prefix*, in order."""
    cas_id = content_identity.c.cas_id
    query = select(cas_id).where(cas_id >= prefix, cas_id < prefix + "g")  # the letter after all digits
    return list(c.scalars(query.order_by(cas_id).limit(limit)))


def hashes_named(c: Connection, name: str, limit: int) -> list[str]:
    """At most *limit* of the contents that have, or had, a copy of exactly that name."""
    f = file_locations.c
    text, raw = to_text(name)
    query = (
        select(content_identity.c.cas_id)
        .join(file_locations, f.content_id == content_identity.c.id)
        .where(f.name == text, f.name_raw == (raw or b""))
        .distinct()
    )
    return list(c.scalars(query.order_by(content_identity.c.cas_id).limit(limit)))


def copies_of_contents(c: Connection, hashes: Sequence[str]) -> list[KnownCopy]:
    """Every copy of these contents that is or was anywhere, the best evidence first."""
    found: list[KnownCopy] = []
    for chunk in chunks(unique(hashes)):
        found += map(to_copy, c.execute(select_copies().where(content_identity.c.cas_id.in_(chunk))))
    return sorted(found, key=lambda copy: (-copy.evidence.rank, copy.id))


def copies_by_id(c: Connection, ids: Sequence[int]) -> list[KnownCopy]:
    """These copies, in no order."""
    found: list[KnownCopy] = []
    for chunk in chunks(unique(ids)):
        found += map(to_copy, c.execute(select_copies().where(file_locations.c.id.in_(chunk))))
    return found


def copies_at(c: Connection, volume_id: int, path: str) -> list[KnownCopy]:
    """What the catalog knows to be at *path*, relative to the volume's root; one root may lie in another."""
    query = select(locations.c.id, locations.c.path, locations.c.path_raw).where(
        locations.c.volume_id == volume_id
    )
    found: list[KnownCopy] = []
    for id_, text, raw in c.execute(query).all():
        inner = below(path, from_text(text, raw))
        if inner:
            found += map(to_copy, c.execute(select_copies().where(locations.c.id == id_, *_is_at(inner))))
    return found


def below(path: str, root: str) -> str | None:
    """*path* relative to *root*, None if it is not below it."""
    whole, top = PurePosixPath("/", path), PurePosixPath("/", root)
    return str(whole.relative_to(top)) if whole.is_relative_to(top) and whole != top else None


def _is_at(path: str) -> Iterator[ColumnElement[bool]]:
    folder, _, name = path.rpartition("/")
    for text, raw, given in (
        (folders.c.path, folders.c.path_raw, folder),
        (file_locations.c.name, file_locations.c.name_raw, name),
    ):
        readable, exact = to_text(given)
        yield text == readable
        yield raw == (exact or b"")


def select_copies() -> Select[Any]:
    """Asks for copies as `to_copy` takes them; to be narrowed and ordered."""
    f, d, loc, v = file_locations.c, folders.c, locations.c, volumes.c
    return (
        select(
            f.id, content_identity.c.cas_id, content_identity.c.kind,
            d.path.label("folder"), d.path_raw.label("folder_raw"),
            f.name, f.name_raw, f.size, f.mtime_ns, f.role, f.status, f.evidence, f.verified_at,
            f.verified_how, f.session_id, session_details.c.timezone, loc.id.label("location_id"),
            loc.uuid, loc.path, loc.path_raw, v.key, v.label, v.last_mount_point, v.last_seen_at,
        )
        .join(content_identity, content_identity.c.id == f.content_id)
        .join(folders, d.id == f.folder_id)
        .join(locations, loc.id == d.location_id)
        .join(volumes, v.id == loc.volume_id)
        .outerjoin(session_details, session_details.c.session_id == f.session_id)
    )  # fmt: skip


def to_copy(row: Row[Any]) -> KnownCopy:
    """A copy of a row of `select_copies`."""
    folder, name = from_text(row.folder, row.folder_raw), from_text(row.name, row.name_raw)
    return KnownCopy(
        id=row.id,
        hash=row.cas_id,
        kind=Kind(row.kind),
        path=f"{folder}/{name}" if folder else name,
        size=row.size,
        mtime_ns=row.mtime_ns,
        role=Role(row.role),
        status=Presence(row.status),
        evidence=Evidence(row.evidence),
        verified_at=row.verified_at,
        verified_how=row.verified_how,
        session_id=row.session_id,
        timezone=row.timezone,
        location_id=row.location_id,
        location_uuid=row.uuid,
        location_path=from_text(row.path, row.path_raw),
        volume_key=row.key,
        volume_label=row.label,
        last_mount_point=row.last_mount_point,
        last_seen_at=row.last_seen_at,
    )


def _content(row: Row[Any]) -> KnownContent:
    values = dict(row._mapping)  # noqa: SLF001 - the public name
    metadata = None
    if row.media_id is not None:
        told = {name: values[name] for name in METADATA_COLUMNS}
        metadata = Metadata(**told, details=details_of(values), trouble=row.trouble)
    return KnownContent(
        hash=row.cas_id,
        size=row.size_bytes,
        kind=Kind(row.kind),
        known_since=row.created_at,
        metadata=metadata,
        moment=moment_of(values),
        reader_version=row.reader_version,
        read_at=row.updated_at,
    )
