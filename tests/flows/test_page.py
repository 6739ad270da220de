"""What flows tell the page of: by a thread of its own, so that the work waits for nobody."""

from __future__ import annotations

import errno
import threading
import uuid
from collections.abc import Iterator
from typing import Any, Self
from unittest.mock import Mock

import pytest
from prefect.states import Failed

from cardcat.errors import CatalogBusyError, DestinationError, UsageError
from cardcat.reporting import Silent, reporting_to
from tasks import page as page_module
from tasks.page import on_page
from tasks.policy import is_worth_a_retry


class Notes(Silent):
    """Keeps what a person is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, sentence: str) -> None:
        self.said.append(sentence)


class Server:
    """Stands in for a client and its server: keeps what it is told, as long as it answers."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.bars: list[uuid.UUID] = []
        self.refuses = 0
        self.hangs = threading.Event()
        self.hangs.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update_flow_run_labels(self, _run: uuid.UUID, labels: dict[str, str]) -> None:
        self.hangs.wait()
        if self.refuses:
            self.refuses -= 1
            raise OSError(errno.ECONNREFUSED, "nobody there")
        self.told.append(labels)

    def read_artifacts(self, **_: object) -> list[Any]:
        return [Mock(id=bar) for bar in self.bars]

    def create_artifact(self, artifact: Any) -> Any:
        self.told.append(artifact.data)
        self.bars += [uuid.uuid4()] * (artifact.type == "progress")
        return Mock(id=uuid.uuid4())

    def request(self, _method: str, _path: str, *, json: dict[str, object], **_: object) -> None:
        self.told.append(json["data"])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server for a flow run that is at work, and no patience with it."""
    found = Server()
    monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__ID", str(uuid.uuid4()))
    monkeypatch.setattr(page_module, "get_client", lambda **_: found)
    monkeypatch.setattr(page_module, "EVERY", 0.01)
    monkeypatch.setattr(page_module, "AT_THE_END", 0.2)
    yield found
    found.hangs.set()


def test_all_of_it_is_told_and_the_bar_stands_where_the_work_ended(server: Server) -> None:
    notes = Notes()
    with reporting_to(notes), on_page("backup") as page:
        page.label("cardcat.sessions", "7")
        page.markdown("summary", "all well")
        for percent in range(101):
            page.progress(percent, "Copying")

    assert {"cardcat.sessions": "7"} in server.told
    assert "all well" in server.told
    assert server.told[-1] == 100
    assert notes.said == []


def test_a_retry_moves_the_bar_of_the_attempt_before(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in (1, 2):
        monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__RUN_COUNT", str(attempt))
        with on_page("backup") as page:
            page.progress(40 * attempt, "Copying")

    assert server.told == [40, 80]
    assert len(server.bars) == 1


def test_a_server_that_comes_back_is_told_what_it_missed(server: Server) -> None:
    server.refuses = 3
    with on_page("backup") as page:
        page.label("cardcat.sessions", "7")

    assert {"cardcat.sessions": "7"} in server.told


def test_a_server_that_hangs_keeps_nobody_waiting_and_that_is_said_once(server: Server) -> None:
    server.hangs.clear()
    notes = Notes()
    with reporting_to(notes), on_page("backup") as page:
        page.label("cardcat.sessions", "7")
        page.progress(50, "Copying")
        page.markdown("summary", "all well")

    assert server.told == []
    assert notes.said == ["The Prefect server did not answer: the run's page does not show all of it."]


def test_outside_a_flow_run_nothing_happens(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT__RUNTIME__FLOW_RUN__ID")
    with on_page("backup") as page:
        page.label("cardcat.sessions", "7")

    assert server.told == []


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (CatalogBusyError("busy"), True),
        (OSError(errno.ETIMEDOUT, "a share that slept"), True),
        (OSError(errno.ENOSPC, "full"), False),
        (OSError(errno.EIO, "broken"), False),
        (DestinationError("gone"), False),
        (UsageError("wrong"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(error: Exception, *, again: bool) -> None:
    assert is_worth_a_retry(Mock(), Mock(), Failed(data=error)) is again
