"""What the worker has done for a run that it had to kill, or that somebody else killed."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from prefect import State
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling, Crashed

from cardcat.owner import owner_stamp
from flows.backup import backup
from tasks.closing import close_sessions
from tests.support import Desk, fill

MINE, ANOTHER = uuid.uuid4(), uuid.uuid4()
GONE = json.dumps(json.loads(owner_stamp()) | {"started": "1"})


def left_running(desk: Desk, run: uuid.UUID, owner: str) -> None:
    """A session that says it is at work."""
    fill(desk.card, {"A.BIN": b"a"})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE backup_sessions SET status = 'running', completed_at = NULL")
        c.execute("UPDATE session_details SET owner = ?, flow_run_id = ?", (owner, str(run)))


def close(catalog: Path, state: State[object]) -> None:
    """As Prefect calls it."""
    run = FlowRun(id=MINE, flow_id=uuid.uuid4(), parameters={"catalog": str(catalog)})
    close_sessions(flow=backup, flow_run=run, state=state)


@pytest.mark.parametrize(
    ("run", "state", "status"),
    [
        (MINE, Crashed(), "failed"),
        (MINE, Cancelling(), "cancelled"),
        (ANOTHER, Cancelling(), "failed"),
    ],
)
def test_a_session_whose_process_is_gone_ends_as_its_run(
    desk: Desk, run: uuid.UUID, state: State[object], status: str
) -> None:
    left_running(desk, run, GONE)
    close(desk.catalog, state)

    assert desk.ask("SELECT status FROM backup_sessions") == [(status,)]


def test_a_session_that_is_at_work_is_left_alone(desk: Desk) -> None:
    left_running(desk, MINE, owner_stamp())
    close(desk.catalog, Crashed())

    assert desk.ask("SELECT status FROM backup_sessions") == [("running",)]


def test_no_catalog_is_made_for_it(tmp_path: Path) -> None:
    close(tmp_path / "catalog.db", Crashed())

    assert not (tmp_path / "catalog.db").exists()


def test_prefect_calls_it_for_runs_that_crash_and_that_are_cancelled() -> None:
    assert close_sessions in backup.on_crashed_hooks
    assert close_sessions in backup.on_cancellation_hooks
