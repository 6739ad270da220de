"""What the supervisor decides, without a server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardcat.server import asking, logs, state, supervisor
from cardcat.server.supervisor import Supervisor


@pytest.fixture
def watching(data: Path) -> Iterator[Supervisor]:
    """A supervisor whose server is a process that does nothing."""
    data.mkdir(parents=True)
    made = Supervisor(lock=0, idle=1.5)
    made._children["server"] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield made
    made._end()


def test_it_ends_when_nobody_has_used_the_server_for_a_while(
    watching: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def connections(port: int) -> int:
        seen.append(port)
        return len(seen) < 4

    monkeypatch.setattr(asking, "connections", connections)

    assert watching._watch() is True

    assert len(seen) > 4  # it stayed while there were clients, and some time after


def test_it_does_not_end_while_the_server_is_kept(
    watching: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def see_to_worker() -> None:
        looks.append(1)
        if len(looks) == 4:
            state.keep_file().unlink()

    state.keep_file().touch()
    monkeypatch.setattr(watching, "_see_to_worker", see_to_worker)
    monkeypatch.setattr(asking, "connections", lambda port: 0)

    assert watching._watch() is True

    assert len(looks) == 4


def test_it_notices_that_the_server_has_ended(watching: Supervisor) -> None:
    watching._children["server"].kill()

    assert watching._watch() is False


def test_a_reaper_that_hangs_does_not_keep_the_worker_away(
    watching: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = [sys.executable, "-c", "import time; time.sleep(600)"]
    reaper = watching._children["reaper"] = subprocess.Popen(hangs)
    watching._reaping_since = time.monotonic()
    assert watching._is_reaping()

    monkeypatch.setattr(supervisor, "_LONGEST_COMMAND", 0.0)

    assert not watching._is_reaping()
    assert reaper.poll() is not None


def test_runs_are_asked_to_end_before_their_worker_is() -> None:
    """The worker would kill them, and Prefect would show them as running for ever."""
    run = "import signal, sys; signal.signal(15, lambda *_: sys.exit(7)); print(flush=True); signal.pause()"
    worker = f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {run!r}]).returncode)"
    with subprocess.Popen([sys.executable, "-c", worker], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()

        supervisor._end_runs(process.pid)

        assert process.stdout.readline() == "7\n"


def test_a_port_of_somebody_else_is_passed_over() -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        taken = foreign.getsockname()[1]

        ports = list(supervisor._free_ports(taken))

    assert taken not in ports
    assert len(ports) >= 2


def test_a_worker_that_ends_again_and_again_is_started_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    patience, waits = supervisor.Patience(), []

    for lived in (1.0, 1.0, 1.0, 1000.0, 1.0):
        assert patience.is_over()
        patience.begin()
        now[0] += lived
        ended = now[0]
        while not patience.is_over():
            now[0] += 1
        waits.append(now[0] - ended)

    assert waits == [9, 19, 39, 0, 9]


def test_a_server_that_is_silent_for_long_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    answers: list[str | None] = ["3.8.8", None]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(asking, "version", lambda _: answers[0])
    hearing = supervisor.Hearing("http://127.0.0.1:1/api")

    now[0] += 1000  # the computer slept
    assert not hearing.is_lost()
    answers.pop(0)
    lost = []
    for _ in range(8):
        now[0] += 20
        lost.append(hearing.is_lost())

    assert lost == [False] * 6 + [True] * 2


def test_a_server_that_hangs_has_ended(watching: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    def connections(port: int) -> int:
        watching._stop.set()  # or it would be watched for ever
        return 1

    monkeypatch.setattr(asking, "connections", connections)
    monkeypatch.setattr(asking, "version", lambda _: None)
    monkeypatch.setattr(supervisor, "_ASK", 0.0)
    monkeypatch.setattr(supervisor, "_SILENCE", 0.0)

    assert watching._watch() is False


def test_the_log_is_kept_short(watching: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    state.log_file().write_bytes(bytes(logs.LONGEST + 1))
    monkeypatch.setattr(asking, "connections", lambda port: 0)
    watching._idle = 0.0

    watching._watch()

    assert state.log_file().stat().st_size == 0
