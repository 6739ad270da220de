"""`cardcat sessions`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import text
from cardcat.cli import backup, catalogs, exact, output, session, session_json
from cardcat.cli.options import (
    AsJson,
    CatalogPath,
    Direct,
    SessionId,
    examples,
    folder,
    group,
    whole_number,
)
from cardcat.cli.output import Column, Json
from cardcat.errors import UsageError
from cardcat.model import BackupOptions, SessionStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cardcat.catalog.sessions import ErrorRow, SessionRow
    from cardcat.history.account import Account

app = group("What was backed up, when and where to.")

_MOST = 1_000_000  # sessions that are listed at once
_NARROW = 12  # columns; a path that is given less tells nothing
_WIDTH = 80


class State(StrEnum):
    """What sessions are listed by."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@app.command(
    "list",
    epilog=examples("cardcat sessions list --limit 5", "cardcat sessions list --status failed --json"),
)
def list_(
    *,
    limit: Annotated[
        int,
        typer.Option(metavar="N", parser=whole_number("--limit", _MOST), help="So many, the latest first."),
    ] = 20,
    status: Annotated[State | None, typer.Option(help="Those in this state.")] = None,
    source: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Those of this card or folder, or of one in it.")
    ] = None,
    destination: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Those to this drive or folder, or to one in it.")
    ] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    List the backup sessions, the latest first.

    A session that is interrupted has not ended, and its process is gone: the next backup ends it, and
    `cardcat sessions rerun ID` finishes it.
    """
    places = _places(source, "--source"), _places(destination, "--destination")
    with catalogs.reading(catalog) as c:
        rows = [] if c is None else _rows(c, limit, status, places)
        findings = {} if c is None else _open_findings(c, rows)
    if as_json:
        output.emit([session_json.document(row, findings.get(row.id, 0)) for row in rows])
    elif rows:
        _show_table(rows, findings)
    elif c is None:
        catalogs.say_absent(catalog)
    elif status or source or destination:
        output.say("There is no such session.")
    else:
        output.say("Nothing was backed up yet. To begin: cardcat backup SOURCE DEST")
    return 0


@app.command(
    epilog=examples("cardcat sessions show 12", "cardcat sessions show 12 --report ~/card-1-backup.html")
)
def show(
    session_id: SessionId,
    *,
    report: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Write all of it to FILE, with every file and its SHA-256, to be printed.",
        ),
    ] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Show everything about one session.

    Each attempt at it, how fast its stages were, what was found, and what is left to do.
    """
    with catalogs.reading(catalog) as c:
        account = None if c is None else session.account_of(c, session_id)
        if c is None or account is None:
            raise _unknown(session_id)
        place = None if report is None else _report(c, account, report, catalog)
    pages = session.pages_of(account)
    if as_json:
        written = output.path_fields(None if place is None else str(place), "report")
        ways = session.ways_on(account, catalog)
        output.emit({**session_json.whole_document(account, pages, ways), **written})
    else:
        session.show(account, pages, catalog)
        if place is not None:
            output.say(f"Report: {place}")
    return 0


@app.command(epilog=examples("cardcat sessions errors 12"))
def errors(session_id: SessionId, *, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """List what went wrong in a session, also if put right since."""
    from cardcat.catalog.sessions import session_errors

    with catalogs.reading(catalog) as c:
        whole = _found(c, session_id)
        rows = [] if c is None else session_errors(c, session_id)
    if as_json:
        output.emit([_error_document(row, whole) for row in rows])
        return 0
    if whole.error_message:
        output.say(f"Session {session_id}: {whole.error_message}")
    for row in rows:
        output.say(row.source_path or "(the whole source)")
        output.say(f"    {_judged(row)}: {row.error_message}")
    if not rows:
        output.say(f"Nothing went wrong with any single file of session {session_id}.")
    return 0


@app.command(epilog=examples("cardcat sessions rerun 12"))
def rerun(
    session_id: SessionId,
    *,
    direct: Direct = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """Finish a session, or see whether anything is left to do."""
    with catalogs.reading(catalog) as c:
        row = _found(c, session_id)
    options = BackupOptions(
        source=Path(row.source_path),
        destinations=(Path(row.destination_path),),
        layout=row.layout,
        timezone=row.timezone,
        excludes=row.excludes,
        rerun=row.id,
    )
    return backup.carry_out(options, catalog, direct=direct, as_json=as_json)


def _rows(
    c: Connection, limit: int, status: State | None, places: tuple[list[str], list[str]]
) -> list[SessionRow]:
    from cardcat.catalog.sessions import Wanted, list_sessions
    from cardcat.history.account import state_of

    is_open = status in (State.RUNNING, State.INTERRUPTED)
    recorded = SessionStatus.RUNNING if is_open else SessionStatus(status) if status else None
    rows = list_sessions(c, _MOST if is_open else limit, Wanted(recorded, *places))
    if is_open:
        rows = [row for row in rows if state_of(row) == status][:limit]
    return [exact.session(c, row) for row in rows]


def _places(given: str | None, option: str) -> list[str]:
    """The folder as it was given and as it really is: a session is recorded under the latter."""
    if given is None:
        return []
    path = folder(given, option)
    return [str(path), os.path.realpath(path)]


def _open_findings(c: Connection, rows: list[SessionRow]) -> dict[int, int]:
    from cardcat.catalog.sessions import open_findings

    return open_findings(c, [row.id for row in rows])


def _found(c: Connection | None, session_id: int) -> SessionRow:
    from cardcat.catalog.sessions import get_session

    row = None if c is None else get_session(c, session_id)
    if c is None or row is None:
        raise _unknown(session_id)
    return exact.session(c, row)


def _unknown(session_id: int) -> UsageError:
    return UsageError(
        f"There is no session {session_id} in the catalog.", hint="List them: cardcat sessions list"
    )


def _report(c: Connection, account: Account, report: str, catalog: str | None) -> Path:
    """Write the report, and return where it is; UsageError before any work if it can't be there."""
    from cardcat.catalog.engine import local_path
    from cardcat.history.report import check_report, write_report

    place = check_report(folder(report, "--report"), account, local_path(catalog))
    write_report(place, c, account)
    return place


def _show_table(rows: list[SessionRow], findings: dict[int, int]) -> None:
    """One line a session; attempts and findings only where some session has more to tell by them."""
    fixed = _columns(rows, findings)
    wide = [Column("Source", shrinks=True), Column("Destination", shrinks=True)]
    paths = [[row.source_path, row.destination_path] for row in rows]
    taken = sum(max(map(len, [column.title, *cells])) + 2 for column, cells in fixed)
    if taken + 2 + 2 * _NARROW > _room():
        wide, paths = [Column("From, to", shrinks=True)], [[_names(row)] for row in rows]
    lines = [[*cells, *path] for *cells, path in zip(*(cells for _, cells in fixed), paths, strict=True)]
    output.table([*(column for column, _ in fixed), *wide], lines)


def _room() -> int:
    """The columns of the terminal; where there is none, as many as every terminal has."""
    console = output.stdout()
    return console.width if console.is_terminal else _WIDTH


def _columns(rows: list[SessionRow], findings: dict[int, int]) -> list[tuple[Column, list[str]]]:
    from cardcat.history.account import state_of

    columns = [
        (Column("ID", right=True), [str(row.id) for row in rows]),
        (Column("Started"), [text.moment(row.started_at) for row in rows]),
        (Column("Status"), [state_of(row) for row in rows]),
    ]
    if any(row.attempts > 1 for row in rows):
        columns.append((Column("Runs", right=True), [text.count(row.attempts) for row in rows]))
    columns += [
        (Column("Copied", right=True), [text.count(row.files_copied) for row in rows]),
        (Column("Failed", right=True), [text.count(row.files_failed) for row in rows]),
    ]
    if findings:
        cells = [text.count(findings.get(row.id, 0)) for row in rows]
        columns.append((Column("Findings", right=True), cells))
    return columns


def _names(row: SessionRow) -> str:
    """The ends of both paths, where there is no room for more: a drive's folder with the drive."""
    source = row.source_path.rpartition("/")[2] or row.source_path
    return f"{source} to {'/'.join(row.destination_path.split('/')[-2:])}"


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
