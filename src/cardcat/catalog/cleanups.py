"""The journal of cleanups: what was to be done to each copy, how far it came, and what it takes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many
from cardcat.catalog.tables import cleanup_steps, cleanups, locations, volumes
from cardcat.catalog.volumes import volume_name
from cardcat.paths import from_text, to_text

PLANNED, DOING, DONE = "planned", "doing", "done"
REFUSED, FAILED = "refused", "failed"
UNDOING, UNDONE = "undoing", "undone"

RUNNING, COMPLETED, CANCELLED = "running", "completed", "cancelled"
"""What a cleanup as a whole may be besides `failed` and `undone`, which its steps may be too."""


@dataclass(frozen=True, slots=True)
class CleanupRow:
    """A plan that was applied. Times in UTC seconds; *owner* is the stamp of the process at it, or was."""

    id: int
    plan_hash: str
    plan_path: str
    status: str
    error_message: str | None
    owner: str | None
    started_at: int
    completed_at: int | None


@dataclass(frozen=True, slots=True)
class CleanupCount:
    """A cleanup with its steps counted: *files* and *size* of those that are put away now."""

    row: CleanupRow
    steps: int
    files: int
    size: int
    undone: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """
    One copy that is put away. *path* and *aside* are relative to its location.

    *inode*, *mtime_ns* and *folder_mtime_ns* are of the file that goes, as it was before; *twin_inode*
    is of the link or clone that was made to stand in its place.
    """

    number: int
    action: str
    state: str
    reason: str | None
    hash: str
    size: int
    file_location_id: int | None
    keeper_id: int | None
    location_id: int
    path: str
    aside: str | None
    mtime_ns: int
    inode: int | None
    twin_inode: int | None
    folder_mtime_ns: int | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step of a plan that is on record for the first time."""

    number: int
    action: str
    hash: str
    size: int
    file_location_id: int
    keeper_id: int
    location_id: int
    path: str
    aside: str
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class LocationPlace:
    """Where the root of a location is to be looked for. *path* is relative to the root of its volume."""

    id: int
    uuid: str
    path: str
    volume_key: str
    volume_name: str


def location_places(c: Connection, ids: Iterable[int]) -> dict[int, LocationPlace]:
    """These locations by their ids."""
    loc, v = locations.c, volumes.c
    found: dict[int, LocationPlace] = {}
    for chunk in chunks(set(ids)):
        query = (
            select(loc.id, loc.uuid, loc.path, loc.path_raw, v.key, v.label, v.last_mount_point)
            .join(volumes, v.id == loc.volume_id)
            .where(loc.id.in_(chunk))
        )
        for row in c.execute(query):
            path, name = (
                from_text(row.path, row.path_raw),
                volume_name(row.label, row.last_mount_point, row.key),
            )
            found[row.id] = LocationPlace(row.id, row.uuid, path, row.key, name)
    return found


def find_cleanup(c: Connection, plan_hash: str) -> CleanupRow | None:
    """The cleanup of exactly that plan, None if it was never applied."""
    row = c.execute(select(cleanups).where(cleanups.c.plan_hash == plan_hash)).one_or_none()
    return None if row is None else _cleanup(row)


def get_cleanup(c: Connection, cleanup_id: int) -> CleanupRow | None:
    """The cleanup with that id, None if there is none."""
    row = c.execute(select(cleanups).where(cleanups.c.id == cleanup_id)).one_or_none()
    return None if row is None else _cleanup(row)


def running_cleanups(c: Connection) -> list[CleanupRow]:
    """Those that are, or seem to be, at work."""
    return [_cleanup(row) for row in c.execute(select(cleanups).where(cleanups.c.status == RUNNING))]


def list_cleanups(c: Connection) -> list[CleanupCount]:
    """All cleanups, the last one first."""
    s = cleanup_steps.c
    away = s.state.in_((DONE, DOING, UNDOING))
    query = select(
        s.cleanup_id,
        func.count(),
        func.count().filter(away),
        func.coalesce(func.sum(s.size).filter(away), 0),
        func.count().filter(s.state == UNDONE),
    ).group_by(s.cleanup_id)
    counts = {id_: tuple(map(int, rest)) for id_, *rest in c.execute(query)}
    rows = [_cleanup(row) for row in c.execute(select(cleanups).order_by(cleanups.c.id.desc()))]
    return [CleanupCount(row, *counts.get(row.id, (0, 0, 0, 0))) for row in rows]


def begin_cleanup(c: Connection, plan_hash: str, plan_path: str, owner: str, now: int) -> int:
    """Put a plan on record as being applied by *owner*, for the first time or again; its id."""
    known = find_cleanup(c, plan_hash)
    if known is not None:
        take_over(c, known.id, owner)
        return known.id
    row = {"plan_hash": plan_hash, "plan_path": to_text(plan_path)[0], "status": RUNNING, "owner": owner}
    return int(c.execute(insert(cleanups).returning(cleanups.c.id), row | {"started_at": now}).scalar_one())


def take_over(c: Connection, cleanup_id: int, owner: str) -> None:
    """Note that the process *owner* is at it now."""
    values = {"status": RUNNING, "owner": owner, "error_message": None, "completed_at": None}
    c.execute(update(cleanups).where(cleanups.c.id == cleanup_id).values(values))


def end_cleanup(c: Connection, cleanup_id: int, status: str, message: str | None, now: int) -> None:
    """Note how it ended, and that nobody is at it any more."""
    values = {"status": status, "owner": None, "error_message": message, "completed_at": now}
    c.execute(update(cleanups).where(cleanups.c.id == cleanup_id).values(values))


def add_steps(c: Connection, cleanup_id: int, steps: Iterable[NewStep], now: int) -> None:
    """Put steps on record as planned."""
    insert_many(c, insert(cleanup_steps), (_values(cleanup_id, step, now) for step in steps))


def steps_of(c: Connection, cleanup_id: int) -> list[StepRow]:
    """All steps in their order."""
    query = select(cleanup_steps).where(cleanup_steps.c.cleanup_id == cleanup_id)
    return [_step(row) for row in c.execute(query.order_by(cleanup_steps.c.number))]


def set_steps(
    c: Connection,
    cleanup_id: int,
    numbers: Sequence[int],
    state: str,
    now: int,
    *,
    reason: str | None = None,
    **values: Value,
) -> None:
    """Say how far these steps are, and why if they are not done; *values* are further columns."""
    s = cleanup_steps.c
    for chunk in chunks(numbers):
        c.execute(
            update(cleanup_steps)
            .where(s.cleanup_id == cleanup_id, s.number.in_(chunk))
            .values(values | {"state": state, "reason": reason, "updated_at": now})
        )


def dead_ones(rows: Iterable[CleanupRow], is_alive: Callable[[str], bool]) -> list[CleanupRow]:
    """Those of *rows* that are on record as at work, and whose process is gone."""
    return [row for row in rows if row.status == RUNNING and not (row.owner and is_alive(row.owner))]


def _values(cleanup_id: int, step: NewStep, now: int) -> dict[str, Value]:
    (path, path_raw), (aside, aside_raw) = to_text(step.path), to_text(step.aside)
    return {
        "cleanup_id": cleanup_id,
        "number": step.number,
        "action": step.action,
        "state": PLANNED,
        "hash": step.hash,
        "size": step.size,
        "file_location_id": step.file_location_id,
        "keeper_id": step.keeper_id,
        "location_id": step.location_id,
        "path": path,
        "path_raw": path_raw or b"",
        "aside": aside,
        "aside_raw": aside_raw or b"",
        "mtime_ns": step.mtime_ns,
        "updated_at": now,
    }


def _cleanup(row: Row[Any]) -> CleanupRow:
    return CleanupRow(**row._mapping)  # noqa: SLF001 - the public name


def _step(row: Row[Any]) -> StepRow:
    return StepRow(
        number=row.number,
        action=row.action,
        state=row.state,
        reason=row.reason,
        hash=row.hash,
        size=row.size,
        file_location_id=row.file_location_id,
        keeper_id=row.keeper_id,
        location_id=row.location_id,
        path=from_text(row.path, row.path_raw),
        aside=None if row.aside is None else from_text(row.aside, row.aside_raw),
        mtime_ns=row.mtime_ns,
        inode=row.inode,
        twin_inode=row.twin_inode,
        folder_mtime_ns=row.folder_mtime_ns,
        updated_at=row.updated_at,
    )
