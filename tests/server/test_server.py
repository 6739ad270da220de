"""The life of cardcat's own server, with a stand-in for Prefect."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from cardcat import reporting, server, stopping
from cardcat.errors import CardcatError, UsageError
from cardcat.server import asking, control, state
from cardcat.shipped import ROOT
from tests.server.conftest import Behave, Calls

pytestmark = pytest.mark.usefixtures("fake_prefect")
PATIENCE = 30.0  # seconds until a test gives up


def until(holds: Callable[[], object]) -> None:
    """Wait for something that must happen."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def supervisor() -> state.State:
    found = state.read()
    assert found is not None
    return found


@pytest.fixture
def usual_port() -> Iterator[socket.socket]:
    """A foreign program has the port that the server would take."""
    with socket.socket() as foreign:
        foreign.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            foreign.bind(("127.0.0.1", 4200))
            foreign.listen()
        yield foreign


def test_nothing_runs_at_first() -> None:
    assert server.find() is None
    assert server.status() == server.ServerStatus(
        running=False, api_url=None, ui_url=None, log=state.log_file()
    )
    assert server.stop() is False


def test_a_server_is_started_once_and_then_found() -> None:
    url = server.ensure()

    assert url is not None
    assert server.ensure() == server.find() == url
    status = server.status()
    assert (status.running, status.own, status.kept) == (True, True, False)
    assert (status.api_url, status.ui_url) == (url, url.removesuffix("/api"))
    assert status.pid == supervisor().pid


def test_stopping_ends_everything() -> None:
    url = server.ensure()
    assert url is not None

    assert server.stop() is True

    assert asking.version(url) is None
    assert not state.locked()
    assert server.find() is None


def test_two_starts_at_once_make_one_server(calls: Calls) -> None:
    program = "from cardcat import server; print(server.ensure())"
    command = [sys.executable, "-c", program]
    with ThreadPoolExecutor() as pool:
        starts = [
            pool.submit(subprocess.run, command, capture_output=True, text=True, check=True) for _ in range(3)
        ]
    answers = {start.result().stdout for start in starts}

    assert answers == {f"{server.find()}\n"}
    assert sum(call["arguments"][1:] == ["server", "start"] for call in calls()) == 1


def test_a_foreign_program_on_the_port_is_left_alone(usual_port: socket.socket) -> None:
    url = server.ensure()

    assert url is not None
    assert ":4200/" not in url


def test_the_page_and_the_children_know_the_port(calls: Calls) -> None:
    url = server.ensure()

    environment = calls()[0]["environment"]
    assert environment["PREFECT_API_URL"] == url
    assert url == f"http://127.0.0.1:{environment['PREFECT_SERVER_API_PORT']}/api"
    assert environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == url.removesuffix("/api")
    assert environment["PREFECT_HOME"] == str(state.home())
    assert environment["DO_NOT_TRACK"] == "1"


def test_nothing_runs_in_the_folder_of_the_user(calls: Calls) -> None:
    """A card that is the working folder could not be ejected otherwise."""
    server.start()
    until(lambda: any("worker" in call["arguments"] for call in calls()))

    assert {Path(call["cwd"]) for call in calls()} == {state.folder(), ROOT}
    assert Path(f"/proc/{supervisor().pid}/cwd").readlink() == state.folder()


def test_a_killed_supervisor_is_followed_by_another(calls: Calls) -> None:
    first = server.ensure()
    killed = supervisor().pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: server.find() is None)
    assert state.locked()  # by the server that it left behind

    second = server.ensure()

    assert first is not None
    assert second is not None
    assert supervisor().pid != killed
    assert not living(killed)


def test_what_a_killed_supervisor_left_can_be_stopped() -> None:
    url = server.ensure()
    assert url is not None
    os.kill(supervisor().pid, signal.SIGKILL)
    until(lambda: server.find() is None)

    assert server.stop() is True

    assert asking.version(url) is None


def test_a_killed_server_is_followed_by_another() -> None:
    server.ensure()
    until(lambda: kill_child("server start"))
    until(lambda: not state.locked())

    assert server.ensure() is not None


def test_a_stale_state_file_is_no_server() -> None:
    url = server.ensure()
    stale = supervisor()
    server.stop()
    state.write(stale)

    assert url is not None
    assert server.find() is None
    assert server.stop() is False


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": 1}', "\x00", '{"owner": 1, "pid": "x"}'])
def test_a_damaged_state_file_is_no_server(data: Path, content: str) -> None:
    data.mkdir(parents=True)
    (data / "state.json").write_text(content)

    assert server.find() is None
    assert server.ensure() is not None


def test_a_home_that_cannot_be_written_is_no_server(data: Path) -> None:
    data.parent.parent.mkdir(parents=True)
    data.parent.write_text("a file where a folder should be")

    assert server.ensure() is None
    assert server.status().running is False
    assert server.stop() is False


def test_a_server_that_fails_is_not_waited_for(behave: Behave, calls: Calls) -> None:
    behave("server-fails")

    assert server.ensure() is None

    assert len(calls()) > 1  # on another port, too


def test_a_server_that_hangs_is_waited_for_no_longer_than_asked(behave: Behave) -> None:
    behave("server-hangs")

    assert server.ensure(wait=0.5) is None


def test_a_user_who_wants_to_stop_does_not_wait(behave: Behave) -> None:
    behave("server-hangs")
    began = time.monotonic()

    with stopping.listening():
        threading.Timer(0.3, stopping.request_stop).start()
        assert server.ensure(wait=PATIENCE) is None

    assert time.monotonic() - began < PATIENCE


def test_a_first_start_which_takes_its_time_is_announced() -> None:
    notes: list[str] = []

    class Listening(reporting.Silent):
        def note(self, sentence: str) -> None:
            notes.append(sentence)

    with reporting.reporting_to(Listening()):
        server.ensure()
        server.stop()
        server.ensure()

    assert len(notes) == 1
    assert "up to a minute" in notes[0]


def test_starting_says_where_the_reason_of_a_failure_is(behave: Behave) -> None:
    behave("server-fails")

    with pytest.raises(CardcatError) as failure:
        server.start()

    assert str(state.log_file()) in failure.value.hint


def test_a_server_without_deployments_is_still_a_server(behave: Behave) -> None:
    behave("deploy-fails")

    assert server.ensure() is not None
    assert "prefect deploy" in state.log_file().read_text()


def test_deployments_are_made_once(calls: Calls) -> None:
    server.ensure()
    server.stop()
    server.ensure()

    assert sum("deploy" in call["arguments"] for call in calls()) == 1


def test_a_kept_server_has_a_worker(calls: Calls) -> None:
    status = server.start()

    assert status.kept
    until(lambda: any("worker" in call["arguments"] for call in calls()))


def test_a_running_server_can_be_kept_afterwards(calls: Calls) -> None:
    url = server.ensure()
    before = supervisor().pid

    status = server.start()

    assert (status.api_url, status.pid, status.kept) == (url, before, True)


def test_stopping_lets_the_runs_of_the_worker_end(data: Path, behave: Behave) -> None:
    behave("run-at-work")
    server.start()
    said = data / "run"
    until(lambda: said.exists() and said.read_text())

    server.stop()

    assert said.read_text().split("\n") == ["", "ended well", ""]


def test_a_worker_that_dies_is_replaced(calls: Calls) -> None:
    def workers() -> int:
        return sum("worker" in call["arguments"] for call in calls())

    server.start()
    until(lambda: workers() == 1)
    kill_child("worker start")
    until(lambda: workers() == 2)


def test_what_a_dead_worker_or_server_left_is_ended(data: Path, calls: Calls) -> None:
    """The runs whose process is gone with it: looked for at every start of the server or a worker."""

    def workers() -> int:
        return sum("worker" in call["arguments"] for call in calls())

    server.start()
    until(lambda: workers() == 1)
    assert asked(data) == 1  # by the server's start
    kill_child("worker start")
    until(lambda: workers() == 2)

    assert asked(data) == 2


def asked(data: Path) -> int:
    """How often somebody asked the stand-in for the runs that are at work."""
    record = data / "asked"
    return record.read_text().count('"RUNNING"') if record.exists() else 0


def test_a_server_that_is_to_be_kept_takes_the_place_of_another(data: Path) -> None:
    """As systemd starts it."""
    server.ensure()
    before = supervisor().pid
    program = [sys.executable, "-P", "-m", "cardcat.server.supervisor", "inf"]
    with subprocess.Popen(program) as kept:
        until(lambda: server.status().kept)

        assert supervisor().pid == kept.pid != before

        kept.terminate()
        assert kept.wait(PATIENCE) == 0


def test_a_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its supervisor sees to it."""
    server.ensure()
    monkeypatch.setattr(asking, "version", lambda _: None)
    monkeypatch.setattr(control, "_start_own", lambda _: pytest.fail("another one was to be started"))

    assert server.ensure() is None
    assert server.status().hangs


def test_a_server_can_be_started_while_something_else_is_done() -> None:
    coming = server.soon()

    assert coming() == server.find() is not None


def test_what_cannot_be_started_is_none_then_too(behave: Behave) -> None:
    behave("server-fails")

    assert server.soon()() is None


def test_status_says_what_the_server_has() -> None:
    server.ensure()

    seen = server.status().look()
    assert (seen.workers, seen.deployments) == (1, ("backup", "nightly"))
    assert [(each.deployment, each.at) for each in seen.upcoming or ()] == [
        ("nightly", "2030-01-01T02:00:00Z")
    ]


def test_a_kept_server_is_kept_after_a_kill(calls: Calls) -> None:
    server.start()
    os.kill(supervisor().pid, signal.SIGKILL)
    until(lambda: server.find() is None)

    server.ensure()

    until(lambda: server.status().kept)


def test_a_stopped_server_is_kept_no_longer() -> None:
    server.start()
    server.stop()

    server.ensure()

    assert not state.keep_file().exists()


def test_a_server_of_another_version_is_replaced_where_nobody_uses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.ensure()
    before = supervisor().pid
    monkeypatch.setattr(state, "version", lambda: "9.9")
    monkeypatch.setattr(asking, "connections", lambda port: 1)
    server.ensure()
    assert supervisor().pid == before

    monkeypatch.setattr(asking, "connections", lambda port: 0)
    server.ensure()
    assert supervisor().pid != before


def test_the_server_of_the_user_comes_first(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> None:
    url = server.ensure()
    assert url is not None
    monkeypatch.setenv("XDG_DATA_HOME", str(state.folder().parents[1] / "elsewhere"))
    monkeypatch.setenv("PREFECT_API_URL", url)

    assert server.find() == server.ensure() == url
    assert server.status().own is False
    assert not state.folder().exists()
    with pytest.raises(UsageError, match="answers"):
        server.start()


def living(group: int) -> list[str]:
    """The processes of a group, those aside that only wait for their end to be noticed."""
    fields = [
        stat.read_text().rpartition(")")[2].split()
        for stat in Path("/proc").glob("[0-9]*/stat")
        if stat.exists()
    ]
    return [status for status, _, its_group, *_ in fields if int(its_group) == group and status != "Z"]


def kill_child(words: str) -> bool:
    """Kill the child of the supervisor whose command line has these words; whether there was one."""
    pid = supervisor().pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
        if words in command:
            os.kill(int(child), signal.SIGKILL)
            return True
    return False
