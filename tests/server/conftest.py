"""A data folder of the test's own, and a Prefect that starts in no time."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cardcat import server
from cardcat.server import state

FAKE = Path(__file__).parent / "fake"
Behave = Callable[[str], None]
Calls = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The folder of the server, for this test; whatever runs in it at the end is stopped."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield state.folder()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    server.stop()


@pytest.fixture
def fake_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the supervisor starts is the stand-in."""
    paths = [str(FAKE), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))


@pytest.fixture
def behave(data: Path) -> Behave:
    """Have the stand-in fail in some ways from now on."""

    def wish(behaviour: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        (data / "behaviour").write_text(behaviour)

    return wish


@pytest.fixture
def calls(data: Path) -> Calls:
    """How Prefect's command line has been called, in order."""

    def read() -> list[dict[str, Any]]:
        record = data / "calls"
        return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []

    return read
