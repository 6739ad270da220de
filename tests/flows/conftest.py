"""A real Prefect server of cardcat's own, for the tests of the flows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BUSY = 503  # its database is locked for a moment; Prefect's own client asks again too


@dataclass(frozen=True)
class Page:
    """The server that the commands below use, asked by its own API."""

    environment: dict[str, str]
    api_url: str

    def cardcat(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would."""
        return command(self.environment, *arguments)

    def ask(self, path: str, body: object | None = None) -> Any:
        """What the server answers."""
        return json.loads(self.send("GET" if body is None else "POST", path, body))

    def send(self, method: str, path: str, body: object | None = None) -> bytes:
        """The bytes that the server answers with."""
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.api_url}{path}", data, kind, method=method)
        end = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    found: bytes = answer.read()
            except urllib.error.HTTPError as refused:
                if refused.code != BUSY or time.monotonic() > end:
                    raise
                time.sleep(1)
            else:
                return found

    def wait_for_end(self, run: str, seconds: float = 120) -> str:
        """The type of the state that a flow run ends in."""
        end = time.monotonic() + seconds
        while True:
            state: str = self.ask(f"/flow_runs/{run}")["state"]["type"]
            if state in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") or time.monotonic() > end:
                return state
            time.sleep(0.5)

    def log(self, run: str, until: str = "", seconds: float = 60) -> list[dict[str, Any]]:
        """The lines of a flow run's log, the first ones first; once one of them has the words *until*."""
        wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC"}
        end = time.monotonic() + seconds
        while True:
            found: list[dict[str, Any]] = self.ask("/logs/filter", wanted)
            if any(until in line["message"] for line in found) or time.monotonic() > end:
                return found
            time.sleep(0.5)

    def artifacts(self, run: str, kind: str) -> list[dict[str, Any]]:
        """The artifacts of a flow run."""
        wanted = {"flow_run_id": {"any_": [run]}, "type": {"any_": [kind]}}
        found: list[dict[str, Any]] = self.ask("/artifacts/filter", {"artifacts": wanted})
        return found


def command(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run cardcat in a process of its own."""
    program = [sys.executable, "-c", "from cardcat.cli.main import run; run()", *map(str, arguments)]
    return subprocess.run(
        program, cwd=environment["HOME"], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A server with a home of its own, ended with the tests."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "XDG_"))
    }
    environment |= {"HOME": str(home), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        for _ in range(3):  # seconds are short where many tests are run at once
            started = command(environment, "server", "start", "--json")
            if started.returncode == 0:
                break
        assert started.returncode == 0, started.stderr
        yield Page(environment, json.loads(started.stdout)["api_url"])
    finally:
        command(environment, "server", "stop")
