"""Sessions: the backup of one source to one destination, from its opening to how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection, Update, func, insert, select, update

from cardcat.catalog.attempts import begin_attempt, end_attempt, set_attempt_flow_run
from cardcat.catalog.bulk import Value
from cardcat.catalog.session_rows import (
    ErrorRow,
    KindRow,
    SessionKey,
    SessionRow,
    Wanted,
    each_error,
    findings_by_kind,
    get_session,
    latest,
    list_sessions,
    open_findings,
    running,
    session_errors,
)
from cardcat.catalog.tables import backup_items, backup_sessions, file_locations, session_details
from cardcat.model import Counts, Evidence, ItemState, SessionStatus
from cardcat.paths import to_text

__all__ = [
    "ErrorRow",
    "KindRow",
    "SessionKey",
    "SessionRow",
    "Wanted",
    "counts",
    "each_error",
    "findings_by_kind",
    "finish_session",
    "get_session",
    "latest",
    "list_sessions",
    "open_findings",
    "open_session",
    "reap_dead",
    "reopen_session",
    "session_errors",
    "set_flow_run",
    "update_statistics",
]

_PENDING = (ItemState.PLANNED, ItemState.COPYING, ItemState.COPIED)


def open_session(
    c: Connection,
    key: SessionKey,
    *,
    run_id: str,
    source_path: str,
    destination_path: str,
    timezone: str,
    owner: str,
    now: int,
) -> int:
    """Begin a session; return its id. *owner* is the stamp of this process."""
    session_id: int = c.execute(
        insert(backup_sessions).returning(backup_sessions.c.id),
        _paths(source_path, destination_path) | {"started_at": now, "status": SessionStatus.RUNNING.value},
    ).scalar_one()
    details: dict[str, Value] = {
        "session_id": session_id,
        "source_volume_id": key.source_volume_id,
        "source_root": key.source_root[0],
        "source_root_raw": key.source_root[1],
        "destination_location_id": key.destination_location_id,
        "layout": key.layout.value,
        "excludes": json.dumps(key.excludes),
        "timezone": timezone,
        "run_id": run_id,
        "owner": owner,
        "attempt_started_at": now,
    }
    c.execute(insert(session_details), details)
    begin_attempt(c, session_id, run_id=run_id, now=now)
    return session_id


def reopen_session(
    c: Connection,
    session_id: int,
    *,
    run_id: str,
    source_path: str,
    destination_path: str,
    owner: str,
    now: int,
) -> None:
    """Begin a further attempt at a session that has ended; its time will be added to the earlier ones'."""
    c.execute(
        _of(session_id).values(
            _paths(source_path, destination_path)
            | {"status": SessionStatus.RUNNING.value, "completed_at": None, "error_message": None}
        )
    )
    c.execute(
        _details_of(session_id).values(
            run_id=run_id,
            owner=owner,
            flow_run_id=None,
            attempts=session_details.c.attempts + 1,
            attempt_started_at=now,
        )
    )
    begin_attempt(c, session_id, run_id=run_id, now=now)


def set_flow_run(c: Connection, session_id: int, flow_run_id: str) -> None:
    """Say which Prefect run shows the session, and its present attempt."""
    c.execute(_details_of(session_id).values(flow_run_id=flow_run_id))
    set_attempt_flow_run(c, session_id, flow_run_id)


def counts(c: Connection, session_id: int) -> Counts:
    """Count the session's journal: all files of the card, in all attempts."""
    columns = backup_items.c
    query = (
        select(columns.state, func.count(), func.sum(columns.size))
        .where(columns.session_id == session_id)
        .group_by(columns.state)
    )
    found = {ItemState(state): (files, int(size or 0)) for state, files, size in c.execute(query)}

    def files(*states: ItemState) -> int:
        return sum(found[state][0] for state in states if state in found)

    return Counts(
        scanned=files(*ItemState),
        copied=files(ItemState.VERIFIED),
        skipped=files(ItemState.SKIPPED),
        failed=files(ItemState.FAILED),
        pending=files(*_PENDING),
        bytes_copied=found.get(ItemState.VERIFIED, (0, 0))[1],
    )


def update_statistics(c: Connection, session_id: int) -> Counts:
    """Bring the session's statistics up to its journal."""
    found = counts(c, session_id)
    c.execute(
        _of(session_id).values(
            files_scanned=found.scanned,
            files_copied=found.copied,
            files_skipped=found.skipped,
            bytes_copied=found.bytes_copied,
        )
    )
    c.execute(_details_of(session_id).values(files_failed=found.failed))
    return found


def finish_session(
    c: Connection,
    session_id: int,
    status: SessionStatus,
    *,
    message: str | None,
    is_cold: bool,
    ignored: int,
    excluded: int,
    now: int,
) -> Counts:
    """
    End the attempt at work: statistics, time and how it ended.

    ValueError for a `completed` that the journal does not bear out, so that the word can be trusted.
    """
    found = update_statistics(c, session_id)
    if status is SessionStatus.COMPLETED and (found.failed or found.pending):
        raise ValueError(
            f"session {session_id} is not complete: {found.failed} failed, {found.pending} pending"
        )
    row = _present(c, session_id)
    cold = is_cold and (row.attempts == 1 or not _has_warm_copies(c, session_id))
    c.execute(_details_of(session_id).values(is_cold=cold, files_ignored=ignored, files_excluded=excluded))
    _end(c, row, status, message=message, whole=found, ended_at=now)
    return found


def reap_dead(
    c: Connection, is_alive: Callable[[str], bool], now: int, *, cancelled_run: str | None = None
) -> list[int]:
    """
    End the running sessions whose process is gone, as failed; return their ids.

    *is_alive* is asked with the owner stamp of each. They ended when their journal was last written to.
    Those that the Prefect run *cancelled_run* shows were ended on purpose: they are cancelled.
    """
    dead = [row for row in running(c) if row.owner is None or not is_alive(row.owner)]
    for row in dead:
        found = update_statistics(c, row.id)
        message = (
            f"Interrupted: the process that did it is gone. Of {found.scanned} files {found.copied} are "
            f"copied, {found.skipped} skipped, {found.failed} failed and {found.pending} pending."
        )
        on_purpose = cancelled_run is not None and row.flow_run_id == cancelled_run
        status = SessionStatus.CANCELLED if on_purpose else SessionStatus.FAILED
        _end(c, row, status, message=message, whole=found, ended_at=_last_sign(c, row, now))
    return [row.id for row in dead]


def _end(
    c: Connection,
    row: SessionRow,
    status: SessionStatus,
    *,
    message: str | None,
    whole: Counts,
    ended_at: int,
) -> None:
    """End the session and its attempt alike."""
    spent = (row.duration_seconds or 0) + max(0, ended_at - row.attempt_started_at)
    c.execute(
        _of(row.id).values(
            status=status.value,
            completed_at=ended_at,
            duration_seconds=spent,
            error_message=None if message is None else to_text(message)[0],
        )
    )
    c.execute(_details_of(row.id).values(owner=None))
    end_attempt(c, row.id, status, message=message, whole=whole, ended_at=ended_at)


def _last_sign(c: Connection, row: SessionRow, now: int) -> int:
    query = select(func.max(backup_items.c.updated_at)).where(backup_items.c.session_id == row.id)
    return max(row.attempt_started_at, min(now, c.scalar(query) or 0))


def _has_warm_copies(c: Connection, session_id: int) -> bool:
    """Whether any attempt left a copy that was not proved by a cold read."""
    items, copies = backup_items.c, file_locations.c
    query = (
        select(items.session_id)
        .join(file_locations, copies.id == items.file_location_id)
        .where(items.session_id == session_id, items.state == ItemState.VERIFIED.value)
        .where(copies.evidence != Evidence.READ_BACK_COLD.value)
    )
    return c.execute(query.limit(1)).first() is not None


def _present(c: Connection, session_id: int) -> SessionRow:
    row = get_session(c, session_id)
    if row is None:
        raise LookupError(f"session {session_id}")
    return row


def _paths(source_path: str, destination_path: str) -> dict[str, Value]:
    return {"source_path": to_text(source_path)[0], "destination_path": to_text(destination_path)[0]}


def _of(session_id: int) -> Update:
    return update(backup_sessions).where(backup_sessions.c.id == session_id)


def _details_of(session_id: int) -> Update:
    return update(session_details).where(session_details.c.session_id == session_id)
