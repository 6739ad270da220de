"""The end of a run: manifests on the drives, true statuses in the catalog, and the result."""

from __future__ import annotations

import time
from contextlib import suppress

from cardcat.catalog.sessions import counts, finish_session
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.errors import CancelledError, CardcatError, DestinationError
from cardcat.model import BackupResult, Counts, SessionResult, SessionStatus
from cardcat.run import Destination, Run, now
from cardcat.stages.explaining import explain
from cardcat.stages.sessions import complete_journal
from cardcat.storage.destination import clean_incoming
from cardcat.text import many


def finish(run: Run, error: CardcatError | None = None) -> BackupResult:
    """
    End every session as what happened: by itself, or cut short by *error*.

    `completed` only where every file is proved or was already so.
    """
    sessions = [
        _finish(run, destination, error) for destination in run.destinations if destination.session_id
    ]
    sessions += [_unusable(str(path), reason) for path, reason in run.unusable]
    result = BackupResult(
        status=_worst(sessions),
        sessions=tuple(sessions),
        bytes_read_from_source=run.bytes_read,
        duration_seconds=round(time.monotonic() - run.started, 3),
        findings=tuple(run.findings),
        flow_run_id=run.flow_run_id,
    )
    if run.source.is_doubtful and result.status is SessionStatus.COMPLETED:
        with run.catalog.write() as c:  # all of it was read: from now on it is this one
            remember_volume(c, run.source.volume, remember_device(c, now()), now())
    run.is_finished = True
    run.reporter.finished(result)
    return result


def _finish(run: Run, destination: Destination, error: CardcatError | None) -> SessionResult:
    _leave(run, destination)
    cause = destination.error or error
    with run.catalog.write() as c:
        complete_journal(c, run, destination)
        whole = counts(c, destination.session_id)
        status, message = _outcome(whole, cause)
        finish_session(
            c,
            destination.session_id,
            status,
            message=message,
            is_cold=destination.is_cold,
            ignored=run.ignored,
            excluded=run.excluded,
            now=now(),
        )
    return SessionResult(
        id=destination.session_id,
        destination_path=str(destination.root),
        status=status,
        resumed=destination.resumed,
        counts=_of_this_run(run, destination, whole),
        files_ignored=run.ignored,
        files_excluded=run.excluded,
        message=message,
        cold=destination.is_cold,
        exit_code=cause.exit_code if cause else 0,
        files_not_in_mhl=destination.not_in_mhl,
        mhl_error=destination.mhl_error,
        mhl_hint=destination.mhl_hint,
    )


def _leave(run: Run, destination: Destination) -> None:
    """Clear up on the drive, which gives a full one room for the manifest, and let it explain itself."""
    try:
        destination.there.require_there()
        with suppress(OSError):  # what a failing drive keeps, the next run to it removes
            clean_incoming(run.disk, destination.there.itself)
        explain(run, destination)
    except (OSError, DestinationError) as trouble:
        run.fail(destination, trouble, "writing its manifest")


def _outcome(whole: Counts, error: CardcatError | None) -> tuple[SessionStatus, str | None]:
    if isinstance(error, CancelledError):
        return SessionStatus.CANCELLED, f"Cancelled; {many(whole.pending, 'file is', 'files are')} pending."
    if error is not None:
        return SessionStatus.FAILED, f"{error.message} ({whole.failed} failed, {whole.pending} pending)"
    if whole.failed or whole.pending:
        return SessionStatus.FAILED, f"{whole.failed} files failed, {whole.pending} are pending."
    return SessionStatus.COMPLETED, None


def _of_this_run(run: Run, destination: Destination, whole: Counts) -> Counts:
    """Counts of this run, in which all that was finished before is skipped."""
    unfinished = whole.failed + whole.pending
    return Counts(
        scanned=run.scanned,
        copied=destination.copied,
        skipped=max(0, run.scanned - destination.copied - unfinished),
        failed=whole.failed,
        pending=whole.pending,
        bytes_copied=destination.bytes_copied,
    )


def _unusable(path: str, error: DestinationError) -> SessionResult:
    return SessionResult(
        id=0,
        destination_path=path,
        status=SessionStatus.FAILED,
        resumed=False,
        counts=Counts(),
        files_ignored=0,
        files_excluded=0,
        message=error.message,
        exit_code=error.exit_code,
    )


def _worst(sessions: list[SessionResult]) -> SessionStatus:
    found = {session.status for session in sessions}
    for status in (SessionStatus.FAILED, SessionStatus.CANCELLED):
        if status in found:
            return status
    return SessionStatus.COMPLETED
