"""Findings on record: what went wrong with which file of which session, and whether it was put right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, exists, select, update

from cardcat.catalog.bulk import Value, chunks, insert_many
from cardcat.catalog.tables import backup_errors, session_details
from cardcat.model import Finding
from cardcat.paths import to_text

_ADD = backup_errors.insert()


def record_findings(c: Connection, session_id: int, findings: Iterable[Finding], now: int) -> None:
    """Add findings to a session, under its present attempt."""
    attempt = c.scalar(select(session_details.c.attempts).where(session_details.c.session_id == session_id))
    insert_many(c, _ADD, (_values(session_id, f, attempt or 1, now) for f in findings))


def resolve_findings(c: Connection, session_id: int, paths: Sequence[str], now: int) -> None:
    """Say that these files of the session are fine now; their findings stay on record."""
    e = backup_errors.c
    are_open = (e.session_id == session_id, e.is_failure, e.resolved_at.is_(None))
    if not c.scalar(select(exists().where(*are_open))):  # as mostly
        return
    statement = (
        update(backup_errors)
        .where(
            *are_open,
            e.source_path == bindparam("b_path"),
            e.source_path_raw == bindparam("b_raw"),
        )
        .values(resolved_at=now)
    )
    for chunk in chunks(paths):
        texts = [to_text(path) for path in chunk]
        c.execute(statement, [{"b_path": text, "b_raw": raw or b""} for text, raw in texts])


def _values(session_id: int, finding: Finding, attempt: int, now: int) -> dict[str, Value]:
    text, raw = to_text(finding.path)
    return {
        "session_id": session_id,
        "source_path": text,
        "source_path_raw": raw or b"",
        "destination_path": None if finding.destination is None else to_text(finding.destination)[0],
        "stage": finding.stage.value,
        "error_type": finding.error_type,
        "error_message": to_text(finding.message)[0],
        "is_failure": finding.failed,
        "attempt": attempt,
        "created_at": now,
    }
