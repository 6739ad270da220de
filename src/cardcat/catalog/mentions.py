"""What the journals of sessions say of copies: which files of which cards they answer for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Subquery, and_, select, union_all

from cardcat.catalog.bulk import chunks
from cardcat.catalog.tables import (
    backup_items,
    backup_sessions,
    content_identity,
    file_locations,
    session_details,
)
from cardcat.paths import from_text


def mentions(copy_ids: Sequence[int]) -> Subquery:
    """
    What the journals say of these copies, repeats too; there must be few of them.

    Columns: `file_location_id`, `session_id`, `source_path`, `source_path_raw`, `state`, `hash`.
    """
    i, d = backup_items.c, session_details.c
    repeats, others = backup_items.alias(), session_details.alias()
    r, e = repeats.c, others.c
    names = ("file_location_id", "session_id", "source_path", "source_path_raw", "state", "hash")
    first = select(*(i[name] for name in names)).where(i.file_location_id.in_(copy_ids), ~i.is_repeat)
    again = (  # found by what a repeat repeats: repeats are in no index
        select(*(r[name] for name in names))
        .select_from(backup_items)
        .join(session_details, d.session_id == i.session_id)
        .join(
            others,
            and_(
                e.source_volume_id == d.source_volume_id,
                e.source_root == d.source_root,
                e.source_root_raw == d.source_root_raw,
                e.destination_location_id == d.destination_location_id,
                e.session_id != d.session_id,
            ),
        )
        .join(
            repeats,
            and_(
                r.session_id == e.session_id,
                r.source_path == i.source_path,
                r.source_path_raw == i.source_path_raw,
                r.is_repeat,
                r.file_location_id == i.file_location_id,
            ),
        )
        .where(i.file_location_id.in_(copy_ids), ~i.is_repeat)
    )
    return union_all(first, again).subquery()


def owners_of(
    c: Connection, file_location_ids: Sequence[int], *, source_volume_id: int, source_root: tuple[str, bytes]
) -> dict[int, set[str | None]]:
    """
    For each copy the source files that it answers for: those that a session says again are said once.

    Those of the given source are named by their path, those of any other source are None.
    """
    i, d = backup_items.c, session_details.c
    owners: dict[int, set[str | None]] = {}
    for chunk in chunks(file_location_ids):
        query = (
            select(
                i.file_location_id,
                i.source_path,
                i.source_path_raw,
                d.source_volume_id,
                d.source_root,
                d.source_root_raw,
            )
            .join(backup_sessions, backup_sessions.c.id == i.session_id)
            .join(session_details, d.session_id == backup_sessions.c.id)
            .join(file_locations, file_locations.c.id == i.file_location_id)
            .join(content_identity, content_identity.c.id == file_locations.c.content_id)
            .where(i.file_location_id.in_(chunk), ~i.is_repeat, i.hash == content_identity.c.cas_id)
            .distinct()
        )
        for copy, path, raw, volume, root, root_raw in c.execute(query):
            same = volume == source_volume_id and (root, root_raw) == source_root
            owners.setdefault(copy, set()).add(from_text(path, raw) if same else None)
    return owners
