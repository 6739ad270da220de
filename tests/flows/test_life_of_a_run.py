"""What may happen to a worker's run: scheduled, killed, cancelled, retried. Catalog and page agree."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cardcat.catalog.engine import open_catalog
from tests.flows.conftest import Page
from tests.support import Desk, fill, snapshot

FILES, SIZE = 900, 4_000  # no media: none of them is looked at before it is copied; five batches
LONG = 120.0  # seconds that nothing here takes

T = TypeVar("T")


def until(ask: Callable[[], T | None], what: str, every: float = 0.005) -> T:
    """The first answer that there is, asked for every so many seconds."""
    end = time.monotonic() + LONG
    while (answer := ask()) is None:
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(every)
    return answer


@dataclass
class Life:
    """A desk whose card a worker backs up, and what the catalog and the page say of that."""

    page: Page
    desk: Desk
    drive: Path

    @property
    def parameters(self) -> dict[str, Any]:
        """What the form would be filled in with."""
        return {
            "source": str(self.desk.card),
            "destinations": [str(self.drive)],
            "catalog": str(self.desk.catalog),
        }

    @property
    def deployment(self) -> str:
        """The address of the deployment."""
        return f"/deployments/{self.page.ask('/deployments/name/backup/backup')['id']}"

    def press_run(self) -> str:
        """The page's Run button; the id of the run."""
        wanted = {"state": {"type": "SCHEDULED"}, "parameters": self.parameters}
        return str(self.page.ask(f"{self.deployment}/create_flow_run", wanted)["id"])

    def press(self, button: str, run: str) -> None:
        """A button of the run's page: Retry or Cancel, as the page's own program asks for it."""
        states: dict[str, dict[str, Any]] = {
            "Retry": {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"},
            "Cancel": {"type": "CANCELLING", "name": "Cancelling"},
        }
        answer = self.page.ask(
            f"/flow_runs/{run}/set_state", {"state": states[button], "force": button == "Cancel"}
        )
        assert answer["status"] == "ACCEPT", answer

    def sessions(self) -> list[tuple[object, ...]]:
        """Id, status, attempts and the run that is named, of every session."""
        return self.desk.ask(
            "SELECT id, status, attempts, flow_run_id FROM backup_sessions "
            "JOIN session_details ON id = session_id"
        )

    def recorded(self) -> int:
        """How many files have come to their end."""
        return int(str(self.desk.ask("SELECT count(*) FROM backup_items WHERE state = 'verified'")[0][0]))

    def stop_in_the_middle(self) -> int:
        """
        Stop the run's process once a batch is recorded and others are not; its number.

        Not while it writes to the catalog, which others would wait for.
        """
        number = until(self._process_after_a_batch, "the first batch")
        until(lambda: self._stopped_beside_the_catalog(number) or None, "a moment to stop it in")
        assert 0 < self.recorded() < FILES, "the run was done before it could be stopped"
        return number

    def _stopped_beside_the_catalog(self, number: int) -> bool:
        os.kill(number, signal.SIGSTOP)
        until(lambda: is_stopped(number) or None, "the process to stop")
        with closing(sqlite3.connect(self.desk.catalog, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(number, signal.SIGCONT)
                return False
        return True

    def _process_after_a_batch(self) -> int | None:
        if not self.recorded():
            return None
        ((owner,),) = self.desk.ask("SELECT owner FROM session_details")
        assert isinstance(owner, str), "the run was done before it could be stopped"
        return int(json.loads(owner)["pid"])

    def summary(self, run: str) -> str:
        """The last summary that a run has left."""
        found = sorted(self.page.artifacts(run, "markdown"), key=lambda artifact: str(artifact["created"]))
        return str(found[-1]["data"])

    def bytes_read(self, run: str) -> float:
        """What the last attempt has read from the card, at least: the summary says it in one digit."""
        found = re.search(r"([\d.]+) (KB|MB) read", self.summary(run))
        assert found
        return (float(found[1]) - 0.05) * {"KB": 1e3, "MB": 1e6}[found[2]]

    def assert_all_is_there(self) -> None:
        """Every file of the card has one copy, on record and on the drive."""
        assert len(self.desk.on()) == FILES
        assert sorted(self.desk.on().values()) == sorted(
            path.read_bytes() for path in self.desk.card.rglob("*") if path.is_file()
        )
        assert self.recorded() == FILES
        assert not [*(self.drive / ".cardcat/incoming").iterdir()]


def is_stopped(number: int) -> bool:
    """Whether all threads of a process stand still."""
    tasks = Path(f"/proc/{number}/task").iterdir()
    return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)


def has_pending(number: int, wanted: signal.Signals) -> bool:
    """Whether a signal waits for a process that is stopped."""
    lines = Path(f"/proc/{number}/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask & 1 << wanted - 1 for mask in masks)


@pytest.fixture
def life(page: Page, desk: Desk) -> Life:
    """A card with several batches of files, and a drive."""
    fill(desk.card, {f"DATA/{n:04}.BIN": b"%06d" % n + bytes([n % 251]) * (SIZE - 6) for n in range(FILES)})
    open_catalog(desk.catalog).close()  # so that it can be looked at from the beginning
    return Life(page, desk, desk.make("drive"))


def start_by_schedule(life: Life) -> str:
    """Have `backup` run on a schedule, which is taken away once its first run begins; the id of that."""
    schedule = {
        "active": True,
        "slug": "soon",
        "schedule": {"interval": 15, "anchor_date": datetime.now(UTC).isoformat(), "timezone": "UTC"},
        "parameters": life.parameters,
    }
    (made,) = life.page.ask(f"{life.deployment}/schedules", [schedule])

    def begun() -> str | None:
        runs = life.page.ask("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        mine = [run for run in runs if run["parameters"] == life.parameters and run["auto_scheduled"]]
        return next((run["id"] for run in mine if run["state_type"] != "SCHEDULED"), None)

    try:
        return until(begun, "the scheduler and the worker", every=0.5)
    finally:
        life.page.send("DELETE", f"{life.deployment}/schedules/{made['id']}")


def test_a_scheduled_run_that_is_killed_is_retried_and_reads_only_what_is_missing(life: Life) -> None:
    before = snapshot(life.desk.card)
    run = start_by_schedule(life)
    process = life.stop_in_the_middle()
    recorded = life.recorded()
    os.kill(process, signal.SIGKILL)

    assert life.page.wait_for_end(run) == "CRASHED"
    life.page.log(run, until="exceeded its memory")  # what a worker says last of a killed run
    assert life.sessions() == [(1, "failed", 1, run)]

    life.press("Retry", run)
    assert life.page.wait_for_end(run) == "COMPLETED"

    missing = FILES - recorded
    assert life.sessions() == [(1, "completed", 2, run)]
    assert life.page.ask(f"/flow_runs/{run}")["run_count"] == 2
    copied = f"{missing * SIZE / 1_000_000:.1f} MB"
    assert f"| 1 | completed | {missing}, {copied} | {recorded} | 0 | 0 |" in life.summary(run)
    assert life.bytes_read(run) <= missing * SIZE
    assert len(life.page.artifacts(run, "progress")) == 1, "the second attempt moves the bar of the first"
    assert snapshot(life.desk.card) == before
    life.assert_all_is_there()


def test_two_runs_never_write_one_drive_and_a_cancelled_one_is_finished_later(life: Life) -> None:
    first = life.press_run()
    process = life.stop_in_the_middle()

    second = life.press_run()
    assert life.page.wait_for_end(second) == "FAILED"
    said = life.page.ask(f"/flow_runs/{second}")["state"]["message"]
    assert f"Another cardcat run works on this destination (process {process} on " in said

    life.press("Cancel", first)
    until(lambda: has_pending(process, signal.SIGTERM) or None, "the worker to ask the run to end")
    os.kill(process, signal.SIGCONT)
    assert life.page.wait_for_end(first) == "CANCELLED"
    assert life.sessions() == [(1, "cancelled", 1, first)]

    life.press("Retry", second)
    assert life.page.wait_for_end(second) == "COMPLETED"
    assert life.sessions() == [(1, "completed", 2, second)]
    life.assert_all_is_there()


def test_a_run_outlives_its_worker(life: Life) -> None:
    run = life.press_run()
    process = life.stop_in_the_middle()
    worker = parent_of(process)

    os.kill(worker, signal.SIGKILL)
    os.kill(process, signal.SIGCONT)

    assert life.page.wait_for_end(run) == "COMPLETED"
    assert life.sessions() == [(1, "completed", 1, run)]
    life.assert_all_is_there()


def test_the_same_command_finishes_what_a_worker_left_when_all_was_killed(life: Life) -> None:
    """As after a power cut: neither the run nor its worker can say anything."""
    run = life.press_run()
    process = life.stop_in_the_middle()
    recorded = life.recorded()
    for number in (parent_of(process), process):
        os.kill(number, signal.SIGKILL)
    until(lambda: (not Path(f"/proc/{process}").exists()) or None, "the process to go")

    done = life.page.cardcat("--catalog", life.desk.catalog, "backup", "--json", life.desk.card, life.drive)

    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (answer["sessions"][0]["resumed"], answer["sessions"][0]["files_copied"]) == (
        True,
        FILES - recorded,
    )
    assert life.sessions() == [(1, "completed", 2, answer["flow_run_id"])]
    assert life.page.wait_for_end(run) == "CRASHED"
    life.assert_all_is_there()


def test_a_card_that_is_pulled_fails_run_and_session_and_rerun_finishes_them(life: Life) -> None:
    run = life.press_run()
    process = life.stop_in_the_middle()
    out = life.desk.card.rename(life.desk.folder / "pocket")
    mount_point = life.desk.make("card")  # what a card leaves behind
    os.kill(process, signal.SIGCONT)

    assert life.page.wait_for_end(run) == "FAILED"
    assert life.sessions() == [(1, "failed", 1, run)]

    mount_point.rmdir()
    out.rename(mount_point)
    done = life.page.cardcat("--catalog", life.desk.catalog, "sessions", "rerun", "1", "--json")

    assert done.returncode == 0, done.stderr
    assert [row[:3] for row in life.sessions()] == [(1, "completed", 2)]
    life.assert_all_is_there()


def parent_of(number: int) -> int:
    """The process that started another one."""
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
