"""Attempts: the rows of each run of a session, which always agree with the session itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text, update

from cardcat.catalog import migrate
from cardcat.catalog.attempts import (
    AttemptRow,
    Progress,
    StageRow,
    added,
    attempts_of,
    note_progress,
)
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.sessions import SessionKey, reap_dead, set_flow_run
from cardcat.catalog.tables import backup_items
from cardcat.model import ItemState, SessionStatus, Stage
from tests.catalog.helpers import fill
from tests.catalog.test_migrate import at_version
from tests.catalog.test_sessions import add, again, begin, end, found

VERIFIED, SKIPPED, FAILED, PLANNED = (
    ItemState.VERIFIED,
    ItemState.SKIPPED,
    ItemState.FAILED,
    ItemState.PLANNED,
)


@pytest.fixture
def c(catalog: Catalog) -> Iterator[Connection]:
    with catalog.write() as connection:
        yield connection


@pytest.fixture
def key(c: Connection) -> SessionKey:
    session = fill(c, items=1).session
    end(c, session, SessionStatus.FAILED, now=2)
    return found(c, session).key


def copied(c: Connection, session: int, files: int, *, read: int = 0) -> None:
    note_progress(c, session, Progress(files, 10 * files, read), [])


def require_agreement(c: Connection, session: int) -> list[AttemptRow]:
    """The session and its last attempt say the same, and its attempts make it up."""
    row, attempts = found(c, session), attempts_of(c, session)
    last = attempts[-1]
    assert [attempt.attempt for attempt in attempts] == list(range(1, row.attempts + 1))
    assert (last.status, last.run_id, last.flow_run_id) == (row.status, row.run_id, row.flow_run_id)
    assert (last.started_at, last.ended_at) == (row.attempt_started_at, row.completed_at)
    assert last.message == row.error_message
    assert sum(attempt.seconds or 0 for attempt in attempts) == (row.duration_seconds or 0)
    if row.status is not SessionStatus.RUNNING:
        assert (last.files_failed, last.files_pending) == (row.files_failed, row.files_pending)
        assert sum(attempt.files_copied for attempt in attempts) == row.files_copied
        assert sum(attempt.bytes_copied for attempt in attempts) == row.bytes_copied
        done = last.files_copied + last.files_skipped + last.files_failed + last.files_pending
        assert done == row.files_scanned
    return attempts


def test_a_session_and_its_attempts_agree_from_its_opening_to_its_end(c: Connection, key: SessionKey) -> None:
    session = begin(c, key, now=100)
    require_agreement(c, session)
    set_flow_run(c, session, "flow 1")
    add(c, session, VERIFIED, VERIFIED, SKIPPED, FAILED, PLANNED)
    copied(c, session, 2, read=70)
    require_agreement(c, session)
    end(c, session, SessionStatus.CANCELLED, now=130)
    (first,) = require_agreement(c, session)
    assert (first.files_copied, first.files_skipped, first.files_failed, first.files_pending) == (2, 1, 1, 1)
    assert (first.bytes_copied, first.bytes_read, first.flow_run_id) == (20, 70, "flow 1")

    again(c, session, now=9_000)
    require_agreement(c, session)
    set_flow_run(c, session, "flow 2")
    c.execute(update(backup_items).where(backup_items.c.session_id == session).values(state=VERIFIED.value))
    c.execute(
        update(backup_items)
        .where(backup_items.c.session_id == session, backup_items.c.source_path.startswith("skipped"))
        .values(state=SKIPPED.value)
    )
    copied(c, session, 2)
    end(c, session, now=9_005)
    first_again, second = require_agreement(c, session)
    assert first_again == first
    assert (second.status, second.files_copied, second.files_skipped) == (SessionStatus.COMPLETED, 2, 3)
    assert (second.seconds, second.flow_run_id, second.run_id) == (5, "flow 2", "run 2")


@pytest.mark.parametrize("on_purpose", [False, True])
def test_an_attempt_whose_process_is_gone_ends_with_its_session(
    c: Connection, key: SessionKey, on_purpose: bool
) -> None:
    session = begin(c, key, owner="dead", now=100)
    set_flow_run(c, session, "flow")
    add(c, session, VERIFIED, PLANNED, at=140)
    copied(c, session, 1, read=20)
    reap_dead(c, lambda _: False, 10_000, cancelled_run="flow" if on_purpose else None)
    (attempt,) = require_agreement(c, session)
    assert attempt.status is (SessionStatus.CANCELLED if on_purpose else SessionStatus.FAILED)
    assert (attempt.ended_at, attempt.files_copied, attempt.files_pending) == (140, 1, 1)
    assert (attempt.message or "").startswith("Interrupted")
    assert attempt.bytes_read == 20


def test_a_session_that_is_ended_twice_has_one_attempt_that_ended_as_the_last_word_was(
    c: Connection, key: SessionKey
) -> None:
    session = begin(c, key, now=100)
    add(c, session, PLANNED)
    end(c, session, SessionStatus.CANCELLED, now=110)
    end(c, session, SessionStatus.FAILED, now=110)
    (attempt,) = attempts_of(c, session)
    assert attempt.status is SessionStatus.FAILED


def test_stages_are_of_the_present_attempt_and_the_last_word_counts(c: Connection, key: SessionKey) -> None:
    session, other = begin(c, key), begin(c, key)
    scan, half, whole = (
        StageRow(Stage.SCAN, 0.5, 7, 0),
        StageRow(Stage.COPY, 1.25, 3, 300),
        StageRow(Stage.COPY, 2.5, 6, 600),
    )
    note_progress(c, session, Progress(3, 300, 300), [half, scan])
    note_progress(c, session, Progress(6, 600, 600), [scan, whole])
    end(c, session, SessionStatus.FAILED, now=110)
    again(c, session, now=200)
    note_progress(c, session, Progress(1, 100, 100), [StageRow(Stage.COPY, 0.5, 1, 100)])
    first, second = attempts_of(c, session)
    assert first.stages == (scan, whole)
    assert second.stages == (StageRow(Stage.COPY, 0.5, 1, 100),)
    assert added([first, second]) == [scan, StageRow(Stage.COPY, 3.0, 7, 700)]
    assert attempts_of(c, other)[0].stages == ()


def test_attempts_go_with_their_session(c: Connection, key: SessionKey) -> None:
    session = begin(c, key)
    note_progress(c, session, Progress(0, 0, 0), [StageRow(Stage.SCAN, 0.1, 1, 0)])
    c.execute(text(f"DELETE FROM backup_sessions WHERE id = {session}"))
    for table in ("session_attempts", "attempt_stages"):
        assert c.scalar(text(f"SELECT count(*) FROM {table} WHERE session_id = {session}")) == 0


BEFORE = """
    UPDATE session_details SET attempts = 3, attempt_started_at = 50, flow_run_id = 'flow', files_failed = 2;
    UPDATE backup_sessions SET status = 'failed', completed_at = 70, error_message = 'Full.',
        files_scanned = 20, files_copied = 10, files_skipped = 5, bytes_copied = 1000;
"""


def test_of_a_session_from_before_its_last_attempt_is_known(tmp_path: Path, path: Path) -> None:
    at_version(tmp_path / "then", path, migrate.revisions()[migrate.revisions().index("0004") - 1])
    with closing(sqlite3.connect(path)) as old:
        old.executescript(BEFORE)
    with open_catalog(path) as catalog, catalog.write() as c:
        (known,) = attempts_of(c, 1)
        assert (known.attempt, known.started_at, known.ended_at, known.message) == (3, 50, 70, "Full.")
        assert (known.status, known.flow_run_id) == (SessionStatus.FAILED, "flow")
        assert (known.files_copied, known.files_skipped, known.files_failed) == (10, 5, 2)
        assert (known.files_pending, known.bytes_copied, known.bytes_read, known.stages) == (3, 1000, 0, ())
        again(c, 1, now=100)
        assert [attempt.attempt for attempt in attempts_of(c, 1)] == [3, 4]


def test_a_session_from_before_that_was_killed_ends_like_any_other(tmp_path: Path, path: Path) -> None:
    at_version(tmp_path / "then", path, migrate.revisions()[migrate.revisions().index("0004") - 1])
    with open_catalog(path) as catalog, catalog.write() as c:
        assert reap_dead(c, lambda _: False, 1_000) == [1]
        (known,) = require_agreement(c, 1)
    assert (known.files_copied, known.status) == (300, SessionStatus.FAILED)
