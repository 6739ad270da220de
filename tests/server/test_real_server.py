"""One life of cardcat's server with the real Prefect: started, deployed to, kept, used by its page, ended."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from cardcat import server
from cardcat.project import init_project
from cardcat.server import state
from cardcat.server.settings import inherited
from cardcat.shipped import ROOT

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:  # a busy server says so, and is asked again
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > end:
                raise
            time.sleep(0.5)


def deployed_folder(url: str) -> str:
    """Where a run of the deployment starts."""
    (step,) = ask(f"{url}/deployments/name/backup/backup")["pull_steps"]
    folder: str = step["prefect.deployments.steps.set_working_directory"]["directory"]
    return folder


def deploy_at_a_terminal(folder: Path, url: str) -> tuple[int, str]:
    """Type `prefect deploy --all`: the exit code, and what stood on the screen."""
    environment = inherited() | {"PREFECT_API_URL": url, "PREFECT_HOME": str(state.home()), "PWD": "/"}
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "prefect", "deploy", "--all"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as typed:
        os.close(terminal)
        said = b""
        with suppress(OSError):  # when the other side has closed it
            while b"[y/n]" not in said:
                said += os.read(screen, 4096)
        if b"[y/n]" in said:  # a question, that nobody would answer
            typed.kill()
    os.close(screen)
    return typed.returncode, said.decode()


def outcome(url: str, parameters: dict[str, object]) -> dict[str, Any]:
    """Start the deployment as the page does, and wait for the end of its run."""
    deployment = ask(f"{url}/deployments/name/backup/backup")["id"]
    run = ask(f"{url}/deployments/{deployment}/create_flow_run", {"parameters": parameters})
    end = time.monotonic() + 120
    while run["state"]["type"] not in ENDED:
        assert time.monotonic() < end, f"{run['state']}\n{state.log_file().read_text()[-3000:]}"
        time.sleep(0.2)
        run = ask(f"{url}/flow_runs/{run['id']}")
    return dict(run["state"])


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with one file."""
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "notes.txt").write_text("a note")
    return folder


def test_a_life(tmp_path: Path, card: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDCAT_CATALOG", str(tmp_path / "catalog.db"))
    url = server.ensure(wait=300)
    assert url is not None, state.log_file().read_text()

    # its page knows where the API is, and asks no tracker
    page = ask(f"{url.removesuffix('/api')}/ui-settings")
    assert (page["api_url"], page["default_ui"]) == (url, "v1")

    # cardcat's own deployments are there, and a user can make theirs without being asked anything
    assert deployed_folder(url) == str(ROOT)
    init_project(tmp_path / "own")
    code, said = deploy_at_a_terminal(tmp_path / "own", url)
    assert code == 0, said
    assert deployed_folder(url) == str(tmp_path / "own")

    # kept, it has a worker that does what the page asks for
    assert server.start(wait=60).kept
    (tmp_path / "drive").mkdir()
    ended = outcome(url, {"source": str(card), "destinations": [str(tmp_path / "drive")]})
    assert ended["type"] == "COMPLETED", f"{ended}\n{state.log_file().read_text()[-3000:]}"
    assert [path.read_text() for path in (tmp_path / "drive").rglob("notes.txt")] == ["a note"]

    assert server.stop() is True
