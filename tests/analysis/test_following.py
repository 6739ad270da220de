"""A large catalog is read in a process of its own: two SQLites in one take each other's locks away."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cardcat import analysis
from cardcat.analysis import following, snapshot
from cardcat.catalog.engine import open_catalog
from cardcat.errors import CatalogError


@pytest.fixture
def path(tmp_path: Path, filled: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog that is taken for a large one."""
    monkeypatch.setattr(snapshot, "SMALL", -1)
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def names(path: Path) -> list[str]:
    with analysis.connect(path) as db:
        return [name for (name,) in db.sql("SELECT label FROM volumes ORDER BY id").fetchall()]


def test_another_process_makes_the_snapshot(path: Path, cache: Path) -> None:
    assert names(path) == ["card", "drive"]
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    assert names(path) == ["card", "OTHER"]
    assert len(list(cache.rglob("index-*.json"))) == 1


def test_a_writer_keeps_its_locks_while_the_catalog_is_asked(path: Path) -> None:
    """With the fast driver in this process, the other one would get in between."""
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    with open_catalog(path) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE volumes SET label = 'mine' WHERE label = 'card'")
        assert names(path) == ["card", "drive"]
        done = subprocess.run(
            [sys.executable, "-c", other, str(path)], capture_output=True, text=True, check=False
        )
        assert "database is locked" in done.stderr
    assert names(path) == ["mine", "drive"]


def test_the_fast_driver_is_nowhere_else() -> None:
    package = Path(analysis.__file__).parents[1]
    users = [file.name for file in package.rglob("*.py") if "fast_driver" in file.read_text(encoding="utf-8")]
    assert sorted(users) == ["arrow.py", "following.py", "sources.py"]


def test_a_catalog_that_cannot_be_read_is_said(path: Path) -> None:
    change(path, "UPDATE devices SET last_seen_at = 'many'")
    with pytest.raises(CatalogError, match="damaged") as caught:
        names(path)
    assert "restore" in caught.value.hint


def test_without_room_there_the_catalog_is_read_into_memory(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(path)
    (folder,) = (folder for folder in cache.rglob("*-0*") if folder.is_dir())
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    (folder / "lock").unlink()
    (folder / "lock").mkdir()
    with pytest.raises(OSError, match="directory") as caught:
        following.follow(path, folder, trusted=True)
    assert caught.value.errno == errno.EISDIR
    assert names(path) == ["card", "OTHER"]


def test_a_process_that_is_killed_is_done_without(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill = [sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"]
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **named: run(kill, check=False))
    assert names(path) == ["card", "drive"]


def test_a_bug_in_it_is_no_silence(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, run = [sys.executable, "-c", "raise LookupError('odd')"], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **named: run(odd, **named))
    with pytest.raises(RuntimeError, match="LookupError: odd"):
        following.follow(path, tmp_path, trusted=True)


def test_a_small_catalog_needs_no_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "SMALL", os.stat(path).st_size)  # noqa: PTH116
    monkeypatch.setattr(subprocess, "run", None)
    assert names(path) == ["card", "drive"]
