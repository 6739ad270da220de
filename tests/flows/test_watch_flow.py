"""Cards that are plugged in, seen by a real worker: each backup is a run of its own on the page."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import Flow
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.logging import disable_run_logger

from cardcat.model import BackupOptions
from cardcat.watchlist import disable, enable
from flows.duplicates import duplicates
from flows.watch import watch
from tasks import watch as task
from tests.drives import attached, drive, mounted
from tests.flows.conftest import Page
from tests.support import Desk, fill, jpeg

PHOTOS = {f"DCIM/100/IMG_{n}.JPG": jpeg(n) for n in range(3)}


@pytest.fixture
def enabled(desk: Desk) -> Iterator[Desk]:
    """Two cards and a drive, plugged in; both cards go to the drive."""
    with (
        drive(desk.folder / "card", label="EOS") as card,
        drive(desk.folder / "other", label="GOPRO") as other,
        drive(desk.folder / "drive", label="ARCHIVE") as archive,
    ):
        fill(card, PHOTOS)
        fill(other, {"DCIM/100/CLIP.JPG": jpeg(9)})
        for each in (card, other):
            enable(str(desk.catalog), str(each), BackupOptions(each, (archive,)))
        yield desk


@pytest.fixture
def stranger(desk: Desk) -> Iterator[Path]:
    """A card that is not enabled, mounted where a desktop would: the worker looks nowhere else."""
    with drive(desk.folder / "stranger", label="STRANGER") as card:
        fill(card, PHOTOS)
    place = Path("/media") / f"cardcat-test-{os.getpid()}"
    device = attached(desk.folder / "stranger.img")
    try:
        with mounted(device, place):
            yield place
    finally:
        subprocess.run(["losetup", "-d", device], check=False)
        place.rmdir()


def look(page: Page, catalog: Path) -> dict[str, Any]:
    """A run that looked, made as by the page's own button; again where a scheduled one was in the way."""
    deployment = page.ask("/deployments/name/watch/watch-cards")["id"]
    end = time.monotonic() + 240
    while True:
        order = {"state": {"type": "SCHEDULED"}, "parameters": {"catalog": str(catalog)}}
        made = page.ask(f"/deployments/{deployment}/create_flow_run", order)
        state = page.wait_for_end(made["id"])
        if state != "CANCELLED" or time.monotonic() > end:
            run: dict[str, Any] = page.ask(f"/flow_runs/{made['id']}")
            return run


def be_quiet(page: Page) -> None:
    """Leave a run that had nothing to start."""
    deployment = page.ask("/deployments/name/watch/watch-cards")["id"]
    made = page.ask(f"/deployments/{deployment}/create_flow_run", {"state": {"type": "PENDING"}})
    state = {"type": "COMPLETED", "name": task.QUIET}
    page.ask(f"/flow_runs/{made['id']}/set_state", {"state": state, "force": True})


def quiet_runs(page: Page) -> list[dict[str, Any]]:
    """The runs on the page that had nothing to start."""
    wanted = {"flow_runs": {"state": {"name": {"any_": [task.QUIET]}}}}
    found: list[dict[str, Any]] = page.ask("/flow_runs/filter", wanted)
    return found


def warnings(page: Page, run: str) -> list[str]:
    """What the log of a run warns of; the client tells the server every two seconds."""
    wanted = {"logs": {"flow_run_id": {"any_": [run]}, "level": {"ge_": logging.WARNING}}}
    end = time.monotonic() + 60
    while not (found := page.ask("/logs/filter", wanted)) and time.monotonic() < end:
        time.sleep(0.5)
    return [line["message"] for line in found]


def test_a_card_that_is_plugged_in_is_backed_up_by_a_run_of_its_own(
    page: Page, enabled: Desk, stranger: Path
) -> None:
    """The second card for that drive waits for the first, whose run is not even begun."""
    first = look(page, enabled.catalog)
    assert (first["state"]["type"], first["state"]["name"]) == ("COMPLETED", "Completed"), first["state"]
    assert first["state"]["message"] == (
        f"EOS at {enabled.folder}/card: started; GOPRO at {enabled.folder}/other: at work; "
        f"STRANGER at {stranger}: not enabled"
    )
    (warning,) = warnings(page, first["id"])
    assert f"cardcat watch enable {stranger} DEST" in warning

    ((made,),) = enabled.ask("SELECT flow_run_id FROM watched_destinations WHERE flow_run_id IS NOT NULL")
    run = page.ask(f"/flow_runs/{made}")
    assert run["deployment_id"] == page.ask("/deployments/name/backup/backup")["id"]
    assert run["parameters"]["catalog"] == str(enabled.catalog)
    assert page.wait_for_end(run["id"]) == "COMPLETED"
    assert enabled.ask("SELECT flow_run_id FROM session_details") == [(run["id"],)]
    assert len(enabled.on()) == len(PHOTOS)

    disable(str(enabled.catalog), "GOPRO")
    for _ in range(15):
        be_quiet(page)
    quiet = look(page, enabled.catalog)
    assert (quiet["state"]["type"], quiet["state"]["name"]) == ("COMPLETED", "Nothing new")
    assert enabled.ask("SELECT count(*) FROM backup_sessions") == [(1,)]
    assert len(quiet_runs(page)) <= 12, "one a minute would bury the others"


def test_where_no_run_can_be_made_the_next_look_tries_again(
    enabled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not done in the run that looks, which Prefect may end in the middle."""

    def gone(*_: object, **__: object) -> str:
        raise ConnectionError

    monkeypatch.setattr(task, "create_run", gone)
    with disable_run_logger():
        for _ in range(2):
            seen = task.look_for_cards(str(enabled.catalog))

            assert [card.state.value for card in seen] == ["not now", "not now"]
            assert not task.is_quiet(seen)
    assert enabled.ask("SELECT count(*) FROM backup_sessions") == [(0,)]
    assert enabled.ask("SELECT count(*) FROM watched_destinations WHERE handled IS NOT NULL") == [(0,)]


def test_a_lost_answer_makes_no_second_run(enabled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    monkeypatch.setattr(task, "_asking", lambda: nullcontext(server))
    monkeypatch.setattr(task, "create_run", task.create_run.fn)
    disable(str(enabled.catalog), "GOPRO")
    with disable_run_logger():
        states = [task.look_for_cards(str(enabled.catalog))[0].state.value for _ in range(2)]

    assert states == ["not now", "started"]
    assert len(server.runs) == 1
    ((parameters, _),) = server.asked
    assert [len(parameters["destinations"]), len(parameters["volumes"])] == [1, 2]


class Server:
    """Makes one run for each key, as the real one does; its first answer is lost."""

    def __init__(self) -> None:
        self.runs: dict[str, FlowRun] = {}
        self.asked: list[tuple[dict[str, Any], str]] = []

    def read_deployment_by_name(self, _: str) -> FlowRun:
        return FlowRun(flow_id=uuid4())

    def create_flow_run_from_deployment(
        self, _: UUID, *, parameters: dict[str, Any], name: str, idempotency_key: str
    ) -> FlowRun:
        if idempotency_key in self.runs:
            return self.runs[idempotency_key]
        self.runs[idempotency_key] = FlowRun(flow_id=uuid4())
        self.asked.append((parameters, name))
        raise ConnectionError


def test_without_a_catalog_nothing_is_looked_at(tmp_path: Path) -> None:
    assert task.look_for_cards(str(tmp_path / "none.db")) == []
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("flow", "work"), [(watch, "flows.watch.look_for_cards"), (duplicates, "flows.duplicates.refresh")]
)
def test_a_second_signal_cancels_the_run(
    flow: Flow[..., Any], work: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(work, stopped)
    module = sys.modules[work.rpartition(".")[0]]
    monkeypatch.setattr(module, "begin", lambda: None)
    monkeypatch.setattr(module, "on_page", lambda _: nullcontext(None), raising=False)
    with disable_run_logger():
        state = flow.fn(str(tmp_path / "none.db"))

    assert state.type == StateType.CANCELLED
