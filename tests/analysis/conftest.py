"""A cache of its own for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cardcat.analysis import following, snapshot
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.sources import fast_driver
from tests.catalog.helpers import fill, hold


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the snapshots are; what was written at this moment is trusted to look different."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(snapshot, "SETTLED_NS", -1)
    return tmp_path / "cache"


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots are made as those of large catalogs are, but in this process."""

    def follow(path: Path, folder: Path, *, trusted: bool) -> None:
        with open_catalog(path) as opened:
            os.close(snapshot.refresh(opened, folder, fast_driver, trusted=trusted).descriptor)

    monkeypatch.setattr(snapshot, "SMALL", -1)
    monkeypatch.setattr(following, "follow", follow)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A catalog's file with nothing in it."""
    path = tmp_path_factory.mktemp("empty") / "catalog.db"
    open_catalog(path).close()
    return path.read_bytes()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A catalog's file with a session, its journal and a photo in it."""
    path = tmp_path_factory.mktemp("filled") / "catalog.db"
    with open_catalog(path) as opened, opened.write() as c:
        fill(c)
        hold(c)
    return path.read_bytes()
