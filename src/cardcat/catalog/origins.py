"""Which cards a content came from, and what a file on a card was found to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from cardcat.catalog.bulk import chunks, unique
from cardcat.catalog.knowledge import below
from cardcat.catalog.mentions import mentions
from cardcat.catalog.tables import backup_items, backup_sessions, session_details, volumes
from cardcat.catalog.volumes import volume_name
from cardcat.model import ItemState
from cardcat.paths import from_text, to_text

_FINISHED = (ItemState.VERIFIED.value, ItemState.SKIPPED.value)


@dataclass(frozen=True, slots=True)
class Origin:
    """A file on a card that a session found to be the content. *path* is relative to *source_path*."""

    session_id: int
    started_at: int
    source_path: str
    path: str
    volume_name: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """What a session found at a path of a card."""

    size: int
    mtime_ns: int
    hash: str


def source_files_at(c: Connection, volume_id: int, path: str) -> list[SourceFile]:
    """What sessions found at *path* of a card, relative to the volume's root; the last session first."""
    i, d = backup_items.c, session_details.c
    roots = select(d.session_id, d.source_root, d.source_root_raw).where(d.source_volume_id == volume_id)
    found: list[SourceFile] = []
    for session_id, text, raw in c.execute(roots.order_by(d.session_id.desc())).all():
        inner = below(path, from_text(text, raw))
        if not inner:
            continue
        name, name_raw = to_text(inner)
        query = select(i.size, i.mtime_ns, i.hash).where(
            i.session_id == session_id,
            i.source_path == name,
            i.source_path_raw == (name_raw or b""),
            i.state.in_(_FINISHED),
            i.hash.is_not(None),
        )
        found += [SourceFile(size, mtime_ns, hash_) for size, mtime_ns, hash_ in c.execute(query)]
    return found


def origins_of(c: Connection, hash_: str, copy_ids: Sequence[int]) -> list[Origin]:
    """Which files of which cards these copies of the content answer for, the first session first."""
    s, d = backup_sessions.c, session_details.c
    found: list[Origin] = []
    for chunk in chunks(unique(copy_ids)):
        i = mentions(chunk).c
        query = (
            select(
                s.id, s.started_at, s.source_path, i.source_path.label("path"), i.source_path_raw,
                volumes.c.label, volumes.c.last_mount_point, volumes.c.key,
            )
            .join(backup_sessions, s.id == i.session_id)
            .join(session_details, d.session_id == s.id)
            .join(volumes, volumes.c.id == d.source_volume_id)
            .where(i.hash == hash_, i.state.in_(_FINISHED))
        )  # fmt: skip
        found += map(_origin, c.execute(query))
    return sorted(found, key=lambda origin: (origin.session_id, origin.path))


def _origin(row: Row[Any]) -> Origin:
    return Origin(
        session_id=row.id,
        started_at=row.started_at,
        source_path=row.source_path,
        path=from_text(row.path, row.source_path_raw),
        volume_name=volume_name(row.label, row.last_mount_point, row.key),
    )
