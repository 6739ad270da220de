"""Attempts: each run of a session, from its beginning to how it ended, and how fast its stages were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, ScalarSelect, Update, case, insert, select, update

from cardcat.catalog.bulk import insert_or_renew
from cardcat.catalog.tables import attempt_stages, session_attempts, session_details
from cardcat.model import Counts, SessionStatus, Stage
from cardcat.paths import to_text


@dataclass(frozen=True, slots=True)
class StageRow:
    """
    What a stage of an attempt did. *seconds* are those in which at least one thread was at it.

    *bytes* were read or written; a stage that only looks at names and rows has none.
    """

    stage: Stage
    seconds: float
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present attempt has come: copies it put on record, bytes it read for all its drives."""

    files_copied: int
    bytes_copied: int
    bytes_read: int


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """
    An attempt on record. Times are UTC seconds.

    Files that were done before it count as skipped, so that each attempt accounts for the whole card;
    failed and pending are those at its end.
    """

    attempt: int
    run_id: str
    flow_run_id: str | None
    started_at: int
    ended_at: int | None
    status: SessionStatus
    message: str | None
    files_copied: int
    files_skipped: int
    files_failed: int
    files_pending: int
    bytes_copied: int
    bytes_read: int
    stages: tuple[StageRow, ...] = ()

    @property
    def seconds(self) -> int | None:
        """How long it took, None as long as it has not ended."""
        return None if self.ended_at is None else max(0, self.ended_at - self.started_at)


def begin_attempt(c: Connection, session_id: int, *, run_id: str, now: int) -> None:
    """Open the row of the session's present attempt."""
    values = {
        "session_id": session_id,
        "attempt": _number(session_id),
        "run_id": run_id,
        "started_at": now,
        "status": SessionStatus.RUNNING.value,
    }
    c.execute(insert(session_attempts).values(values))


def set_attempt_flow_run(c: Connection, session_id: int, flow_run_id: str) -> None:
    """Say which Prefect run shows the present attempt."""
    c.execute(_present(session_id).values(flow_run_id=flow_run_id))


def note_progress(c: Connection, session_id: int, progress: Progress, stages: Iterable[StageRow]) -> None:
    """Write down how far the present attempt has come and how long its stages were at work, in all."""
    c.execute(
        _present(session_id).values(
            files_copied=progress.files_copied,
            bytes_copied=progress.bytes_copied,
            bytes_read=progress.bytes_read,
        )
    )
    number = c.scalar(select(_number(session_id)))
    rows = [
        {
            "session_id": session_id,
            "attempt": number,
            "stage": row.stage.value,
            "seconds": row.seconds,
            "files": row.files,
            "bytes": row.bytes,
        }
        for row in stages
    ]
    if rows:
        c.execute(insert_or_renew(c, attempt_stages, "seconds", "files", "bytes"), rows)


def end_attempt(
    c: Connection,
    session_id: int,
    status: SessionStatus,
    *,
    message: str | None,
    whole: Counts,
    ended_at: int,
) -> None:
    """End the present attempt as the session ended, which has *whole* in its journal now."""
    a = session_attempts.c
    done_before = whole.copied + whole.skipped - a.files_copied
    c.execute(
        _present(session_id).values(
            status=status.value,
            ended_at=ended_at,
            message=None if message is None else to_text(message)[0],
            files_skipped=case((done_before > 0, done_before), else_=0),
            files_failed=whole.failed,
            files_pending=whole.pending,
        )
    )


def attempts_of(c: Connection, session_id: int) -> list[AttemptRow]:
    """The attempts of a session, the first one first, each with its stages in the order of the work."""
    a, s = session_attempts.c, attempt_stages.c
    stages: dict[int, list[StageRow]] = defaultdict(list)
    for row in c.execute(select(attempt_stages).where(s.session_id == session_id)):
        stages[row.attempt].append(StageRow(Stage(row.stage), row.seconds, row.files, row.bytes))
    columns = [column for column in session_attempts.c if column.name != "session_id"]
    query = select(*columns).where(a.session_id == session_id).order_by(a.attempt)
    found = []
    for row in c.execute(query):
        values = dict(row._mapping)  # noqa: SLF001 - the public name
        values["status"] = SessionStatus(values["status"])
        found.append(AttemptRow(**values, stages=tuple(in_order(stages[row.attempt]))))
    return found


def in_order(stages: Iterable[StageRow]) -> list[StageRow]:
    """*stages* as the work goes."""
    order = list(Stage)
    return sorted(stages, key=lambda row: order.index(row.stage))


def added(attempts: Iterable[AttemptRow]) -> list[StageRow]:
    """What each stage did in all of these attempts together."""
    found: dict[Stage, list[StageRow]] = defaultdict(list)
    for attempt in attempts:
        for row in attempt.stages:
            found[row.stage].append(row)
    sums = (
        StageRow(stage, sum(r.seconds for r in rows), sum(r.files for r in rows), sum(r.bytes for r in rows))
        for stage, rows in found.items()
    )
    return in_order(sums)


def _number(session_id: int) -> ScalarSelect[int]:
    """Which attempt at the session the present, or last, one is."""
    return (
        select(session_details.c.attempts).where(session_details.c.session_id == session_id).scalar_subquery()
    )


def _present(session_id: int) -> Update:
    a = session_attempts.c
    return update(session_attempts).where(a.session_id == session_id, a.attempt == _number(session_id))
