"""What `cardcat doctor` says of the server."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cardcat import doctor
from cardcat.doctor import Health
from cardcat.server import ServerStatus
from cardcat.server.overview import Overview

UP = ServerStatus(
    running=True,
    api_url="http://127.0.0.1:4200/api",
    ui_url="http://127.0.0.1:4200",
    kept=True,
    log=Path("/data/server.log"),
    look=lambda: Overview(workers=1, deployments=("backup",)),
)


@pytest.mark.parametrize(
    ("status", "health", "remedy"),
    [
        (ServerStatus(running=False, api_url=None, ui_url=None), Health.OK, ""),
        (ServerStatus(running=False, api_url=None, ui_url=None, hangs=True), Health.WARN, "server stop"),
        (UP, Health.OK, ""),
        (replace(UP, look=lambda: Overview(workers=1, deployments=())), Health.WARN, "/data/server.log"),
        (replace(UP, own=False, look=lambda: Overview(deployments=())), Health.WARN, "prefect deploy"),
        (replace(UP, look=lambda: Overview(workers=0, deployments=("backup",))), Health.WARN, "server.log"),
        (replace(UP, look=Overview), Health.OK, ""),
    ],
)
def test_the_server_as_it_is(
    status: ServerStatus, health: Health, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["cardcat.server"], "status", lambda: status)

    check = doctor.examine()["prefect server"]

    assert check.health is health
    assert remedy in check.remedy
