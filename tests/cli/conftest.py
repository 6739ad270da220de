"""The command line as the tests call it: in this process, by its arguments."""

from __future__ import annotations

import json
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cardcat.cli.main import main
from tests.cli.samples import make_catalog


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; fails if there is anything else."""
        return json.loads(self.out)


Run = Callable[..., Answer]
Fake = Callable[..., None]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No catalog of the person who runs the tests, no colours, one time zone, 80 columns."""
    monkeypatch.setenv("CARDCAT_CATALOG", str(tmp_path / "data" / "catalog.db"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TZ", "UTC")
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _heed_hangup() -> Iterator[None]:
    """Also where the tests themselves are run under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def cardcat(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture(autouse=True)
def _no_flow(fake: Fake) -> None:
    """A test that gets as far as a flow by mistake must not start a server on the computer it runs on."""

    def run_flow(*_: object) -> None:
        raise AssertionError("no flow is run by the tests of the command line")

    fake("cardcat.prefect_run", run_flow=run_flow)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a module with these names in the place of a module of the program."""

    def install(name: str, **names: object) -> None:
        module = types.ModuleType(name)
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, name, module)
        parent, _, last = name.rpartition(".")
        monkeypatch.setattr(sys.modules[parent], last, module, raising=False)

    return install


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with a session that failed, one that was completed, and their volumes."""
    path = tmp_path / "catalog.db"
    make_catalog(path)
    return path
