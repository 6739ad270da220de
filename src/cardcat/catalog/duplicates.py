"""Media files that a library holds more than once: `duplicate_groups`, counted anew from the copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.dml import Insert

from cardcat.catalog import bulk
from cardcat.catalog.tables import content_identity, duplicate_groups, file_locations, media_files
from cardcat.model import Presence, Role

_FEWEST = 2  # copies that make a group
_COUNTED = ("total_copies", "total_size_bytes", "wasted_space_bytes")
_HELD = (Presence.PRESENT.value, Presence.UNAVAILABLE.value)  # an unplugged drive still has its copies


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """
    A media file with *copies* copies in libraries. *size* is that of one, *wasted* that of all but one.

    *path* is that of its primary copy, relative to its location; None if nobody knows.
    """

    id: int
    hash: str
    kind: str
    path: str | None
    copies: int
    size: int
    wasted: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How many groups there are, their copies and bytes, and the bytes of all copies but one of each."""

    groups: int = 0
    copies: int = 0
    size: int = 0
    wasted: int = 0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh left, and how many groups are *new*, *changed* and *gone* since the one before."""

    now: Duplicates
    new: int
    changed: int
    gone: int


def refresh_duplicates(c: Connection) -> Refreshed:
    """
    Bring `duplicate_groups` up to what the copies on record say. Again without a change, nothing is written.

    Only copies of the role `library` count: a backup is no waste. A group that stays keeps its id. The
    caller's transaction makes all of it one step.
    """
    gone = c.execute(delete(duplicate_groups).where(_library_copies() < _FEWEST)).rowcount
    before = all_duplicates(c)
    written = c.execute(_upsert(c)).rowcount
    now = all_duplicates(c)
    new = now.groups - before.groups
    return Refreshed(now, new, written - new, gone)


def all_duplicates(c: Connection) -> Duplicates:
    """All groups of the last refresh together."""
    g = duplicate_groups.c
    sums = (func.coalesce(func.sum(column), 0) for column in (g.total_copies, g.total_size_bytes))
    row = c.execute(
        select(func.count(), *sums, func.coalesce(func.sum(g.wasted_space_bytes), 0)).select_from(
            duplicate_groups
        )
    ).one()
    return Duplicates(*map(int, row))


def list_duplicates(c: Connection, limit: int | None = None) -> list[DuplicateGroup]:
    """The groups of the last refresh, the one that wastes most first, at most *limit*."""
    g, m = duplicate_groups.c, media_files.c
    query: Select[Any] = (
        select(
            g.id,
            g.media_file_hash,
            m.media_type,
            m.path,
            g.total_copies,
            m.file_size_bytes,
            g.wasted_space_bytes,
        )
        .join(media_files, m.id == g.media_file_id)
        .order_by(g.wasted_space_bytes.desc(), g.id)
        .limit(limit)
    )
    return [DuplicateGroup(*row) for row in c.execute(query)]


def _upsert(c: Connection) -> Insert:
    """Write every group as it is now; one that is there and the same is left alone."""
    fresh = (
        bulk.dialect_of(c)
        .insert(duplicate_groups)
        .from_select(["media_file_id", "media_file_hash", *_COUNTED], _found())
    )
    g = duplicate_groups.c
    upsert: Insert = fresh.on_conflict_do_update(
        index_elements=[g.media_file_id],
        set_={name: fresh.excluded[name] for name in _COUNTED},
        where=or_(*(g[name] != fresh.excluded[name] for name in _COUNTED)),
    )
    return upsert


def _found() -> Select[Any]:
    """Every media file that libraries hold more than once, with the columns of `_COUNTED`."""
    f, k, m = file_locations.c, content_identity.c, media_files.c
    several = (
        select(f.content_id, func.count().label("copies"))
        .where(_is_in_library())
        .group_by(f.content_id)
        .having(func.count() >= _FEWEST)
        .subquery()
    )
    size, copies = m.file_size_bytes, several.c.copies
    return (
        select(m.id, m.hash, copies, size * copies, size * (copies - 1))
        .join(content_identity, k.id == several.c.content_id)
        .join(media_files, m.hash == k.cas_id)
        .where(true())  # or SQLite takes the ON of ON CONFLICT for a join's
        .order_by(m.id)
    )


def _library_copies() -> ScalarSelect[int]:
    """How many copies of a group's content are in libraries now."""
    f, k = file_locations.c, content_identity.c
    return (
        select(func.count())
        .select_from(file_locations.join(content_identity, k.id == f.content_id))
        .where(k.cas_id == duplicate_groups.c.media_file_hash, _is_in_library())
        .scalar_subquery()
    )


def _is_in_library() -> ColumnElement[bool]:
    f = file_locations.c
    return and_(f.role == Role.LIBRARY.value, f.status.in_(_HELD))
