"""How a run whose process is gone ends on the page: as its sessions did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from cardcat.catalog.engine import open_catalog
from cardcat.server import reaping
from cardcat.server.runs import Ending, Lost
from tests.catalog.helpers import fill


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lost], Ending | None]:
    """What is to be said of a run that was lost."""
    given: list[Callable[[Lost], Ending | None]] = []

    def reap_runs(_: str | None, *, ended: Callable[[Lost], Ending | None], all_lost: bool) -> list[str]:
        assert not all_lost
        given.append(ended)
        return []

    monkeypatch.setattr("cardcat.server.runs.reap_runs", reap_runs)
    reaping.reap()
    return given[0]


def lost(tmp_path: Path, status: str, drives: int, *, cancelling: bool = False) -> Lost:
    """A run for so many drives, of which one has a session."""
    path = tmp_path / "catalog.db"
    with open_catalog(path) as catalog, catalog.write() as c:
        fill(c)
        c.execute(text(f"UPDATE backup_sessions SET status = '{status}', completed_at = 9"))
        c.execute(text("UPDATE session_details SET flow_run_id = 'run', owner = NULL"))
    destinations = [f"/drive{number}" for number in range(drives)]
    return Lost("run", cancelling, {"catalog": str(path), "destinations": destinations})


def test_what_reached_all_its_drives_is_completed(
    tmp_path: Path, ended: Callable[[Lost], Ending | None]
) -> None:
    found = ended(lost(tmp_path, "completed", 1))
    assert found is not None
    assert found.type == "COMPLETED"


def test_what_did_not_reach_a_drive_is_not(tmp_path: Path, ended: Callable[[Lost], Ending | None]) -> None:
    assert ended(lost(tmp_path, "completed", 2)) is None


def test_what_was_to_be_cancelled_is_cancelled_before_it_reached_a_drive(
    tmp_path: Path, ended: Callable[[Lost], Ending | None]
) -> None:
    found = ended(lost(tmp_path, "cancelled", 2))
    assert found is not None
    assert found.type == "CANCELLED"
