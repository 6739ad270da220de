"""Checks of copies: what was found wrong with those that were read again. Which is due next, `due` tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many, insert_or_renew
from cardcat.catalog.copies import copy_hashes
from cardcat.catalog.knowledge import KnownCopy, below, copies_by_id
from cardcat.catalog.resolving import open_troubles_of, resolve_findings
from cardcat.catalog.tables import (
    content_identity,
    copy_checks,
    copy_findings,
    file_locations,
    folders,
    locations,
)
from cardcat.model import Evidence, Presence


class Trouble(StrEnum):
    """What can be wrong with a copy whose drive is there."""

    DAMAGED = "damaged"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Scope:
    """The copies on one volume (None: on all), at or below *path*, which is relative to the volume's root."""

    volume_id: int | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class RightCopy:
    """
    A copy whose bytes are those of *hash*, with their hash *xxh3*, and their fingerprint if that was taken.

    *mtime_ns* is the time that its file has now. With *renews* its evidence becomes what this check has
    proved; else an earlier proof says more.
    """

    id: int
    hash: str
    mtime_ns: int
    evidence: Evidence
    how: str
    renews: bool
    xxh3: str
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class WrongCopy:
    """
    A copy that is not what it should be. *hash* and *size* are what was observed, as far as it was.

    *edited*: its file has another time than was recorded. Somebody changed it since, where rot leaves the
    time as it is.
    """

    id: int
    trouble: Trouble
    message: str
    expected: str
    hash: str | None = None
    size: int | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """Something wrong with a copy that nothing has mended yet."""

    copy: KnownCopy
    trouble: Trouble
    message: str
    found_at: int


def open_findings(c: Connection, scope: Scope) -> list[OpenFinding]:
    """What is wrong with copies of *scope* as far as is known, the oldest first."""
    return [each for each in _told(c, on_volume(_findings(), scope)) if is_in_scope(each.copy, scope)]


def findings_of(c: Connection, copy_ids: Iterable[int]) -> dict[int, OpenFinding]:
    """What is wrong with these copies as far as is known, by their id."""
    query = _findings()
    found = [_told(c, query.where(file_locations.c.id.in_(chunk))) for chunk in chunks(copy_ids)]
    return {each.copy.id: each for some in found for each in some}


def _findings() -> Select[Any]:
    f, x = file_locations.c, copy_findings.c
    return (
        select(x.file_location_id, x.trouble, x.message, x.found_at)
        .join(file_locations, f.id == x.file_location_id)
        .join(folders, folders.c.id == f.folder_id)
        .join(locations, locations.c.id == folders.c.location_id)
        .where(x.resolved_at.is_(None))
        .order_by(x.found_at, x.id)
    )


def _told(c: Connection, query: Select[Any]) -> list[OpenFinding]:
    latest = {row[0]: row for row in c.execute(query)}
    copies = {copy.id: copy for copy in copies_by_id(c, list(latest))}
    return [
        OpenFinding(copies[id_], Trouble(trouble), message, found_at)
        for id_, trouble, message, found_at in latest.values()
    ]


def is_in_scope(copy: KnownCopy, scope: Scope) -> bool:
    """Whether *copy*, on the volume of *scope*, lies where that says."""
    whole = f"{copy.location_path}/{copy.path}".lstrip("/")
    return not scope.path or whole == scope.path or below(whole, scope.path) is not None


def record_right(c: Connection, rows: Sequence[RightCopy], now: int) -> None:
    """Note that these copies are right: they are there, and nothing is wrong with them any more."""
    hashes = copy_hashes(c, [row.id for row in rows])
    rows = [row for row in rows if hashes.get(row.id) == row.hash]
    _note_checks(c, [row.id for row in rows], now)
    _set(c, [row for row in rows if row.renews], ("mtime_ns", "evidence", "verified_how", "verified_at"), now)
    _set(c, [row for row in rows if not row.renews], ("mtime_ns",), now)
    _complete_contents(c, rows)
    resolve_findings(c, [row.id for row in rows], "it was read again and is right", now)


def record_wrong(c: Connection, rows: Sequence[WrongCopy], now: int) -> None:
    """
    Note what is wrong with these copies. What is gone is `missing`; the others keep their status.

    No copy that is wrong counts as proved until it is read and right. A finding that is known stays as it is.
    """
    hashes = copy_hashes(c, [row.id for row in rows])
    each_once = {row.id: row for row in rows}
    rows = [row for row in each_once.values() if hashes.get(row.id) == row.expected]
    _note_checks(c, [row.id for row in rows], now)
    ids = [row.id for row in rows]
    known = {(id_, trouble) for id_, trouble in open_troubles_of(c, ids)}
    new = [row for row in rows if (row.id, row.trouble.value) not in known]
    resolve_findings(c, [row.id for row in new], "something else was found since", now)
    values: list[dict[str, Value]] = [
        {
            "file_location_id": row.id,
            "trouble": row.trouble.value,
            "message": row.message,
            "expected_hash": row.expected,
            "observed_hash": row.hash,
            "observed_size": row.size,
            "found_at": now,
        }
        for row in new
    ]
    for chunk in chunks(values):
        c.execute(insert(copy_findings), chunk)
    gone = [row.id for row in rows if row.trouble is Trouble.MISSING]
    _write(c, gone, {"status": Presence.MISSING.value})
    for row in rows:
        if row.trouble is not Trouble.MISSING:
            doubted: dict[str, Value] = {"evidence": Evidence.CLAIMED.value, "verified_at": None}
            _write(c, [row.id], doubted | {"verified_how": f"{row.trouble.value}: {row.message}"})


def _note_checks(c: Connection, copy_ids: Sequence[int], now: int) -> None:
    rows: list[dict[str, Value]] = [{"file_location_id": id_, "checked_at": now} for id_ in copy_ids]
    insert_many(c, insert_or_renew(c, copy_checks, "checked_at"), rows)


def _set(c: Connection, rows: Sequence[RightCopy], columns: Sequence[str], now: int) -> None:
    """Only where the row still is of the content that was read: a backup may have been at work meanwhile."""
    f, k = file_locations.c, content_identity.c
    content = select(k.id).where(k.cas_id == bindparam("b_hash")).scalar_subquery()
    statement = (
        update(file_locations)
        .where(f.id == bindparam("b_id"), f.content_id == content)
        .values({name: bindparam(f"b_{name}") for name in (*columns, "status", "last_seen_at")})
    )
    for some in chunks(rows):
        c.execute(statement, [_values(row, columns, now) for row in some])


def _complete_contents(c: Connection, rows: Sequence[RightCopy]) -> None:
    """Of contents that another computer's manifest told of, these are not known for certain."""
    k = content_identity.c
    statement = (
        update(content_identity)
        .where(k.cas_id == bindparam("b_hash"), k.xxh3_128.is_(None))
        .values(xxh3_128=bindparam("b_xxh3"), sample_hash=bindparam("b_sample"))
    )
    for some in chunks(row for row in rows if row.sample):
        c.execute(
            statement, [{"b_hash": row.hash, "b_xxh3": row.xxh3, "b_sample": row.sample} for row in some]
        )


def _values(row: RightCopy, columns: Sequence[str], now: int) -> dict[str, Value]:
    whole: dict[str, Value] = {
        "mtime_ns": row.mtime_ns,
        "evidence": row.evidence.value,
        "verified_how": row.how,
        "verified_at": now,
        "status": Presence.PRESENT.value,
        "last_seen_at": now,
    }
    written = {f"b_{name}": whole[name] for name in (*columns, "status", "last_seen_at")}
    return written | {"b_id": row.id, "b_hash": row.hash}


def _write(c: Connection, copy_ids: Iterable[int], values: Mapping[str, Value]) -> None:
    for chunk in chunks(copy_ids):
        c.execute(update(file_locations).where(file_locations.c.id.in_(chunk)).values(values))


def on_volume(query: Select[Any], scope: Scope) -> Select[Any]:
    """*query*, which has the locations, for what is on the volume of *scope*."""
    return query if scope.volume_id is None else query.where(locations.c.volume_id == scope.volume_id)
