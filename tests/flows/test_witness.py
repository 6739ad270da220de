"""Prefect is a witness, not a pillar: whatever its server does, the backup is done, recorded and ends."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Page, command
from tests.support import Desk, fill, jpeg

LONGEST = 180.0  # seconds until a test gives up: a loaded machine is slow, minutes of waiting are more
EXIT = 45.0  # seconds that a process may take to end once it has answered; Prefect would take a minute


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A server that may be ill-treated: no other test uses it."""
    environment = {n: text for n, text in os.environ.items() if not n.startswith(("PREFECT_", "XDG_"))}
    environment |= {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    try:
        started = command(environment, "server", "start", "--json")
        assert started.returncode == 0, started.stderr
        yield Page(environment, json.loads(started.stdout)["api_url"])
    finally:
        command(environment, "server", "stop")


def supervisor(page: Page) -> int:
    state = Path(page.environment["HOME"], ".local/share/cardcat/server/state.json")
    pid: int = json.loads(state.read_text())["pid"]
    return pid


def signal_server(page: Page, number: signal.Signals) -> None:
    """Send a signal to Prefect's server itself."""
    pid = supervisor(page)
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if "server\0start" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(int(child), number)


def until(holds: Any, seconds: float = LONGEST) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def has_begun(catalog: Path) -> bool:
    try:
        with closing(sqlite3.connect(catalog)) as c:
            return bool(c.execute("SELECT 1 FROM backup_sessions WHERE status = 'running'").fetchall())
    except sqlite3.Error:
        return False


@contextmanager
def in_the_middle(catalog: Path) -> Iterator[None]:
    """Wait for the session to begin; while the catalog is locked here, it can't end."""
    until(lambda: has_begun(catalog))
    with closing(sqlite3.connect(catalog, isolation_level=None, timeout=30)) as c:
        c.execute("BEGIN IMMEDIATE")
        assert c.execute("SELECT status FROM backup_sessions").fetchall() == [("running",)]
        yield
        c.execute("ROLLBACK")


def begun(page: Page, desk: Desk) -> subprocess.Popen[str]:
    """A backup of a card to a drive, as a user types it."""
    fill(desk.card, {f"DCIM/IMG_{number}.JPG": jpeg(number) for number in range(9)})
    arguments = ["--catalog", str(desk.catalog), "backup", "--json", str(desk.card), str(desk.make("drive"))]
    program = [sys.executable, "-c", "from cardcat.cli.main import run; run()", *arguments]
    home = page.environment["HOME"]
    return subprocess.Popen(
        program, cwd=home, env=page.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def assert_all_is_well(backup: subprocess.Popen[str], desk: Desk, *, said: int = 1) -> dict[str, Any]:
    """The work is done and recorded, its exit code is its own, and the server's trouble is said once."""
    assert backup.stdout is not None
    assert backup.stderr is not None
    out = "".join(takewhile(lambda line: line != "}\n", backup.stdout)) + "}"
    backup.wait(EXIT)
    err = backup.stderr.read()
    assert backup.returncode == 0, err
    assert err.count("Prefect") == said, err
    assert "Traceback" not in err
    assert "Error logging" not in err  # by Prefect itself
    answer: dict[str, Any] = json.loads(out)
    assert answer["status"] == "completed"
    assert desk.ask("SELECT status, files_copied FROM backup_sessions") == [("completed", 9)]
    assert len(desk.on()) == 9
    return answer


def test_a_server_that_hangs_in_the_middle(own: Page, desk: Desk, tmp_path: Path) -> None:
    backup = begun(own, desk)
    with in_the_middle(desk.catalog):
        signal_server(own, signal.SIGSTOP)

    try:
        answer = assert_all_is_well(backup, desk)
    finally:
        signal_server(own, signal.SIGCONT)

    # what it was not told, it is told by the next backup
    run = answer["flow_run_id"]
    assert own.ask(f"/flow_runs/{run}")["state"]["type"] == "RUNNING"
    (tmp_path / "again").mkdir()
    again = Desk(tmp_path / "again")
    assert_all_is_well(begun(own, again), again, said=0)
    assert own.ask(f"/flow_runs/{run}")["state"]["type"] == "COMPLETED"


def test_a_server_that_hangs_from_the_start(own: Page, desk: Desk) -> None:
    signal_server(own, signal.SIGSTOP)
    try:
        answer = assert_all_is_well(begun(own, desk), desk)
    finally:
        signal_server(own, signal.SIGCONT)

    assert answer["flow_run_id"] is None


def test_a_server_whose_database_is_locked(own: Page, desk: Desk) -> None:
    database = Path(own.environment["HOME"], ".local/share/cardcat/server/home/prefect.db")
    with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as c:
        backup = begun(own, desk)
        with in_the_middle(desk.catalog):
            c.execute("BEGIN EXCLUSIVE")
        assert_all_is_well(backup, desk)
        c.execute("ROLLBACK")


def test_a_server_that_is_killed_in_the_middle(own: Page, desk: Desk) -> None:
    started = own.cardcat("server", "start")  # it may still be busy with what it heard while it was locked
    assert started.returncode == 0, started.stderr
    backup = begun(own, desk)
    with in_the_middle(desk.catalog):
        os.killpg(supervisor(own), signal.SIGKILL)

    assert_all_is_well(backup, desk)


class Nonsense(BaseHTTPRequestHandler):
    """Says that it is a healthy Prefect server, and answers the rest with something else."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true" if self.path.endswith("/health") else b'{"some": ["thing"]}')

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_server_that_answers_nonsense(own: Page, desk: Desk) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/api"
        strange = Page(own.environment | {"PREFECT_API_URL": url}, url)

        assert_all_is_well(begun(strange, desk), desk)

        server.shutdown()


def run_of(desk: Desk) -> str:
    """The run that the session names."""
    ((run,),) = desk.ask("SELECT flow_run_id FROM session_details")
    assert isinstance(run, str)
    return run


def test_a_run_of_the_command_line_is_cancelled_on_its_page(page: Page, desk: Desk) -> None:
    backup = begun(page, desk)
    with in_the_middle(desk.catalog):
        run = run_of(desk)
        page.ask(f"/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
        assert backup.stderr is not None
        assert any("Cancelled on the page" in line for line in backup.stderr)

    out, err = backup.communicate(timeout=LONGEST)

    assert backup.returncode == 130, err
    assert json.loads(out)["status"] == "cancelled"
    assert desk.ask("SELECT status FROM backup_sessions") == [("cancelled",)]
    assert page.ask(f"/flow_runs/{run}")["state"]["type"] == "CANCELLED"


def test_a_run_of_the_command_line_that_was_killed_is_crashed_by_the_next_one(page: Page, desk: Desk) -> None:
    killed = begun(page, desk)
    with in_the_middle(desk.catalog):
        run = run_of(desk)
        killed.kill()
        killed.communicate(timeout=LONGEST)
    assert page.ask(f"/flow_runs/{run}")["state"]["type"] == "RUNNING"

    assert_all_is_well(begun(page, desk), desk, said=0)

    assert page.ask(f"/flow_runs/{run}")["state"]["type"] == "CRASHED"
    assert run_of(desk) != run
