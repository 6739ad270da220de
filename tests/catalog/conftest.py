"""Catalogs to test with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardcat.catalog import lock, migrate, sqlite
from cardcat.catalog.engine import Catalog, open_catalog
from tests.catalog.helpers import LATER, PRESENT, fill, hold


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a catalog may be made."""
    return tmp_path / "data" / "catalog.db"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    """A new and empty catalog."""
    with open_catalog(path) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for others end at once."""
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)


@pytest.fixture
def permissions(tmp_path: Path) -> None:
    """Skips the test for a user to whom no permission means anything."""
    (tmp_path / "closed").mkdir(mode=0o555)
    if os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("the administrator may write everywhere")


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes this program one that has one more migration, whose body is given; returns its migrations."""

    def make(body: str) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        lines = ["import os, signal", "import sqlalchemy as sa", "from alembic import op"]
        lines += [f"revision = '{LATER}'", f"down_revision = '{PRESENT}'", "def upgrade():", *_indented(body)]
        (folder / "versions" / f"{LATER}_later.py").write_text("\n".join(lines))
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)
        return folder

    return make


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A catalog as the first version made it, with rows in it."""
    folder = tmp_path / "first"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "000[2-9]*"))
    path = tmp_path / "data" / "catalog.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", folder)
        with open_catalog(path) as catalog, catalog.write() as c:
            fill(c, items=3000)
            hold(c)
    return path


def _indented(body: str) -> list[str]:
    return [f"    {line}" for line in body.splitlines()]
