"""What a backup does with what Prefect raises. No server, no Prefect."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from cardcat import prefect_run, reporting, stopping
from cardcat.errors import SourceError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.server import runs

NOWHERE = "http://127.0.0.1:9/api"
DONE = cast("BackupResult", type("Done", (), {"status": SessionStatus.COMPLETED})())


class Signal(BaseException):
    """Prefect's own signals are no exceptions either."""


@pytest.fixture
def notes() -> Iterator[list[str]]:
    said: list[str] = []

    class Listening(reporting.Silent):
        def note(self, sentence: str) -> None:
            said.append(sentence)

    with reporting.reporting_to(Listening()), stopping.listening():
        yield said


@pytest.fixture
def directly(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the user wanted an end each time that the backup was done without Prefect."""
    asked: list[bool] = []

    def done(*_: object) -> BackupResult:
        asked.append(stopping.stop_requested())
        return DONE

    monkeypatch.setattr(prefect_run, "_directly", done)
    return asked


def outcome(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, **before: Any) -> BackupResult:
    """Run a flow that ends with *error*, once it has done something *before*."""

    def as_flow(self: Any, flow: object) -> None:
        self._id = "the-run"
        if before.get("result"):
            reporting.current().finished(DONE)
        for sentence in before.get("said", ()):
            reporting.current().note(sentence)
        if error:
            raise error

    monkeypatch.setattr(prefect_run._Witnessed, "_as_flow", as_flow)
    options = BackupOptions(source=Path("/card"), destinations=(Path("/drive"),))
    return prefect_run._Witnessed(NOWHERE, options, None).run(cast("Any", None))


@pytest.mark.parametrize("error", [RuntimeError(), Signal()])
def test_work_that_is_done_is_not_done_again(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool], error: BaseException
) -> None:
    assert outcome(monkeypatch, error, result=True) is DONE

    assert directly == []
    assert notes == [prefect_run._NO_END]


@pytest.mark.parametrize("error", [RuntimeError(), Signal()])
def test_work_that_is_not_done_goes_on(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool], error: BaseException
) -> None:
    assert outcome(monkeypatch, error) is DONE

    assert directly == [False]
    assert len(notes) == 1
    assert "goes on without its page" in notes[0]


def test_what_was_said_of_the_server_is_not_said_again(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool]
) -> None:
    outcome(monkeypatch, RuntimeError(), result=True, said=["The Prefect server did not answer."])

    assert notes == ["The Prefect server did not answer."]


def test_a_run_that_was_cancelled_before_it_began_is_not_done(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool]
) -> None:
    monkeypatch.setattr(runs, "is_cancelled", lambda *_: True)
    monkeypatch.setattr(runs, "end_run", lambda *_: True)

    outcome(monkeypatch, Signal())

    assert directly == [True]
    assert notes == []


def test_a_page_that_answers_again_is_told_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool]
) -> None:
    told: list[tuple[object, ...]] = []

    def end_run(*args: object) -> bool:
        told.append(args)
        return True

    monkeypatch.setattr(runs, "end_run", end_run)

    outcome(monkeypatch, RuntimeError(), result=True)

    assert [(name, ending.type, url) for name, ending, url in cast("Any", told)] == [
        ("the-run", "COMPLETED", NOWHERE)
    ]
    assert notes == []


@pytest.mark.parametrize("error", [SourceError("The card is gone."), KeyboardInterrupt()])
def test_what_the_work_raises_is_raised(
    monkeypatch: pytest.MonkeyPatch, notes: list[str], directly: list[bool], error: BaseException
) -> None:
    with pytest.raises(type(error)):
        outcome(monkeypatch, error)

    assert directly == []
    assert notes == []


def test_cancelling_on_the_page_asks_for_an_end(notes: list[str]) -> None:
    stop = prefect_run._stopping(reporting.current())
    thread = threading.Thread(target=stop)
    thread.start()
    thread.join()

    assert stopping.stop_requested()
    assert len(notes) == 1
