"""Sessions as they are on record, and how they are found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, or_, select

from cardcat.catalog.bulk import Value, chunks
from cardcat.catalog.tables import backup_errors, backup_sessions, session_details
from cardcat.model import Layout, SessionStatus, Stage
from cardcat.paths import from_text, to_text


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What makes two backups the same one. *source_root* is relative to the volume: text and exact bytes."""

    source_volume_id: int
    source_root: tuple[str, bytes]
    destination_location_id: int
    layout: Layout
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session on record. Counts are of all its attempts, times in UTC seconds, paths are readable text."""

    id: int
    source_path: str
    destination_path: str
    files_scanned: int
    files_copied: int
    files_skipped: int
    bytes_copied: int
    started_at: int
    completed_at: int | None
    duration_seconds: int | None
    status: SessionStatus
    error_message: str | None
    run_id: str
    key: SessionKey
    timezone: str
    files_failed: int
    files_ignored: int
    files_excluded: int
    is_cold: bool
    attempts: int
    attempt_started_at: int
    owner: str | None
    flow_run_id: str | None

    @property
    def layout(self) -> Layout:
        """How the destination is arranged."""
        return self.key.layout

    @property
    def excludes(self) -> tuple[str, ...]:
        """The patterns of what was left out."""
        return self.key.excludes

    @property
    def files_pending(self) -> int:
        """Files that are neither done nor failed."""
        return self.files_scanned - self.files_copied - self.files_skipped - self.files_failed


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A finding on record. *source_path* is relative to the source; *resolved_at*: put right since."""

    id: int
    session_id: int
    source_path: str
    destination_path: str | None
    stage: Stage
    error_type: str
    error_message: str
    is_failure: bool
    attempt: int
    resolved_at: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class KindRow:
    """How many findings of one kind a session has, and how many of these kept a file from being copied."""

    stage: Stage
    error_type: str
    open: int
    resolved: int
    failures: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are listed: in that state, and from or to these folders or any below them."""

    status: SessionStatus | None = None
    sources: Sequence[str] = ()
    destinations: Sequence[str] = ()


def latest(c: Connection, key: SessionKey) -> SessionRow | None:
    """The last session of exactly that key."""
    details = session_details.c
    query = _query().where(
        details.source_volume_id == key.source_volume_id,
        details.source_root == key.source_root[0],
        details.source_root_raw == key.source_root[1],
        details.destination_location_id == key.destination_location_id,
        details.layout == key.layout.value,
        details.excludes == json.dumps(key.excludes),
    )
    rows = _rows(c, query.order_by(backup_sessions.c.id.desc()).limit(1))
    return rows[0] if rows else None


def list_sessions(c: Connection, limit: int, wanted: Wanted | None = None) -> list[SessionRow]:
    """The last *limit* sessions, all of them or those *wanted*, the last one first."""
    s, query = backup_sessions.c, _query()
    if wanted and wanted.status:
        query = query.where(s.status == wanted.status.value)
    if wanted and wanted.sources:
        query = query.where(_in_any(s.source_path, wanted.sources))
    if wanted and wanted.destinations:
        query = query.where(_in_any(s.destination_path, wanted.destinations))
    return _rows(c, query.order_by(s.id.desc()).limit(limit))


def get_session(c: Connection, session_id: int) -> SessionRow | None:
    """The session with that id, None if there is none."""
    rows = _rows(c, _query().where(backup_sessions.c.id == session_id))
    return rows[0] if rows else None


def session_errors(c: Connection, session_id: int) -> list[ErrorRow]:
    """All findings of a session, in the order they were met."""
    return list(each_error(c, session_id))


def each_error(c: Connection, session_id: int) -> Iterator[ErrorRow]:
    """The same one by one, however many they are."""
    query = select(backup_errors).where(backup_errors.c.session_id == session_id).order_by(backup_errors.c.id)
    return (_error(row) for row in c.execute(query))


def open_findings(c: Connection, session_ids: Sequence[int]) -> dict[int, int]:
    """How many findings of each session are not put right yet; those that have none are left out."""
    e = backup_errors.c
    found: dict[int, int] = {}
    for chunk in chunks(session_ids):
        query = select(e.session_id, func.count()).where(e.session_id.in_(chunk), e.resolved_at.is_(None))
        rows = c.execute(query.group_by(e.session_id))
        found |= {session: number for session, number in rows}  # noqa: C416 - dict() takes it for a mapping
    return found


def findings_by_kind(c: Connection, session_id: int) -> list[KindRow]:
    """The findings of a session counted by what they are, in the order of the stages."""
    e = backup_errors.c
    resolved = func.count(e.resolved_at)
    query = (
        select(e.stage, e.error_type, func.count() - resolved, resolved, func.count().filter(e.is_failure))
        .where(e.session_id == session_id)
        .group_by(e.stage, e.error_type)
    )
    rows = [KindRow(Stage(stage), *others) for stage, *others in c.execute(query)]
    order = list(Stage)
    return sorted(rows, key=lambda row: (order.index(row.stage), row.error_type))


def running(c: Connection) -> list[SessionRow]:
    """The sessions that are, or seem to be, at work."""
    return _rows(c, _query().where(backup_sessions.c.status == SessionStatus.RUNNING.value))


def source_roots(c: Connection, volume_id: int) -> list[str]:
    """The folders of a volume that were ever backed up, relative to its root: '' is all of it."""
    d = session_details.c
    query = select(d.source_root, d.source_root_raw).where(d.source_volume_id == volume_id).distinct()
    return [from_text(text, raw) for text, raw in c.execute(query)]


def _query() -> Select[tuple[Value, ...]]:
    details = [column for column in session_details.c if column.name != "session_id"]
    return select(backup_sessions, *details).join(
        session_details, session_details.c.session_id == backup_sessions.c.id
    )


def _in_any(column: Column[str], folders: Sequence[str]) -> ColumnElement[bool]:
    """Whether a path is one of *folders* or lies below one."""
    shown = [to_text(folder)[0].rstrip("/") for folder in folders]
    return or_(
        *(column == (folder or "/") for folder in shown),
        *(func.substr(column, 1, len(folder) + 1) == f"{folder}/" for folder in shown),
    )


def _rows(c: Connection, query: Select[tuple[Value, ...]]) -> list[SessionRow]:
    return [_session(row) for row in c.execute(query)]


def _session(row: Row[tuple[Value, ...]]) -> SessionRow:
    values = dict(row._mapping)  # noqa: SLF001 - the public name
    values["status"] = SessionStatus(values["status"])
    values["key"] = SessionKey(
        source_volume_id=values.pop("source_volume_id"),
        source_root=(values.pop("source_root"), values.pop("source_root_raw")),
        destination_location_id=values.pop("destination_location_id"),
        layout=Layout(values.pop("layout")),
        excludes=tuple(json.loads(values.pop("excludes"))),
    )
    return SessionRow(**values)


def _error(row: Row[tuple[Value, ...]]) -> ErrorRow:
    values = dict(row._mapping)  # noqa: SLF001 - the public name
    values["source_path"] = from_text(values["source_path"], values.pop("source_path_raw"))
    values["stage"] = Stage(values["stage"])
    return ErrorRow(**values)
