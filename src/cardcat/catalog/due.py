"""Which copies are due to be checked, and where: of ten million, only those in reach are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from cardcat.catalog.checks import Scope, on_volume
from cardcat.catalog.knowledge import below
from cardcat.catalog.tables import copy_checks, file_locations, folders, locations
from cardcat.model import Evidence, Presence, Role
from cardcat.paths import from_text

_KEPT = (Presence.PRESENT.value, Presence.UNAVAILABLE.value, Presence.MISSING.value)


@dataclass(frozen=True, slots=True)
class DueCopy:
    """A copy that can be checked. *looked_at* is when it was last, in UTC seconds, 0 for never."""

    id: int
    size: int
    location_id: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class DueLocation:
    """A location with so many *copies* that can be checked; *example* is the id of one of them."""

    id: int
    copies: int
    example: int


def due_locations(c: Connection, scope: Scope) -> list[DueLocation]:
    """
    The locations that have copies of *scope* which are or should be there and were once read.

    What is missing from a library is not due: it is its owner's to take away, and an index sees it come back.
    """
    id_, location = file_locations.c.id, locations.c.id
    if not scope.path:
        query = _due(scope, location, func.count(), func.min(id_)).group_by(location)
        return [DueLocation(*row) for row in c.execute(query)]
    copies: dict[int, list[int]] = defaultdict(list)
    for at, copy in _at_path(c, _due(scope, location, id_), scope.path):
        copies[at].append(copy)
    return [DueLocation(at, len(ids), min(ids)) for at, ids in copies.items()]


def due_copies(c: Connection, scope: Scope, location_ids: Collection[int]) -> list[DueCopy]:
    """The copies of *scope* that are due at these locations, those not looked at for longest first."""
    f, loc = file_locations.c, locations.c
    verified, checked = func.coalesce(f.verified_at, 0), func.coalesce(copy_checks.c.checked_at, 0)
    looked_at = case((verified > checked, verified), else_=checked)
    rank = case({each.value: each.rank for each in Evidence}, value=f.evidence)
    query = (
        _due(scope, f.id, f.size, loc.id, looked_at)
        .outerjoin(copy_checks, copy_checks.c.file_location_id == f.id)
        .where(loc.id.in_(location_ids))
        .order_by(looked_at, rank, f.id)
    )
    rows = _at_path(c, query, scope.path) if scope.path else c.execute(query)
    return [DueCopy(*row) for row in rows]


def _due(scope: Scope, *columns: ColumnElement[Any]) -> Select[Any]:
    f = file_locations.c
    is_owed = or_(f.role != Role.LIBRARY.value, f.status != Presence.MISSING.value)
    query = (
        select(*columns)
        .select_from(file_locations)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(f.status.in_(_KEPT), f.role != Role.SOURCE.value, f.content_id.is_not(None), is_owed)
    )
    return on_volume(query, scope)


def _at_path(c: Connection, query: Select[Any], path: str) -> Iterator[tuple[Any, ...]]:
    """The rows of *query* that are of copies at *path*, relative to their volume, or below it."""
    f, loc, d = file_locations.c, locations.c, folders.c
    for row in c.execute(query.add_columns(loc.path, loc.path_raw, d.path, d.path_raw, f.name, f.name_raw)):
        if _is_in(path, row[-6:]):
            yield tuple(row[:-6])


def _is_in(path: str, parts: Sequence[str | bytes]) -> bool:
    """Whether a location's path, a folder's and a name, each as text and bytes, lead to *path* or below."""
    texts = [from_text(str(text), bytes(raw)) for text, raw in zip(parts[::2], parts[1::2], strict=True)]  # type: ignore[arg-type]
    whole = "/".join(text for text in texts if text)
    return whole == path or below(whole, path) is not None
