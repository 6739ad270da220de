"""Sessions as JSON documents: what `sessions list` and `sessions show` answer to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cardcat.cli import output
from cardcat.cli.output import Json

if TYPE_CHECKING:
    from cardcat.catalog.attempts import AttemptRow, StageRow
    from cardcat.catalog.sessions import KindRow, SessionRow
    from cardcat.history.account import Account


@dataclass(frozen=True, slots=True)
class Pages:
    """
    Where the Prefect runs of a session can be looked at.

    *address* is that of the server that runs now, None if there is none, or nobody needs one.
    """

    address: str | None

    def of(self, flow_run_id: str | None) -> str | None:
        """The page of a run."""
        return f"{self.address}/runs/flow-run/{flow_run_id}" if self.address and flow_run_id else None


def document(row: SessionRow, open_findings: int) -> dict[str, Json]:
    """The session as `sessions list --json` answers it."""
    from cardcat.history.account import is_interrupted

    return {
        "id": row.id,
        "status": row.status.value,
        "is_interrupted": is_interrupted(row),
        **output.path_fields(row.source_path, "source_path"),
        **output.path_fields(row.destination_path, "destination_path"),
        "layout": row.layout.value,
        "timezone": row.timezone,
        "excludes": list(row.excludes),
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "duration_seconds": row.duration_seconds,
        "files_scanned": row.files_scanned,
        "files_copied": row.files_copied,
        "files_skipped": row.files_skipped,
        "files_failed": row.files_failed,
        "files_pending": row.files_pending,
        "files_ignored": row.files_ignored,
        "files_excluded": row.files_excluded,
        "bytes_copied": row.bytes_copied,
        "open_findings": open_findings,
        "attempts": row.attempts,
        "is_cold": row.is_cold,
        "error_message": row.error_message,
        "flow_run_id": row.flow_run_id,
    }


def whole_document(account: Account, pages: Pages, ways: Sequence[tuple[str, str]]) -> dict[str, Json]:
    """The same with all that is known of it, as `sessions show --json` answers it."""
    return {
        **document(account.row, account.open_findings),
        "page": pages.of(account.row.flow_run_id),
        "timeline": [_attempt_document(attempt, pages) for attempt in account.attempts],
        "stages": [_stage_document(stage) for stage in account.stages],
        "findings": [_kind_document(kind) for kind in account.findings],
        "later_session": None if account.later is None else account.later.id,
        "next": [command for _, command in ways],
    }


def _attempt_document(attempt: AttemptRow, pages: Pages) -> Mapping[str, Json]:
    return {
        "attempt": attempt.attempt,
        "status": attempt.status.value,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "duration_seconds": attempt.seconds,
        "files_copied": attempt.files_copied,
        "files_skipped": attempt.files_skipped,
        "files_failed": attempt.files_failed,
        "files_pending": attempt.files_pending,
        "bytes_copied": attempt.bytes_copied,
        "bytes_read_from_source": attempt.bytes_read,
        "error_message": attempt.message,
        "flow_run_id": attempt.flow_run_id,
        "page": pages.of(attempt.flow_run_id),
        "stages": [_stage_document(stage) for stage in attempt.stages],
    }


def _stage_document(stage: StageRow) -> Mapping[str, Json]:
    from cardcat.history.account import pace, speed

    fast, often = speed(stage), pace(stage)
    return {
        "stage": stage.stage.value,
        "seconds_at_work": round(stage.seconds, 3),
        "files": stage.files,
        "bytes": stage.bytes,
        "bytes_per_second": None if fast is None else round(fast),
        "files_per_second": None if often is None else round(often, 1),
    }


def _kind_document(kind: KindRow) -> Mapping[str, Json]:
    return {
        "stage": kind.stage.value,
        "error_type": kind.error_type,
        "open": kind.open,
        "put_right": kind.resolved,
        "failures": kind.failures,
    }
