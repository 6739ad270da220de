"""Sessions: opened, resumed, counted, ended, and found dead."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, text, update

from cardcat.catalog.engine import Catalog
from cardcat.catalog.sessions import (
    SessionKey,
    SessionRow,
    counts,
    finish_session,
    get_session,
    latest,
    list_sessions,
    open_session,
    reap_dead,
    reopen_session,
    session_errors,
    set_flow_run,
    update_statistics,
)
from cardcat.catalog.tables import (
    backup_errors,
    backup_items,
    content_identity,
    file_locations,
    folders,
    metadata,
)
from cardcat.model import Counts, ItemState, Layout, SessionStatus, Stage
from tests.catalog.helpers import Filled, fill

VERIFIED, SKIPPED, FAILED = ItemState.VERIFIED, ItemState.SKIPPED, ItemState.FAILED
PLANNED, COPYING, COPIED = ItemState.PLANNED, ItemState.COPYING, ItemState.COPIED


@pytest.fixture
def c(catalog: Catalog) -> Iterator[Connection]:
    """A transaction in a catalog with a card, a drive and a location on it."""
    with catalog.write() as connection:
        yield connection


@pytest.fixture
def filled(c: Connection) -> Filled:
    return fill(c, items=1)


@pytest.fixture
def key(c: Connection, filled: Filled) -> SessionKey:
    return found(c, filled.session).key


def found(c: Connection, session: int) -> SessionRow:
    row = get_session(c, session)
    assert row is not None
    return row


def begin(c: Connection, key: SessionKey, *, owner: str = "me", now: int = 100) -> int:
    return open_session(
        c,
        key,
        run_id="run",
        source_path="/media/card",
        destination_path="/media/drive/photos",
        timezone="Europe/Vienna",
        owner=owner,
        now=now,
    )


def again(c: Connection, session: int, *, owner: str = "me", now: int) -> None:
    reopen_session(
        c, session, run_id="run 2", source_path="/mnt/a", destination_path="/mnt/b", owner=owner, now=now
    )


def end(
    c: Connection,
    session: int,
    status: SessionStatus = SessionStatus.COMPLETED,
    *,
    now: int,
    cold: bool = True,
) -> Counts:
    return finish_session(c, session, status, message=None, is_cold=cold, ignored=1, excluded=2, now=now)


def add(c: Connection, session: int, *states: ItemState, size: int = 10, at: int = 100) -> None:
    number = itertools.count()
    rows = [
        {
            "session_id": session,
            "source_path": f"{state}{next(number)}",
            "size": size,
            "mtime_ns": 1,
            "state": state.value,
            "updated_at": at,
        }
        for state in states
    ]
    if rows:
        c.execute(insert(backup_items), rows)


def test_a_session_begins_as_what_it_is(c: Connection, key: SessionKey) -> None:
    row = found(c, session := begin(c, key))
    assert (row.id, row.status, row.started_at, row.completed_at) == (
        session,
        SessionStatus.RUNNING,
        100,
        None,
    )
    assert (row.source_path, row.destination_path) == ("/media/card", "/media/drive/photos")
    assert (row.files_scanned, row.bytes_copied, row.files_pending, row.duration_seconds) == (0, 0, 0, None)
    assert (row.key, row.layout, row.excludes) == (key, Layout.DATED, ())
    assert (row.timezone, row.owner, row.run_id, row.attempts) == ("Europe/Vienna", "me", "run", 1)
    assert row.is_cold is False


def test_a_session_that_is_complete(c: Connection, key: SessionKey) -> None:
    session = begin(c, key)
    add(c, session, VERIFIED, VERIFIED, SKIPPED)
    assert end(c, session, now=160) == Counts(scanned=3, copied=2, skipped=1, bytes_copied=20)
    row = found(c, session)
    assert (row.status, row.completed_at, row.duration_seconds) == (SessionStatus.COMPLETED, 160, 60)
    assert (row.files_scanned, row.files_copied, row.files_skipped, row.bytes_copied) == (3, 2, 1, 20)
    assert (row.files_failed, row.files_pending, row.files_ignored, row.files_excluded) == (0, 0, 1, 2)
    assert (row.is_cold, row.owner, row.error_message) == (True, None, None)


@pytest.mark.parametrize("state", [FAILED, PLANNED, COPYING, COPIED])
def test_completed_can_be_trusted(c: Connection, key: SessionKey, state: ItemState) -> None:
    session = begin(c, key)
    add(c, session, VERIFIED, state)
    with pytest.raises(ValueError, match="not complete"):
        end(c, session, now=160)
    end(c, session, SessionStatus.FAILED, now=160)
    assert found(c, session).status is SessionStatus.FAILED


def test_a_session_without_a_file_is_complete(c: Connection, key: SessionKey) -> None:
    assert end(c, begin(c, key), now=100) == Counts()


@settings(deadline=None)  # the machine may be busy; nothing fails by the clock
@given(states=st.lists(st.sampled_from(ItemState), max_size=30))
def test_every_file_is_counted_once(states: list[ItemState]) -> None:
    with _memory() as c:
        session = begin(c, SessionKey(1, ("", b""), 1, Layout.TREE, ()))
        add(c, session, *states)
        result = counts(c, session)
    assert result.scanned == len(states)
    assert result.scanned == result.copied + result.skipped + result.failed + result.pending
    assert result.copied == states.count(VERIFIED)
    assert result.bytes_copied == 10 * states.count(VERIFIED)
    assert result.failed == states.count(FAILED)


@contextmanager
def _memory() -> Iterator[Connection]:
    """An empty catalog without a file, fast enough for a hundred of them: it is empty again afterwards."""
    with _engine().connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@cache
def _engine() -> Engine:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    return engine


def test_counts_are_of_one_session_only(c: Connection, key: SessionKey) -> None:
    first, second = begin(c, key), begin(c, key)
    add(c, first, VERIFIED)
    add(c, second, VERIFIED, FAILED)
    assert counts(c, first) == Counts(scanned=1, copied=1, bytes_copied=10)
    update_statistics(c, first)
    assert (found(c, first).files_scanned, found(c, second).files_scanned) == (1, 0)


def test_statistics_while_it_runs(c: Connection, key: SessionKey) -> None:
    session = begin(c, key)
    add(c, session, VERIFIED, PLANNED, FAILED, size=5_000_000_000)
    update_statistics(c, session)
    row = found(c, session)
    assert (row.status, row.files_pending, row.files_failed) == (SessionStatus.RUNNING, 1, 1)
    assert row.bytes_copied == 5_000_000_000


def test_a_session_that_is_resumed_adds_up_its_times(c: Connection, key: SessionKey) -> None:
    session = begin(c, key, now=100)
    add(c, session, VERIFIED, PLANNED)
    finish_session(
        c, session, SessionStatus.CANCELLED, message="cancelled", is_cold=True, ignored=0, excluded=0, now=110
    )
    set_flow_run(c, session, "flow 1")
    again(c, session, owner="another", now=9_000)
    row = found(c, session)
    assert (row.status, row.completed_at, row.error_message) == (SessionStatus.RUNNING, None, None)
    assert (row.started_at, row.attempts, row.owner, row.flow_run_id) == (100, 2, "another", None)
    assert (row.source_path, row.destination_path, row.run_id) == ("/mnt/a", "/mnt/b", "run 2")
    c.execute(update(backup_items).values(state=VERIFIED.value))
    assert end(c, session, now=9_005).copied == 2
    row = found(c, session)
    assert (row.duration_seconds, row.started_at, row.completed_at) == (15, 100, 9_005)


def test_a_clock_that_was_set_back_makes_no_negative_time(c: Connection, key: SessionKey) -> None:
    session = begin(c, key, now=100)
    end(c, session, now=40)
    assert found(c, session).duration_seconds == 0


def test_which_flow_run_shows_it(c: Connection, key: SessionKey) -> None:
    session = begin(c, key)
    set_flow_run(c, session, "0190-flow")
    assert found(c, session).flow_run_id == "0190-flow"


@pytest.mark.parametrize(
    ("earlier", "now", "said"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_session_is_cold_only_if_every_attempt_was(
    c: Connection, key: SessionKey, earlier: bool, now: bool, said: bool
) -> None:
    session = begin(c, key)
    _copied(c, key, session, "read_back_cold" if earlier else "read_back")
    again(c, session, now=200)
    end(c, session, now=300, cold=now)
    assert found(c, session).is_cold is said


def _copied(c: Connection, key: SessionKey, session: int, evidence: str) -> None:
    add(c, session, VERIFIED)
    c.execute(
        folders.insert(), {"id": 1, "location_id": key.destination_location_id, "path": "", "path_raw": b""}
    )
    c.execute(
        content_identity.insert(),
        {"id": 1, "cas_id": "h", "kind": "image", "size_bytes": 10, "created_at": 1},
    )
    copy = {
        "id": 1,
        "folder_id": 1,
        "name": "a",
        "content_id": 1,
        "size": 10,
        "mtime_ns": 1,
        "role": "backup",
    }
    c.execute(file_locations.insert(), copy | {"evidence": evidence, "first_seen_at": 1, "last_seen_at": 1})
    c.execute(update(backup_items).where(backup_items.c.session_id == session).values(file_location_id=1))


class TestDead:
    def test_are_ended_as_failed_with_what_was_done(self, c: Connection, key: SessionKey) -> None:
        c.execute(text("UPDATE backup_sessions SET status = 'failed'"))
        dead, alive = begin(c, key, owner="dead"), begin(c, key, owner="alive")
        add(c, dead, VERIFIED, SKIPPED, COPYING, FAILED, at=130)
        assert reap_dead(c, lambda owner: owner == "alive", 10_000) == [dead]
        row = found(c, dead)
        assert row.status is SessionStatus.FAILED
        assert row.error_message is not None
        assert row.error_message.startswith("Interrupted")
        for part in ("4 files", "1 are copied", "1 skipped", "1 failed", "1 pending"):
            assert part in row.error_message
        assert (row.files_scanned, row.files_copied, row.files_failed, row.owner) == (4, 1, 1, None)
        assert found(c, alive).status is SessionStatus.RUNNING

    def test_ended_when_they_were_last_at_work(self, c: Connection, key: SessionKey) -> None:
        session = begin(c, key, owner="dead", now=100)
        add(c, session, VERIFIED, at=130)
        reap_dead(c, lambda _: False, 10_000)
        row = found(c, session)
        assert (row.completed_at, row.duration_seconds) == (130, 30)

    def test_before_the_first_file_they_ended_at_once(self, c: Connection, key: SessionKey) -> None:
        session = begin(c, key, owner="dead", now=100)
        reap_dead(c, lambda _: False, 10_000)
        assert (found(c, session).completed_at, found(c, session).duration_seconds) == (100, 0)

    def test_are_asked_for_by_their_stamp_only_while_they_run(self, c: Connection, key: SessionKey) -> None:
        c.execute(text("UPDATE backup_sessions SET status = 'failed'"))
        begin(c, key, owner='{"pid": 1}')
        end(c, begin(c, key, owner='{"pid": 2}'), now=110)
        asked: list[str] = []

        def is_alive(owner: str) -> bool:
            asked.append(owner)
            return True

        assert reap_dead(c, is_alive, 200) == []
        assert asked == ['{"pid": 1}']

    def test_can_be_resumed(self, c: Connection, key: SessionKey) -> None:
        session = begin(c, key, owner="dead", now=100)
        add(c, session, PLANNED, at=120)
        reap_dead(c, lambda _: False, 10_000)
        again(c, session, now=20_000)
        c.execute(update(backup_items).values(state=VERIFIED.value))
        end(c, session, now=20_010)
        assert found(c, session).duration_seconds == 30


def test_the_latest_session_of_a_source_and_destination(
    c: Connection, key: SessionKey, filled: Filled
) -> None:
    first = begin(c, key)
    other_root = SessionKey(key.source_volume_id, ("DCIM", b""), key.destination_location_id, key.layout, ())
    odd_root = SessionKey(key.source_volume_id, ("", b"\xff"), key.destination_location_id, key.layout, ())
    begin(c, other_root)
    begin(c, odd_root)
    row = latest(c, key)
    assert row is not None
    assert row.id == first
    other_layout = SessionKey(
        key.source_volume_id, key.source_root, key.destination_location_id, Layout.TREE, ("*.tmp", "a'b")
    )
    second = begin(c, other_layout)
    row = latest(c, other_layout)
    assert row is not None
    assert (row.id, row.layout, row.excludes) == (second, Layout.TREE, ("*.tmp", "a'b"))
    assert row.key == other_layout
    again = latest(c, key)
    assert again is not None
    assert again.id == first
    assert latest(c, SessionKey(99, ("", b""), 99, Layout.DATED, ())) is None


def test_the_list_begins_with_the_last(c: Connection, key: SessionKey, filled: Filled) -> None:
    sessions = [begin(c, key) for _ in range(4)]
    assert [row.id for row in list_sessions(c, 3)] == sessions[:0:-1]
    assert len(list_sessions(c, 100)) == 5
    assert get_session(c, 99) is None


def test_findings_come_back_as_they_were(c: Connection, filled: Filled) -> None:
    c.execute(
        insert(backup_errors),
        {
            "session_id": filled.session,
            "source_path": "\\xff.jpg",
            "source_path_raw": b"\xff.jpg",
            "destination_path": "/media/drive",
            "stage": "metadata",
            "error_type": "ValueError",
            "error_message": "odd",
            "is_failure": False,
            "attempt": 2,
            "resolved_at": 7,
            "created_at": 5,
        },
    )
    first, second = session_errors(c, filled.session)
    assert (first.source_path, first.stage, first.is_failure, first.resolved_at) == (
        "DCIM/IMG_0001.JPG",
        Stage.COPY,
        True,
        None,
    )
    assert (second.source_path, second.destination_path, second.attempt) == ("\udcff.jpg", "/media/drive", 2)
    assert (second.error_type, second.error_message, second.is_failure) == ("ValueError", "odd", False)
    assert session_errors(c, 99) == []


def test_paths_that_are_no_text_are_shown_as_text(c: Connection, key: SessionKey) -> None:
    session = open_session(
        c,
        key,
        run_id="r",
        source_path="/media/\udcff",
        destination_path="/b",
        timezone="UTC",
        owner="me",
        now=1,
    )
    assert found(c, session).source_path == "/media/\\xff"


def test_a_session_takes_its_journal_with_it(c: Connection, filled: Filled) -> None:
    c.execute(text(f"DELETE FROM backup_sessions WHERE id = {filled.session}"))
    for table in ("backup_items", "backup_errors", "session_details"):
        assert c.scalar(text(f"SELECT count(*) FROM {table}")) == 0
