"""How a backup ended: the exit code, the JSON document, and what a person reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Column, Json
from cardcat.errors import CancelledError, CardcatError, CatalogError, DestinationError, SourceError
from cardcat.model import BackupResult, Finding, Preview, SessionResult, SessionStatus
from cardcat.paths import display, quoted

_WARNINGS_SHOWN = 10
_WORST_FIRST = (CatalogError, SourceError, DestinationError, CancelledError, CardcatError)


def exit_code(result: BackupResult) -> int:
    """0 if all was well, else the code of the worst thing that happened."""
    codes = {_session_code(session) for session in result.sessions}
    if any(finding.failed or finding.attention for finding in result.findings):
        codes.add(CardcatError.exit_code)
    return next(
        (error.exit_code for error in _WORST_FIRST if error.exit_code in codes), max(codes, default=0)
    )


def document(result: BackupResult) -> dict[str, Json]:
    """*result* as `backup --json` answers it."""
    return {
        "status": result.status.value,
        "sessions": [_session(session) for session in result.sessions],
        "bytes_read_from_source": result.bytes_read_from_source,
        "duration_seconds": round(result.duration_seconds, 3),
        "findings": [_finding(finding) for finding in result.findings],
        "flow_run_id": result.flow_run_id,
    }


def show(result: BackupResult, next_steps: Sequence[str]) -> None:
    """Say how it went for each destination, and what to type next."""
    pending = any(session.counts.pending for session in result.sessions)
    numbers = ["Copied", "Skipped", "Failed", *(["Pending"] if pending else []), "Size"]
    columns = [Column("Destination", shrinks=True), Column("Status")]
    columns += [Column(title, right=True) for title in numbers]
    output.table(columns, [_row(session, pending=pending) for session in result.sessions])
    for session in result.sessions:
        if session.message:
            where = display(session.destination_path)
            output.say(session.message if where in session.message else f"{where}: {session.message}")
    read = text.size(result.bytes_read_from_source)
    output.say(f"{read} read from the source in {text.duration(result.duration_seconds)}.")
    show_warnings([(f.path, f.message) for f in result.findings if f.is_before_leaving])
    for step in next_steps:
        output.say(step)


def show_warnings(warnings: Sequence[tuple[str, str]]) -> None:
    """Say what is to be known as long as the card is at hand: (path, sentence), each once."""
    told = list(dict.fromkeys(warnings))
    if not told:
        return
    output.say("Before you format the card or put it away:", style="yellow")
    for path, sentence in told[:_WARNINGS_SHOWN]:
        output.say(f"  {path}: {sentence}" if path not in sentence else f"  {sentence}")
    if len(told) > _WARNINGS_SHOWN:
        output.say(f"  … and {text.count(len(told) - _WARNINGS_SHOWN)} more (--json lists them all)")


def next_steps(result: BackupResult, source: str, catalog: str | None, page: str | None) -> list[str]:
    """What a person may want to type, or look at, after this."""
    steps = [*_looks(result, catalog), *_ways_on(result, catalog)]
    if any(session.status is SessionStatus.COMPLETED for session in result.sessions):
        steps.append(f"Safe to format?   {typed('safe-to-format', source, catalog=catalog)}")
    return [*steps, f"The run's page:   {page}"] if page else steps


def show_previews(previews: Sequence[Preview]) -> None:
    """Say what a backup would do."""
    columns = [Column("Destination", shrinks=True)]
    columns += [Column(title, right=True) for title in ("To copy", "Size", "To skip", "Free")]
    output.table(columns, [_preview_row(preview) for preview in previews])
    for preview in previews:
        if preview.bytes_to_copy > preview.free_bytes:
            lacking = text.size(preview.bytes_to_copy - preview.free_bytes)
            output.say(f"{preview.destination_path}: {lacking} more are needed than are free.", style="red")
        if preview.files_to_read:
            these = text.many(preview.files_to_read, "more file has", "more files have")
            output.say(
                f"{preview.destination_path}: {these} another time than when they were backed up; "
                "these are read, and copied if they have changed."
            )
    output.say("This was a dry run: nothing was copied.")


def preview_document(previews: Sequence[Preview]) -> dict[str, Json]:
    """The same in JSON."""
    return {"dry_run": True, "destinations": [_preview(preview) for preview in previews]}


def typed(*words: str, catalog: str | None = None) -> str:
    """A command line that a person can type as it stands, for the catalog at hand."""
    chosen = catalog if catalog != os.environ.get("CARDCAT_CATALOG") else None
    return " ".join(map(quoted, ["cardcat", *words, *(["--catalog", chosen] if chosen else [])]))


def _looks(result: BackupResult, catalog: str | None) -> Iterator[str]:
    """Where to read of files that a person should know of, each file in one place."""
    untold = {finding for finding in result.findings if finding.failed or finding.attention}
    for session in sorted(result.sessions, key=lambda session: session.status is SessionStatus.COMPLETED):
        mine = {finding for finding in untold if finding.destination in (None, session.destination_path)}
        if session.id and (mine or session.counts.failed):
            untold -= mine
            what = "What went wrong:"
            if session.status is SessionStatus.COMPLETED:
                files = len({finding.path for finding in mine})
                what = text.many(files, "file needs", "files need") + " a look:"
            yield f"{what}  {typed('sessions', 'errors', str(session.id), catalog=catalog)}"


def _ways_on(result: BackupResult, catalog: str | None) -> Iterator[str]:
    """How to finish what was not finished."""
    for session in result.sessions:
        if session.status is not SessionStatus.COMPLETED and session.id:
            card_is_gone = session.exit_code == SourceError.exit_code
            what = "Put the card back, then:" if card_is_gone else "To finish it:   "
            yield f"{what}  {typed('sessions', 'rerun', str(session.id), catalog=catalog)}"


def _session_code(session: SessionResult) -> int:
    if session.exit_code:
        return session.exit_code
    return {SessionStatus.COMPLETED: 0, SessionStatus.CANCELLED: CancelledError.exit_code}.get(
        session.status, 1
    )


def _session(session: SessionResult) -> dict[str, Json]:
    return {
        "id": session.id or None,
        **output.path_fields(session.destination_path, "destination_path"),
        "status": session.status.value,
        "resumed": session.resumed,
        "files_scanned": session.counts.scanned,
        "files_copied": session.counts.copied,
        "files_skipped": session.counts.skipped,
        "files_failed": session.counts.failed,
        "files_pending": session.counts.pending,
        "files_ignored": session.files_ignored,
        "files_not_in_mhl": session.files_not_in_mhl,
        "mhl_error": session.mhl_error,
        "mhl_hint": session.mhl_hint,
        "bytes_copied": session.counts.bytes_copied,
        "error_message": session.message,
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {
        **output.path_fields(finding.path),
        "stage": finding.stage.value,
        "error_type": finding.error_type,
        "message": finding.message,
    }


def _row(session: SessionResult, *, pending: bool) -> list[str]:
    counts = session.counts
    numbers = [counts.copied, counts.skipped, counts.failed, *([counts.pending] if pending else [])]
    shown = [text.count(number) for number in numbers]
    return [session.destination_path, session.status.value, *shown, text.size(counts.bytes_copied)]


def _preview(preview: Preview) -> dict[str, Json]:
    return {
        **output.path_fields(preview.destination_path, "destination_path"),
        "files_scanned": preview.files_scanned,
        "files_to_copy": preview.files_to_copy,
        "bytes_to_copy": preview.bytes_to_copy,
        "files_to_skip": preview.files_to_skip,
        "files_to_read": preview.files_to_read,
        "free_bytes": preview.free_bytes,
    }


def _preview_row(preview: Preview) -> list[str]:
    return [
        preview.destination_path,
        text.count(preview.files_to_copy),
        text.size(preview.bytes_to_copy),
        text.count(preview.files_to_skip),
        text.size(preview.free_bytes),
    ]
