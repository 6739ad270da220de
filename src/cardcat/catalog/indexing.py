"""Indexes of locations: how each is made, who is at it, how it stands and what it could not take in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from cardcat.catalog.bulk import Value, chunks
from cardcat.catalog.tables import file_locations, folders, index_findings, index_rules, locations, volumes
from cardcat.catalog.volumes import volume_name
from cardcat.model import Finding, Presence, Role, Stage
from cardcat.paths import from_text, to_text
from cardcat.plan.index_modes import IndexMode, ScanState


@dataclass(frozen=True, slots=True)
class KnownIndex:
    """
    A location that was indexed. *path* is relative to its volume; *volume_key* recognises that.

    *owner* is the stamp of the process that is at it, None if none is.
    """

    id: int
    path: str
    volume_id: int
    volume_key: str
    volume_name: str
    last_mount_point: str | None
    mode: IndexMode
    state: ScanState
    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    owner: str | None
    last_scan_at: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """How a location is indexed from now on."""

    mode: IndexMode
    includes: tuple[str, ...]
    excludes: tuple[str, ...]


def known_indexes(c: Connection) -> list[KnownIndex]:
    """Every library that was indexed, in the order they were first."""
    loc, v, r = locations.c, volumes.c, index_rules.c
    query = (
        select(
            loc.id, loc.path, loc.path_raw, loc.volume_id, loc.index_mode, loc.scan_state, loc.last_scan_at,
            v.key, v.label, v.last_mount_point, r.includes, r.excludes, r.owner,
        )
        .join(index_rules, r.location_id == loc.id)
        .join(volumes, v.id == loc.volume_id)
        .where(loc.role == Role.LIBRARY.value)
        .order_by(loc.id)
    )  # fmt: skip
    return [_known(row) for row in c.execute(query)]


def pause_lost(c: Connection, is_alive: Callable[[str], bool], now: int) -> list[int]:
    """Say of indexes whose process is gone that they are paused; which locations those are."""
    r, loc = index_rules.c, locations.c
    owned = c.execute(select(r.location_id, r.owner).where(r.owner.is_not(None))).tuples().all()
    lost = [id_ for id_, owner in owned if owner is not None and not is_alive(owner)]
    for id_ in lost:
        c.execute(update(index_rules).where(r.location_id == id_).values(owner=None, updated_at=now))
        paused = {"scan_state": ScanState.PAUSED.value, "updated_at": now}
        c.execute(update(locations).where(loc.id == id_).values(paused))
    return lost


def owner_of(c: Connection, location_id: int) -> str | None:
    """The stamp of the process that indexes the location, None if none does."""
    return c.scalar(select(index_rules.c.owner).where(index_rules.c.location_id == location_id))


def is_settled(c: Connection, location_id: int) -> bool:
    """Whether the last index of the location came to its end."""
    state = c.scalar(select(locations.c.scan_state).where(locations.c.id == location_id))
    return state == ScanState.COMPLETE.value


def begin_index(
    c: Connection, location_id: int, order: Order, *, owner: str, flow_run_id: str | None, now: int
) -> None:
    """Note that *owner* indexes the location, by which rules, and that it is not done yet."""
    rules: dict[str, Value] = {
        "includes": json.dumps(list(order.includes)),
        "excludes": json.dumps(list(order.excludes)),
        "owner": owner,
        "flow_run_id": flow_run_id,
        "updated_at": now,
    }
    known = update(index_rules).where(index_rules.c.location_id == location_id).values(rules)
    if not c.execute(known).rowcount:
        c.execute(insert(index_rules).values(rules | {"location_id": location_id}))
    begun = {
        "index_mode": order.mode.value,
        "scan_state": ScanState.SCANNING.value,
        "error_message": None,
        "updated_at": now,
    }
    c.execute(update(locations).where(locations.c.id == location_id).values(begun))


def end_index(
    c: Connection, location_id: int, state: ScanState, *, owner: str, message: str | None, now: int
) -> None:
    """Note how the index of the location ended, if it still is *owner*'s, and count what the location has."""
    r = index_rules.c
    mine = update(index_rules).where(r.location_id == location_id, r.owner == owner)
    if not c.execute(mine.values(owner=None, updated_at=now)).rowcount:
        return
    files, size = counted(c, location_id)
    values: dict[str, Value] = {
        "scan_state": state.value,
        "error_message": message,
        "total_file_count": files,
        "total_byte_size": size,
        "updated_at": now,
    }
    values |= {"last_scan_at": now} if state is ScanState.COMPLETE else {}
    c.execute(update(locations).where(locations.c.id == location_id).values(values))


def note_error(c: Connection, location_id: int, message: str, now: int) -> None:
    """Note why the location could not be indexed. What is on record of its files stays as it is."""
    told = {"scan_state": ScanState.ERROR.value, "error_message": message, "updated_at": now}
    c.execute(update(locations).where(locations.c.id == location_id).values(told))


def counted(c: Connection, location_id: int) -> tuple[int, int]:
    """How many files of the library are there, and their bytes."""
    f = file_locations.c
    row = c.execute(
        select(func.count(), func.coalesce(func.sum(f.size), 0))
        .select_from(file_locations.join(folders, folders.c.id == f.folder_id))
        .where(
            folders.c.location_id == location_id,
            f.role == Role.LIBRARY.value,
            f.status.in_((Presence.PRESENT.value, Presence.UNAVAILABLE.value)),
        )
    ).one()
    return int(row[0]), int(row[1])


def set_unavailable(c: Connection, location_id: int, now: int) -> int:
    """Say that the files of a library can't be reached, since its volume is not plugged in; how many."""
    f = file_locations.c
    there = select(folders.c.id).where(folders.c.location_id == location_id)
    away = {"status": Presence.UNAVAILABLE.value}
    done = c.execute(
        update(file_locations)
        .where(f.folder_id.in_(there), f.role == Role.LIBRARY.value, f.status == Presence.PRESENT.value)
        .values(away)
    )
    c.execute(update(locations).where(locations.c.id == location_id).values(updated_at=now))
    return done.rowcount


def replace_findings(
    c: Connection, location_id: int, below: str, findings: Sequence[Finding], now: int
) -> None:
    """Let *findings* be what the last index of the location, or of *below* in it, could not take in."""
    x = index_findings.c
    gone = delete(index_findings).where(x.location_id == location_id)
    if below:
        text = to_text(below)[0]
        gone = gone.where(or_(x.path == text, func.substr(x.path, 1, len(text) + 1) == f"{text}/"))
    c.execute(gone)
    for chunk in chunks(_finding(location_id, finding, now) for finding in findings):
        c.execute(insert(index_findings), chunk)


def index_findings_of(c: Connection, location_id: int) -> list[Finding]:
    """What the last index of the location could not take in, in the order it was found."""
    x = index_findings.c
    query = (
        select(x.path, x.path_raw, x.stage, x.error_type, x.message)
        .where(x.location_id == location_id)
        .order_by(x.id)
    )
    return [
        Finding(from_text(path, raw), Stage(stage), error_type, message)
        for path, raw, stage, error_type, message in c.execute(query)
    ]


def _finding(location_id: int, finding: Finding, now: int) -> dict[str, Value]:
    text, raw = to_text(finding.path)
    return {
        "location_id": location_id,
        "path": text,
        "path_raw": raw or b"",
        "stage": finding.stage.value,
        "error_type": finding.error_type,
        "message": to_text(finding.message)[0],
        "found_at": now,
    }


def _known(row: Row[Any]) -> KnownIndex:
    return KnownIndex(
        id=row.id,
        path=from_text(row.path, row.path_raw),
        volume_id=row.volume_id,
        volume_key=row.key,
        volume_name=volume_name(row.label, row.last_mount_point, row.key),
        last_mount_point=row.last_mount_point,
        mode=IndexMode(row.index_mode),
        state=ScanState(row.scan_state),
        includes=_patterns(row.includes),
        excludes=_patterns(row.excludes),
        owner=row.owner,
        last_scan_at=row.last_scan_at,
    )


def _patterns(text: str) -> tuple[str, ...]:
    found: Iterable[object] = json.loads(text)
    return tuple(str(each) for each in found)
