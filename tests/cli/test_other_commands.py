"""`cardcat doctor`, `server` and `init`."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import sys
import zoneinfo
from pathlib import Path
from types import SimpleNamespace

import pytest

from cardcat import doctor
from cardcat.catalog.engine import open_catalog
from cardcat.doctor import Health
from cardcat.errors import CardcatError
from cardcat.server.control import ServerStatus
from tests.cli.conftest import Fake, Run

PAGE = "http://127.0.0.1:4200"
STOPPED = ServerStatus(running=False, api_url=None, ui_url=None)
RUNNING = ServerStatus(running=True, api_url=f"{PAGE}/api", ui_url=PAGE, kept=True, pid=7)


@pytest.fixture(autouse=True)
def server(fake: Fake) -> list[str]:
    """No real server; what was done to this one."""
    done: list[str] = []

    def start() -> ServerStatus:
        done.append("start")
        return RUNNING

    def stop() -> None:
        done.append("stop")

    fake(
        "cardcat.server",
        start=start,
        stop=stop,
        status=lambda: RUNNING if done == ["start"] else STOPPED,
    )
    return done


def test_all_is_well(cardcat: Run, tmp_path: Path) -> None:
    answer = cardcat("doctor")
    assert answer.code == 0
    assert answer.out.startswith("ok      python: 3.")
    assert f"none yet; the first backup makes {tmp_path}/data/catalog.db" in answer.out
    assert not (tmp_path / "data").exists()


def test_in_json(cardcat: Run) -> None:
    document = cardcat("doctor", "--json").json
    assert document["healthy"] is True
    assert {"name", "health", "found", "remedy"} == set(document["checks"][0])
    assert {check["name"] for check in document["checks"]} == set(doctor.examine())


def test_a_catalog_that_is_none_is_broken_and_the_rest_is_told(cardcat: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a catalog")
    answer = cardcat("doctor", "--catalog", str(tmp_path / "notes.txt"))
    assert answer.code == 1
    assert f"broken  catalog: The file {tmp_path}/notes.txt is not a catalog" in answer.out
    assert "time zones" in answer.out


def test_a_catalog_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "catalog.db"
    open_catalog(path).close()
    assert doctor.examine(str(path))["catalog"].health is Health.OK
    monkeypatch.setattr(os, "access", lambda where, _: Path(where) != path)
    check = doctor.examine(str(path))["catalog"]
    assert check.health is Health.BROKEN
    assert check.found == f"{path} can't be written to"


def missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))


def old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))


def no_media_info(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymediainfo.MediaInfo.can_parse", lambda: False)


def no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: "/proc" not in str(path))


def no_blkid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(Path, "exists", lambda self: "by-uuid" not in str(self))


def no_noatime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_NOATIME", raising=False)


def no_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(doctor, "ZoneInfo", unknown)


def broken_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise CardcatError("The server is broken.", hint="Stop it: cardcat server stop")

    monkeypatch.setattr(sys.modules["cardcat.server"], "status", fail)


@pytest.mark.parametrize(
    ("trouble", "name", "health"),
    [
        (old_python, "python", Health.BROKEN),
        (missing_package, "packages", Health.BROKEN),
        (full_disk, "catalog space", Health.WARN),
        (broken_server, "prefect server", Health.BROKEN),
        (no_media_info, "libmediainfo", Health.WARN),
        (no_proc, "mounted volumes", Health.BROKEN),
        (no_blkid, "volume identity", Health.WARN),
        (no_noatime, "access times", Health.WARN),
        (no_zones, "time zones", Health.WARN),
    ],
)
def test_each_trouble_is_told_with_what_to_do(
    trouble: object, name: str, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(trouble)
    trouble(monkeypatch)
    check = doctor.examine()[name]
    assert check.health is health
    assert check.found
    assert check.remedy


@pytest.mark.parametrize(
    ("error", "found", "remedy"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/root/x"),
            "permission denied: /root/x",
            "right",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "no space left on device", "Make room"),
        (OSError(errno.EIO, "Input/output error", b"/mnt/\xff"), "input/output error: /mnt/\\xff", "fails"),
        (OSError(errno.ENOTCONN, "Not connected"), "not connected", "Connect"),
        (OSError("odd"), "odd", "dmesg"),
        (ImportError("no module"), "no module", "Install cardcat again."),
    ],
)
def test_what_the_system_will_not_do_gets_advice_that_fits(
    monkeypatch: pytest.MonkeyPatch, error: Exception, found: str, remedy: str
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(shutil, "disk_usage", fail)
    check = doctor.examine()["catalog space"]
    assert (check.health, check.found) == (Health.BROKEN, found)
    assert remedy in check.remedy
    assert ("Install" in check.remedy) is isinstance(error, ImportError)


def test_the_server_is_started_and_stopped(cardcat: Run, server: list[str]) -> None:
    assert cardcat("server", "status", "--json").json == {
        "api_url": None,
        "ui_url": None,
        "running": False,
        "own": True,
        "kept": False,
        "installed": False,
        "pid": None,
        "workers": None,
        "deployments": None,
        "next_runs": [],
        "log": None,
    }
    assert "not running" in cardcat("server", "status").out
    started = cardcat("server", "start")
    assert started.code == 0
    assert started.out.splitlines() == [
        f"The server is running. Its page: {PAGE}",
        "It is kept, with a worker for schedules and the page's buttons. To end it: cardcat server stop",
    ]
    assert cardcat("server", "status", "--json").json == {
        "api_url": "http://127.0.0.1:4200/api",
        "ui_url": "http://127.0.0.1:4200",
        "running": True,
        "own": True,
        "kept": True,
        "installed": False,
        "pid": 7,
        "workers": None,
        "deployments": None,
        "next_runs": [],
        "log": None,
    }
    assert "not running" in cardcat("server", "stop").out
    assert server == ["start", "stop"]


def said_of(cardcat: Run, monkeypatch: pytest.MonkeyPatch, found: ServerStatus) -> list[str]:
    monkeypatch.setattr(sys.modules["cardcat.server"], "status", lambda: found)
    return cardcat("server", "status").out.splitlines()


def test_a_server_that_nobody_keeps_has_no_worker(cardcat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_of(cardcat, monkeypatch, dataclasses.replace(RUNNING, kept=False)) == [
        f"The server is running. Its page: {PAGE}",
        (
            "It has no worker for the page's buttons, and ends when nobody uses it. "
            "To keep it, with a worker: cardcat server start"
        ),
    ]


def test_a_server_that_is_not_ours(cardcat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_of(cardcat, monkeypatch, dataclasses.replace(RUNNING, own=False, kept=False, pid=None)) == [
        f"The server that your Prefect settings name is running. Its page: {PAGE}",
        "For the page's buttons it needs a worker: prefect worker start --pool cardcat",
    ]


@pytest.mark.parametrize("status", [STOPPED, RUNNING])
def test_the_log_of_the_server_is_named_once_there_is_one(
    cardcat: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: ServerStatus
) -> None:
    log = tmp_path / "server.log"
    found = dataclasses.replace(status, log=log)
    assert str(log) not in "".join(said_of(cardcat, monkeypatch, found))
    log.touch()
    assert said_of(cardcat, monkeypatch, found)[-1] == f"Its log: {log}"
    assert cardcat("server", "status", "--json").json["log"] == str(log)


def test_a_project_is_made_once(cardcat: Run, tmp_path: Path) -> None:
    target = tmp_path / "project"
    made = cardcat("init", str(target), "--json")
    assert (made.code, made.json) == (0, {"path": str(target)})
    assert (target / "flows").is_dir()
    again = cardcat("init", str(target))
    assert again.code == 2
    assert "nothing is overwritten" in again.err
