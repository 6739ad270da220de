"""Which manifests of a destination this catalog has written or read."""

from __future__ import annotations

from sqlalchemy import Connection, select

from cardcat.catalog.bulk import insert_new
from cardcat.catalog.tables import manifests


def known_manifests(c: Connection, location_id: int) -> set[str]:
    """The names of the manifests of the location that need not be read again."""
    return set(c.scalars(select(manifests.c.name).where(manifests.c.location_id == location_id)))


def has_manifest(c: Connection, session_id: int) -> bool:
    """Whether a manifest of the session was written."""
    return c.scalar(select(manifests.c.id).where(manifests.c.session_id == session_id).limit(1)) is not None


def record_manifest(c: Connection, location_id: int, name: str, *, session_id: int | None, now: int) -> None:
    """Say that the manifest's content is in the catalog; *session_id* is None for somebody else's."""
    c.execute(
        insert_new(c, manifests).values(
            location_id=location_id, name=name, session_id=session_id, created_at=now
        )
    )
