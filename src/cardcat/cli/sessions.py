"""`cardcat sessions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import backup, catalogs, exact, output
from cardcat.cli.options import AsJson, CatalogPath, Direct, SessionId, examples, group, whole_number
from cardcat.cli.output import Column, Json
from cardcat.errors import UsageError
from cardcat.model import BackupOptions, Layout

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cardcat.catalog.sessions import ErrorRow, SessionRow

app = group("What was backed up, when and where to.")

_COLUMNS = (
    Column("ID", right=True),
    Column("Started"),
    Column("Status"),
    Column("Copied", right=True),
    Column("Failed", right=True),
    Column("Source", shrinks=True),
    Column("Destination", shrinks=True),
)


@app.command("list", epilog=examples("cardcat sessions list --limit 5"))
def list_(
    *,
    limit: Annotated[
        int,
        typer.Option(
            metavar="N", parser=whole_number("--limit", 1_000_000), help="So many, the latest first."
        ),
    ] = 20,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """List the backup sessions, the latest first."""
    with catalogs.reading(catalog) as c:
        rows = [] if c is None else _rows(c, limit)
    if as_json:
        output.emit([_document(row) for row in rows])
    elif rows:
        output.table(_COLUMNS, [_cells(row) for row in rows])
    elif c is None:
        catalogs.say_absent(catalog)
    else:
        output.say("Nothing was backed up yet. To begin: cardcat backup SOURCE DEST")
    return 0


@app.command(epilog=examples("cardcat sessions show 12"))
def show(session: SessionId, *, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """Show everything about one session."""
    with catalogs.reading(catalog) as c:
        row = _found(c, session)
    document = _document(row)
    if as_json:
        output.emit(document)
        return 0
    for key, value in _readable(row).items():
        output.say(f"{key + ':':<14}{value}")
    return 0


@app.command(epilog=examples("cardcat sessions errors 12"))
def errors(session: SessionId, *, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """List what went wrong in a session, also if put right since."""
    from cardcat.catalog.sessions import session_errors

    with catalogs.reading(catalog) as c:
        whole = _found(c, session)
        rows = [] if c is None else session_errors(c, session)
    if as_json:
        output.emit([_error_document(row, whole) for row in rows])
        return 0
    if whole.error_message:
        output.say(f"Session {session}: {whole.error_message}")
    for row in rows:
        output.say(row.source_path or "(the whole source)")
        output.say(f"    {_judged(row)}: {row.error_message}")
    if not rows:
        output.say(f"Nothing went wrong with any single file of session {session}.")
    return 0


@app.command(epilog=examples("cardcat sessions rerun 12"))
def rerun(
    session: SessionId,
    *,
    direct: Direct = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """Finish a session, or see whether anything is left to do."""
    with catalogs.reading(catalog) as c:
        row = _found(c, session)
    options = BackupOptions(
        source=Path(row.source_path),
        destinations=(Path(row.destination_path),),
        layout=row.layout,
        timezone=row.timezone,
        excludes=row.excludes,
        rerun=row.id,
    )
    return backup.carry_out(options, catalog, direct=direct, as_json=as_json)


def _rows(c: Connection, limit: int) -> list[SessionRow]:
    from cardcat.catalog.sessions import list_sessions

    return [exact.session(c, row) for row in list_sessions(c, limit)]


def _found(c: Connection | None, session: int) -> SessionRow:
    from cardcat.catalog.sessions import get_session

    row = None if c is None else get_session(c, session)
    if c is None or row is None:
        raise UsageError(
            f"There is no session {session} in the catalog.", hint="List them: cardcat sessions list"
        )
    return exact.session(c, row)


def _cells(row: SessionRow) -> list[str]:
    return [
        str(row.id),
        text.moment(row.started_at),
        row.status.value,
        text.count(row.files_copied),
        text.count(row.files_failed),
        row.source_path,
        row.destination_path,
    ]


def _document(row: SessionRow) -> dict[str, Json]:
    return {
        "id": row.id,
        "status": row.status.value,
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
        "attempts": row.attempts,
        "is_cold": row.is_cold,
        "error_message": row.error_message,
        "flow_run_id": row.flow_run_id,
    }


def _readable(row: SessionRow) -> dict[str, str]:
    proof = "read back from the drive itself" if row.is_cold else "read back, but memory may have answered"
    shown = {
        "Session": str(row.id),
        "Status": row.status.value,
        "Source": row.source_path,
        "Destination": row.destination_path,
        "Arranged": "by day" if row.layout is Layout.DATED else "as on the source",
        "Time zone": row.timezone,
        "Left out": " ".join(row.excludes),
        "Started": text.moment(row.started_at),
        "Ended": text.moment(row.completed_at),
        "Took": "" if row.duration_seconds is None else text.duration(row.duration_seconds),
        "Files": text.count(row.files_scanned),
        "Copied": f"{text.count(row.files_copied)}, {text.size(row.bytes_copied)}",
        "Skipped": text.count(row.files_skipped),
        "Failed": text.count(row.files_failed),
        "Pending": text.count(row.files_pending) if row.files_pending else "",
        "Ignored": text.count(row.files_ignored),
        "Excluded": text.count(row.files_excluded) if row.files_excluded or row.excludes else "",
        "Proof": proof if row.files_copied else "",
        "Attempts": text.count(row.attempts),
        "Flow run": row.flow_run_id or "",
        "Message": row.error_message or "",
    }
    return {key: value for key, value in shown.items() if value}


def _error_document(row: ErrorRow, whole: SessionRow) -> dict[str, Json]:
    destination = exact.chosen(row.destination_path, whole.destination_path)
    return {
        **output.path_fields(row.source_path),
        **output.path_fields(destination, "destination_path"),
        "stage": row.stage.value,
        "error_type": row.error_type,
        "message": row.error_message,
        "is_failure": row.is_failure,
        "attempt": row.attempt,
        "created_at": row.created_at,
        "resolved_at": row.resolved_at,
    }


def _judged(row: ErrorRow) -> str:
    outcome = "not backed up" if row.is_failure else "warning"
    return f"put right since ({row.stage.value})" if row.resolved_at else f"{outcome} ({row.stage.value})"
