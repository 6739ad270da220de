"""What a destination's manifests are made of, and which of them this catalog has written or read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select

from cardcat.catalog.bulk import chunks, insert_new
from cardcat.catalog.tables import (
    backup_items,
    backup_sessions,
    content_identity,
    file_locations,
    folders,
    manifests,
    media_files,
    session_details,
)
from cardcat.model import Evidence, ItemState, Kind, Presence, SessionStatus
from cardcat.paths import from_text

_FINISHED = (ItemState.VERIFIED.value, ItemState.SKIPPED.value)
_ENDED = (SessionStatus.FAILED.value, SessionStatus.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class SessionCopy:
    """
    A copy that a session put on record.

    *path* is relative to the destination, *source_path* to the source.
    """

    path: str
    source_path: str
    hash: str
    size: int
    mtime_ns: int
    evidence: Evidence
    verified_at: int | None


@dataclass(frozen=True, slots=True)
class RenewedContent:
    """A content whose media row was changed after it was recorded."""

    hash: str
    size: int
    kind: Kind


def known_manifests(c: Connection, location_id: int) -> set[str]:
    """The names of the manifests of the location that need not be read again."""
    return set(c.scalars(select(manifests.c.name).where(manifests.c.location_id == location_id)))


def record_manifest(c: Connection, location_id: int, name: str, *, session_id: int | None, now: int) -> None:
    """Say that the manifest's content is in the catalog; *session_id* is None for somebody else's."""
    c.execute(
        insert_new(c, manifests).values(
            location_id=location_id, name=name, session_id=session_id, created_at=now
        )
    )


def claimed_only(c: Connection, ids: Sequence[int]) -> set[int]:
    """Those of these copies that nothing but somebody's word speaks for."""
    f = file_locations.c
    found: set[int] = set()
    for chunk in chunks(ids):
        query = select(f.id).where(f.id.in_(chunk), f.evidence == Evidence.CLAIMED.value)
        found |= set(c.scalars(query))
    return found


def last_manifest_at(c: Connection, location_id: int) -> int | None:
    """
    When a session of ours last told there what the catalog knows (UTC seconds).

    Before the first one did, when somebody else's manifest was first read; None if there is none either.
    """
    m = manifests.c
    ours = func.max(case((m.session_id.is_not(None), m.created_at)))
    query = select(func.coalesce(ours, func.min(m.created_at))).where(m.location_id == location_id)
    last: int | None = c.scalar(query)
    return last


def unlisted_sessions(c: Connection, location_id: int) -> list[int]:
    """
    The sessions to the location whose last attempt may have ended before it listed what it had copied.

    Those that run, and those that were completed, are none of them.
    """
    s, d, m = backup_sessions.c, session_details.c, manifests.c
    listed = select(func.max(m.created_at)).where(m.session_id == s.id).scalar_subquery()
    query = (
        select(s.id)
        .join(session_details, d.session_id == s.id)
        .where(
            d.destination_location_id == location_id,
            s.status.in_(_ENDED),
            or_(listed.is_(None), listed <= d.attempt_started_at),
        )
        .order_by(s.id)
    )
    return list(c.scalars(query))


def session_copies(c: Connection, session_id: int) -> Iterator[SessionCopy]:
    """
    All copies that a session wrote, or found and proved, and that are still there, in the order of the paths.

    Read while the connection is open. Of several source files that one copy answers for, it names the one
    that was copied.
    """
    last = None
    for row in c.execute(_copies(session_id)):
        if row.id == last:
            continue
        last = row.id
        yield SessionCopy(
            path=from_text(row.destination_path, row.destination_path_raw),
            source_path=from_text(row.source_path, row.source_path_raw),
            hash=row.hash,
            size=row.size,
            mtime_ns=row.mtime_ns,
            evidence=Evidence(row.evidence),
            verified_at=row.verified_at,
        )


def _copies(session_id: int) -> Select[Any]:
    f, i = file_locations.c, backup_items.c
    return (
        select(
            f.id, i.destination_path, i.destination_path_raw, i.source_path, i.source_path_raw,
            i.hash, f.size, f.mtime_ns, f.evidence, f.verified_at,
        )
        .join(file_locations, f.id == i.file_location_id)
        .join(content_identity, content_identity.c.id == f.content_id)
        .where(
            i.session_id == session_id,
            i.state.in_(_FINISHED),
            f.session_id == session_id,
            i.hash == content_identity.c.cas_id,  # another content may have come to that place since
            f.status == Presence.PRESENT.value,
        )
        .order_by(i.destination_path, f.id, i.state.desc(), i.source_path)  # verified before skipped
    )  # fmt: skip


def renewed_contents(c: Connection, location_id: int, since: int) -> Iterator[RenewedContent]:
    """The media files with a copy in the location that were changed at *since* (UTC seconds) or later."""
    k, m, f = content_identity.c, media_files.c, file_locations.c
    renewed = select(m.hash).where(m.updated_at >= since, m.updated_at > m.created_at)
    for chunk in chunks(c.scalars(renewed)):  # few, so not to begin with the many copies of the location
        query = (
            select(k.cas_id, k.size_bytes, k.kind)
            .join(file_locations, f.content_id == k.id)
            .join(folders, folders.c.id == f.folder_id)
            .where(
                k.cas_id.in_(chunk),
                folders.c.location_id == location_id,
                f.status == Presence.PRESENT.value,
            )
            .distinct()
        )
        for hash_, size, kind in c.execute(query):
            yield RenewedContent(hash_, size, Kind(kind))
