"""Open a session for each destination, or take up the one that was broken off."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import polars as pl
from sqlalchemy import Connection

from cardcat.catalog.attempts import Progress, note_progress
from cardcat.catalog.items import ItemRow, add_items, items_of, set_items
from cardcat.catalog.sessions import (
    SessionKey,
    SessionRow,
    get_session,
    latest,
    open_session,
    reopen_session,
    set_flow_run,
)
from cardcat.errors import SourceError
from cardcat.frames import path_column
from cardcat.inputs import show
from cardcat.model import Finding, ItemState, SessionStatus
from cardcat.owner import owner_stamp
from cardcat.run import Destination, Run, now
from cardcat.zones import computer_timezone, zone

_UNFINISHED = (ItemState.PLANNED, ItemState.COPYING, ItemState.COPIED, ItemState.FAILED)


def open_sessions(run: Run, listing: pl.DataFrame, unreadable: Sequence[Finding]) -> None:
    """Give every destination its session; what could not be listed is a failed file of each."""
    with run.catalog.write() as c:
        for destination in run.destinations:
            _open(c, run, destination, listing)
            if run.flow_run_id:
                set_flow_run(c, destination.session_id, run.flow_run_id)
            _add_unreadable(c, destination, unreadable)


def _open(c: Connection, run: Run, destination: Destination, listing: pl.DataFrame) -> None:
    key = SessionKey(
        source_volume_id=run.source.volume_id,
        source_root=run.source.relative,
        destination_location_id=destination.location_id,
        layout=run.options.layout,
        excludes=run.options.excludes,
    )
    last = _last(c, run, key)
    if last is not None and _can_resume(c, last, listing):
        _resume(c, run, destination, last)
        return
    if run.options.rerun:
        run.reporter.note(
            f"Session {run.options.rerun} can't be resumed: it is complete, or the card has changed since. "
            "A new session begins; what is there already is skipped."
        )
    destination.timezone = run.options.timezone or computer_timezone()
    destination.zone = zone(destination.timezone)
    destination.session_id = open_session(
        c,
        key,
        run_id=run.run_id,
        source_path=str(run.source.root),
        destination_path=str(destination.root),
        timezone=destination.timezone,
        owner=owner_stamp(),
        now=now(),
    )


def _last(c: Connection, run: Run, key: SessionKey) -> SessionRow | None:
    """The session that may be taken up: the one that was asked for, else the last of its kind."""
    if run.options.rerun is None:
        return latest(c, key)
    asked = get_session(c, run.options.rerun)
    if asked is None or asked.key != key:
        raise SourceError(
            f"Session {run.options.rerun} was of another card or drive than those that are there now, "
            f"at {show(run.source.root)} and {run.options.destinations[0]}. Nothing was copied.",
            hint="Put in the card and the drive of that session, or type: cardcat backup SOURCE DEST",
        )
    return asked


def _can_resume(c: Connection, last: SessionRow, listing: pl.DataFrame) -> bool:
    """Whether *last* was broken off and the card still holds, unchanged, all that it left undone."""
    if last.status not in (SessionStatus.FAILED, SessionStatus.CANCELLED):
        return False
    return _all_there(items_of(c, last.id, *_UNFINISHED), listing)


def _all_there(items: Iterable[ItemRow], listing: pl.DataFrame) -> bool:
    rows = list(items)
    left = pl.DataFrame(
        {
            "path": path_column(row.path for row in rows),
            "size": pl.Series([row.size for row in rows], dtype=pl.Int64),
            "mtime_ns": pl.Series([row.mtime_ns for row in rows], dtype=pl.Int64),
        }
    )
    return left.join(listing, on=["path", "size", "mtime_ns"], how="anti").is_empty()


def _resume(c: Connection, run: Run, destination: Destination, last: SessionRow) -> None:
    destination.session_id, destination.resumed = last.id, True
    destination.timezone = last.timezone
    destination.zone = zone(last.timezone)
    reopen_session(
        c,
        last.id,
        run_id=run.run_id,
        source_path=str(run.source.root),
        destination_path=str(destination.root),
        owner=owner_stamp(),
        now=now(),
    )


def write_progress(c: Connection, run: Run, destination: Destination, fresh: Sequence[int] = ()) -> None:
    """
    Write down how far this attempt has come, and how long its stages were at work.

    *fresh* are the sizes of the copies that this very transaction puts on record.
    """
    progress = Progress(
        files_copied=destination.copied + len(fresh),
        bytes_copied=destination.bytes_copied + sum(fresh),
        bytes_read=run.bytes_read,
    )
    note_progress(c, destination.session_id, progress, destination.timing.worked())


def complete_journal(c: Connection, run: Run, destination: Destination) -> None:
    """
    Before a session ends, write down how far it came, and as pending what is not in its journal.

    That is what a run that ended before its plan has found on the card.
    """
    write_progress(c, run, destination)
    if destination.is_planned or run.listing is None:
        return
    session = destination.session_id
    known = {row.path for row in items_of(c, session)}
    columns = run.listing.select("path", "size", "mtime_ns").iter_rows()
    files = ((os.fsdecode(path), size, mtime_ns) for path, size, mtime_ns in columns)
    rows = (ItemRow(*file, ItemState.PLANNED) for file in files if file[0] not in known)
    add_items(c, session, rows, now())


def _add_unreadable(c: Connection, destination: Destination, unreadable: Sequence[Finding]) -> None:
    if not unreadable:
        return
    session = destination.session_id
    known = {row.path for row in items_of(c, session)}
    rows = [ItemRow(finding.path, 0, 0, ItemState.FAILED, reason=finding.message) for finding in unreadable]
    add_items(c, session, (row for row in rows if row.path not in known), now())
    set_items(c, session, (row for row in rows if row.path in known), now())
