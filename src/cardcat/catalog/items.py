"""Items: the journal of a session, one row a file, that makes it resumable."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import sqlite

from cardcat.catalog.bulk import Value, among, chunks, insert_many, update_many
from cardcat.catalog.tables import (
    backup_items,
    backup_sessions,
    content_identity,
    file_locations,
    session_details,
)
from cardcat.model import ItemState, Presence
from cardcat.paths import from_text, to_text

_PORTION = 20_000  # rows that are turned into columns at once


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One file of a session. *path* is relative to the source, *destination_path* to the destination."""

    path: str
    size: int
    mtime_ns: int
    state: ItemState
    reason: str | None = None
    hash: str | None = None
    destination_path: str | None = None
    file_location_id: int | None = None


def add_items(c: Connection, session_id: int, rows: Iterable[ItemRow], now: int) -> None:
    """Add files to the session's journal."""
    insert_many(c, _ADD, (_values(session_id, row, now) for row in rows))


def repeat_items(
    c: Connection, session_id: int, earlier: int, paths: Collection[str], *, reason: str, now: int
) -> None:
    """
    Add files to the session's journal that are as an *earlier* session has them, as skipped for *reason*.

    *paths* are text (`paths.to_text` has no bytes of them). The database copies the rows by itself: there
    may be a million of them.
    """
    i = backup_items.c
    whole = select(func.count()).select_from(backup_items).where(i.session_id == earlier)
    is_all = c.scalar(whole) == len(paths)
    same = {
        "session_id": literal(session_id),
        **{name: i[name] for name in ("source_path", "source_path_raw", "size", "mtime_ns")},
        "state": literal(ItemState.SKIPPED.value),
        "reason": literal(reason),
        **{
            name: i[name] for name in ("hash", "destination_path", "destination_path_raw", "file_location_id")
        },
        "updated_at": literal(now),
        "is_repeat": true(),
    }
    rows = select(*same.values()).where(i.session_id == earlier)
    if is_all:
        parts = [rows]
    else:
        are_text = rows.where(i.source_path_raw == b"")
        parts = [are_text.where(among(c, i.source_path, some)) for some in chunks(paths)]
    for part in parts:
        c.execute(backup_items.insert().from_select([*same], part, include_defaults=False))


def end_repeats(c: Connection, session_id: int, paths: Iterable[str]) -> None:
    """
    Let what other sessions repeat of these files stand for itself: the rows of this one are about to change.

    Else nothing would say any more which file of the card an old copy answers for.
    """
    i, d = backup_items.c, session_details.c
    mine = select(session_details).where(d.session_id == session_id).subquery().c
    same = ("source_volume_id", "source_root", "source_root_raw", "destination_location_id")
    others = select(d.session_id).where(*(d[name] == mine[name] for name in same), d.session_id != session_id)
    for some in chunks(to_text(path)[0] for path in paths):
        are = (i.session_id.in_(others), among(c, i.source_path, some), i.is_repeat)
        c.execute(update(backup_items).where(*are).values(is_repeat=False))


def set_items(c: Connection, session_id: int, rows: Iterable[ItemRow], now: int) -> None:
    """Write the new state of files that are in the journal."""
    values = (_values(session_id, row, now) for row in rows)
    update_many(c, _SET, ({f"b_{key}": value for key, value in row.items()} for row in values))


def start_attempt(c: Connection, session_id: int, paths: Iterable[str], now: int) -> None:
    """Say that copying these files begins now."""
    update_many(c, _START, (_key(session_id, path) | {"b_updated_at": now} for path in paths))


def fail_items(c: Connection, session_id: int, failed: Iterable[tuple[str, str]], now: int) -> None:
    """Say that these files (path, reason) could not be copied; one that is finished stays so."""
    reasons: dict[str, str] = {}
    for path, reason in failed:
        reasons.setdefault(path, reason)  # the first one counts
    values = (
        _key(session_id, path) | {"b_reason": to_text(reason)[0], "b_updated_at": now}
        for path, reason in reasons.items()
    )
    update_many(c, _FAIL, values)


def items_of(c: Connection, session_id: int, *states: ItemState) -> Iterator[ItemRow]:
    """The files of a session in the order of their paths; where *states* are named those in them, in none."""
    i = backup_items.c
    query = select(*(i[name] for name in _READ)).where(i.session_id == session_id)
    if states:
        query = query.where(i.state.in_([state.value for state in states]))
    else:
        query = query.order_by(i.source_path, i.source_path_raw)
    for row in c.execute(query):
        path, raw, size, mtime_ns, state, reason, hash_, to, to_raw, copy = row
        yield ItemRow(
            path=from_text(path, raw),
            size=size,
            mtime_ns=mtime_ns,
            state=ItemState(state),
            reason=reason,
            hash=hash_,
            destination_path=None if to is None else from_text(to, to_raw),
            file_location_id=copy,
        )


def earlier_sessions(
    c: Connection, *, source_volume_id: int, source_root: tuple[str, bytes], location_id: int, least: int = 0
) -> list[int]:
    """
    The ids of the sessions of one source and destination, the newest first.

    Those that copied or skipped *least* files or more.
    """
    d, s = session_details.c, backup_sessions.c
    query = (
        select(d.session_id)
        .join(backup_sessions, s.id == d.session_id)
        .where(
            d.source_volume_id == source_volume_id,
            d.source_root == source_root[0],
            d.source_root_raw == source_root[1],
            d.destination_location_id == location_id,
            s.files_copied + s.files_skipped >= least,
        )
        .order_by(d.session_id.desc())
    )
    return list(c.scalars(query))


def earlier_columns(c: Connection, session_id: int) -> Iterator[Sequence[Sequence[Value]]]:
    """
    The files that a session finished and whose copy the catalog still believes to be there.

    They are the columns of `frames.HELD`, in its order, some thousand files at a time: there may be a
    million. Paths are exact bytes. Nobody has looked at the copies.
    """
    query = _earlier(session_id, lambda name: (backup_items.c[name], backup_items.c[f"{name}_raw"]))
    for rows in c.execute(query).partitions(_PORTION):
        path, raw, size, mtime_ns, hash_, to, to_raw, *of_copy = zip(*rows, strict=True)
        session, untouched = [session_id] * len(rows), [False] * len(rows)
        yield [_exact(path, raw), size, mtime_ns, hash_, _exact(to, to_raw), *of_copy, session, untouched]


def earlier_words(catalog: Path, session_id: int) -> tuple[str, str]:
    """What another process has to be told for `fast_rows.earlier_batches` to find these files."""

    def exact(name: str) -> list[ColumnElement[Any]]:
        text, raw = backup_items.c[name], backup_items.c[f"{name}_raw"]
        return [case((func.length(raw) > 0, raw), else_=cast(text, LargeBinary))]

    query = _earlier(session_id, exact).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    return str(catalog), str(query)


def _earlier(session_id: int, path: Callable[[str], Iterable[ColumnElement[Any]]]) -> Select[Any]:
    """The columns in the order of `frames.HELD`, each path as the columns that *path* makes of it."""
    i, f = backup_items.c, file_locations.c
    return (
        select(
            *path("source_path"),
            *(i.size, i.mtime_ns, i.hash),
            *path("destination_path"),
            *(f.id, f.size, f.mtime_ns, f.evidence),
        )
        .join(file_locations, f.id == i.file_location_id)
        .join(content_identity, content_identity.c.id == f.content_id)
        .where(
            i.session_id == session_id,
            i.state.in_((ItemState.VERIFIED.value, ItemState.SKIPPED.value)),
            i.hash == content_identity.c.cas_id,  # another content may have come to that place since
            f.status == Presence.PRESENT.value,
        )
    )


def _exact(texts: Sequence[str], raws: Sequence[bytes]) -> list[bytes]:
    return [raw or os.fsencode(text) for text, raw in zip(texts, raws, strict=True)]


_READ = (
    "source_path",
    "source_path_raw",
    "size",
    "mtime_ns",
    "state",
    "reason",
    "hash",
    "destination_path",
    "destination_path_raw",
    "file_location_id",
)
_CHANGING = (
    "size",
    "mtime_ns",
    "state",
    "reason",
    "hash",
    "destination_path",
    "destination_path_raw",
    "file_location_id",
    "updated_at",
)


_ADD = backup_items.insert()
_ROW = update(backup_items).where(
    *(
        backup_items.c[name] == bindparam(f"b_{name}")
        for name in ("session_id", "source_path", "source_path_raw")
    )
)
_SET = _ROW.values({name: bindparam(f"b_{name}") for name in _CHANGING} | {"is_repeat": false()})
_START = _ROW.values(
    state=ItemState.COPYING.value,
    attempts=backup_items.c.attempts + 1,
    updated_at=bindparam("b_updated_at"),
)
_FAIL = _ROW.where(
    or_(backup_items.c.state == ItemState.PLANNED.value, backup_items.c.state == ItemState.COPYING.value)
).values(state=ItemState.FAILED.value, reason=bindparam("b_reason"), updated_at=bindparam("b_updated_at"))


def _key(session_id: int, path: str) -> dict[str, Value]:
    text, raw = to_text(path)
    return {"b_session_id": session_id, "b_source_path": text, "b_source_path_raw": raw or b""}


def _values(session_id: int, row: ItemRow, now: int) -> dict[str, Value]:
    text, raw = to_text(row.path)
    to, to_raw = (None, None) if row.destination_path is None else to_text(row.destination_path)
    return {
        "session_id": session_id,
        "source_path": text,
        "source_path_raw": raw or b"",
        "size": row.size,
        "mtime_ns": row.mtime_ns,
        "state": row.state.value,
        "reason": row.reason,
        "hash": row.hash,
        "destination_path": to,
        "destination_path_raw": to_raw or b"",
        "file_location_id": row.file_location_id,
        "updated_at": now,
    }
