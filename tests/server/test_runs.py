"""Runs whose process is gone, and runs that are cancelled on the page: told by plain HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from cardcat.owner import owner_stamp
from cardcat.server import runs
from cardcat.server.runs import Ending, Lost


class Server(BaseHTTPRequestHandler):
    """Has some runs, and keeps what it is told of them."""

    runs: ClassVar[dict[str, dict[str, Any]]] = {}
    told: ClassVar[list[tuple[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/filter"):
            types = body["flow_runs"]["state"]["type"]["any_"]
            wanted = [run for run in self.runs.values() if run["state_type"] in types]
            return self._say(wanted[body["offset"] : body["offset"] + body["limit"]])
        identity = self.path.split("/")[-2]
        self.told.append((identity, body))
        self.runs[identity]["state_type"] = body["state"]["type"]
        return self._say({"status": "ACCEPT"})

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.append((self.path.split("/")[-2], body))
        self.send_response(204)
        self.end_headers()

    def do_GET(self) -> None:
        self._say(self.runs.get(self.path.split("/")[-1]))

    def _say(self, document: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    """The API URL of a server without runs."""
    Server.runs.clear()
    Server.told.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def add(
    name: str, state: str = "RUNNING", owner: str | None = None, attempt: int = 1, **more: object
) -> None:
    labels = {} if owner is None else {runs.OWNER: owner, runs.ATTEMPT: attempt}
    Server.runs[name] = {"id": name, "state_type": state, "run_count": 1, "labels": labels, **more}


def dead_stamp() -> str:
    program = "from cardcat.owner import owner_stamp; print(owner_stamp())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def stamp_elsewhere() -> str:
    return json.dumps(
        json.loads(owner_stamp()) | {"host": f"not-{socket.gethostname()}", "machine": "another"}
    )


def test_a_run_whose_process_is_gone_is_crashed(api: str) -> None:
    add("dead", owner=dead_stamp())
    add("cancelling", "CANCELLING", owner=dead_stamp())
    add("alive", owner=owner_stamp())
    add("elsewhere", owner=stamp_elsewhere())
    add("unknown")
    add("done", "COMPLETED", owner=dead_stamp())

    assert runs.reap_runs(api) == ["dead", "cancelling"]

    assert [(name, body["state"]["type"], body["force"]) for name, body in Server.told] == [
        ("dead", "CRASHED", True),
        ("cancelling", "CRASHED", True),
    ]
    assert runs.reap_runs(api) == []


def test_a_run_that_is_tried_again_has_no_owner_yet(api: str) -> None:
    """Its stamp is that of the attempt before, which is dead."""
    add("retried", owner=dead_stamp(), attempt=1, run_count=2)
    add("retried-soon", "PENDING", owner=dead_stamp(), attempt=1, run_count=1)

    assert runs.reap_runs(api) == []


def test_when_no_worker_is_left_what_one_had_begun_is_lost(api: str) -> None:
    add("retried", owner=dead_stamp(), run_count=2, work_pool_name="cardcat")
    add("pending", "PENDING", work_pool_name="cardcat")
    add("of-another-pool", work_pool_name="other")
    add("elsewhere", owner=stamp_elsewhere(), run_count=2, work_pool_name="cardcat")
    add("alive", "PENDING", owner=owner_stamp(), work_pool_name="cardcat")

    assert runs.reap_runs(api, all_lost=True) == ["retried", "pending"]


def test_a_run_ends_as_its_work_did(api: str) -> None:
    add("done", owner=dead_stamp(), parameters={"catalog": "/c"})

    def ended(lost: Lost) -> Ending:
        assert lost == Lost("done", cancelling=False, parameters={"catalog": "/c"})
        return Ending("COMPLETED", "It was.")

    assert runs.reap_runs(api, ended=ended) == ["done"]
    assert Server.runs["done"]["state_type"] == "COMPLETED"


def test_many_runs_are_looked_through(api: str) -> None:
    stamp = dead_stamp()
    for number in range(450):
        add(str(number), owner=stamp)

    assert len(runs.reap_runs(api)) == 450


def test_the_owner_is_written_on_the_run(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", api)

    assert runs.stamp_owner("mine", 3)

    assert Server.told == [("mine", {runs.OWNER: owner_stamp(), runs.ATTEMPT: 3})]


def test_a_cancelled_run_is_noticed_once(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_EVERY", 0.01)
    asked = threading.Event()
    times: list[int] = []

    def cancel() -> None:
        times.append(1)
        asked.set()

    add("mine")
    with runs.watching("mine", cancel, api) as watch:
        assert not asked.wait(0.2)
        add("mine", "CANCELLING")
        assert asked.wait(30)
        answered = watch.answered
        while watch.answered == answered:
            pass

    assert times == [1]


def test_a_server_that_is_silent_cancels_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_EVERY", 0.01)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"

        with runs.watching("mine", lambda: pytest.fail("nobody cancelled it"), url) as watch:
            while watch.silence < 0.1:
                pass
        assert runs.reap_runs(url) == []
        assert not runs.end_run("mine", Ending("CRASHED", ""), url)
        assert not runs.stamp_owner("mine", api_url=url)


def test_without_a_server_nothing_happens() -> None:
    assert "PREFECT_API_URL" not in os.environ
    assert runs.reap_runs() == []
    assert not runs.stamp_owner("mine")
