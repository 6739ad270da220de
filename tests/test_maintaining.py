"""The catalog's upkeep as one job: what it does, and what it leaves alone when something fails."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from cardcat import maintaining, stopping
from cardcat.catalog import lock, sqlite
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.volumes import remember_device, remember_location, remember_volume
from cardcat.catalog.watched import enable_card
from cardcat.errors import CancelledError, CatalogBusyError, CatalogError, DestinationError
from cardcat.maintaining import maintain, would_maintain
from cardcat.model import Layout, Role
from cardcat.plan import compacting
from cardcat.plan.compacting import Compaction
from cardcat.storage.volumes import volume_of
from tests.catalog.helpers import fill, rows_of, state_of
from tests.drives import drive


@pytest.fixture(autouse=True)
def reaped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """No server and no log of the person who runs the tests; which servers were asked for lost runs."""
    asked: list[str] = []
    monkeypatch.setattr("cardcat.server.find", lambda: None)
    monkeypatch.setattr("cardcat.server.logs.state.log_file", lambda: tmp_path / "server.log")

    def reap(api_url: str) -> list[str]:
        asked.append(api_url)
        return ["run"]

    monkeypatch.setattr("cardcat.server.reaping.reap", reap)
    return asked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A catalog with a session whose process is gone."""
    file = tmp_path / "data" / "catalog.db"
    with open_catalog(file) as catalog, catalog.write() as c:
        fill(c, items=2000)
    return file


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xee" * 4096)


def status(path: Path) -> object:
    return rows_of(path)["backup_sessions"][0][10]


def test_all_of_it_is_done(path: Path, monkeypatch: pytest.MonkeyPatch, reaped: list[str]) -> None:
    monkeypatch.setattr("cardcat.server.find", lambda: "http://127.0.0.1:1/api")
    found = maintain(str(path))
    assert found.path == path
    assert found.lost.sessions == (1,)
    assert (found.lost.runs, reaped) == (("run",), ["http://127.0.0.1:1/api"])
    assert status(path) == "failed"
    assert found.kept.file.parent == path.parent / "backups"
    assert rows_of(found.kept.file) == rows_of(path), "the copy has what was ended before it"
    assert found.tidied.compaction is Compaction.NOT_WORTH_IT


def test_so_many_copies_are_kept(path: Path) -> None:
    made = [maintain(str(path), keep=2).kept.file.name for _ in range(4)]
    assert sorted(file.name for file in (path.parent / "backups").iterdir()) == sorted(made[2:])


def test_free_space_is_given_back_where_that_is_much(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "LEAST_BYTES", 1_000)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DELETE FROM backup_items WHERE source_path < 'DCIM/IMG_1500'")
    found = maintain(str(path)).tidied
    assert found.compaction is Compaction.WORTH_IT
    assert found.after.size < found.before.size
    assert len(rows_of(path)["backup_items"]) == 500
    with open_catalog(path):
        assert maintain(str(path)).tidied.compaction is Compaction.NOT_WORTH_IT


def test_a_damaged_catalog_is_told_of_before_anything_is_done(path: Path) -> None:
    for _ in range(3):
        maintain(str(path))
    damage(path)
    before = state_of(path.parent / "backups")
    with pytest.raises(CatalogError, match="damaged") as told:
        maintain(str(path), keep=1)
    assert "catalog restore" in told.value.hint
    assert state_of(path.parent / "backups") == before
    assert status_of_damaged(path) == "failed"


def status_of_damaged(path: Path) -> object:
    with closing(sqlite3.connect(path)) as c:
        return c.execute("SELECT status FROM backup_sessions").fetchone()[0]


def test_a_wrong_value_is_damage_too_and_then_nothing_is_written_or_removed(path: Path) -> None:
    """The engine finds nothing wrong with it: a copy of it would pass for a good one."""
    kept = maintain(str(path)).kept.file
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE backup_sessions SET status = 'running'")
        other.execute("UPDATE backup_items SET size = 'many' WHERE source_path LIKE '%0001%'")
    before = rows_of(path)
    with pytest.raises(CatalogError, match="damaged"):
        maintain(str(path), keep=1)
    assert rows_of(path) == before
    assert list((path.parent / "backups").iterdir()) == [kept]


def test_a_locked_catalog_is_told_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogBusyError, match="in use"):
            maintain(str(path))
    assert not (path.parent / "backups").exists()


class TestFolder:
    def test_that_is_named_is_not_made(self, path: Path, tmp_path: Path) -> None:
        with pytest.raises(DestinationError, match="is not there") as told:
            maintain(str(path), to=tmp_path / "unplugged")
        assert told.value.hint
        assert not (tmp_path / "unplugged").exists()

    def test_that_is_named_gets_the_copy(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "away").mkdir()
        assert maintain(str(path), to=tmp_path / "away").kept.file.parent == tmp_path / "away"
        assert not (path.parent / "backups").exists()

    def test_without_room_is_told_of_before(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000))
        with pytest.raises(DestinationError, match="too little room"):
            maintain(str(path))
        assert not list((path.parent / "backups").iterdir())

    def test_that_is_read_only_is_told_of(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "away").mkdir()
        monkeypatch.setattr(os, "access", lambda where, _: Path(where) != tmp_path / "away")
        with pytest.raises(DestinationError, match="can't be written to"):
            maintain(str(path), to=tmp_path / "away")

    @pytest.fixture
    def unplugged(self, path: Path, tmp_path: Path) -> Path:
        """The empty folder that a drive leaves behind."""
        place = tmp_path / "ARCHIVE"
        with drive(place, label="ARCHIVE"):
            (place / "catalog").mkdir()
            with open_catalog(path) as catalog, catalog.write() as c:
                remember_volume(c, volume_of(place), remember_device(c, 1), 1)
            maintain(str(path), to=place)
        return place

    def test_of_a_drive_that_is_not_mounted_is_refused(self, path: Path, unplugged: Path) -> None:
        for do in (would_maintain, maintain):
            with pytest.raises(DestinationError, match="not mounted now"):
                do(str(path), to=unplugged)
        assert not list(unplugged.iterdir())

    @pytest.fixture
    def plugged(self, path: Path, tmp_path: Path) -> Iterator[tuple[Path, int]]:
        """What the session was a backup of, and the id of its volume."""
        with drive(tmp_path / "PLUGGED", label="PLUGGED") as place:
            (place / "DCIM").mkdir()
            (place / "catalog").mkdir()
            with open_catalog(path) as catalog, catalog.write() as c:
                volume = remember_volume(c, volume_of(place), remember_device(c, 1), 1).id
                c.execute(text("UPDATE session_details SET source_root = 'DCIM'"))
                c.execute(text(f"UPDATE session_details SET source_volume_id = {volume}"))
            yield place, volume

    def refuses(self, path: Path, folder: Path) -> None:
        before = sorted(folder.rglob("*"))
        for do in (would_maintain, maintain):
            with pytest.raises(DestinationError, match="is on a card") as told:
                do(str(path), to=folder)
            assert told.value.hint
        assert sorted(folder.rglob("*")) == before

    def test_on_a_card_is_refused(self, path: Path, plugged: tuple[Path, int]) -> None:
        place, _ = plugged
        (path.parent / "backups").symlink_to(place / "catalog")
        self.refuses(path, place)
        self.refuses(path, place / "catalog")
        with pytest.raises(DestinationError, match="is on a card"):
            maintain(str(path))

    def test_on_a_drive_is_refused_only_in_what_was_backed_up(
        self, path: Path, plugged: tuple[Path, int]
    ) -> None:
        place, volume = plugged
        with open_catalog(path) as catalog, catalog.write() as c:
            remember_location(c, volume_id=volume, uuid=None, path="copies", role=Role.BACKUP, now=1)
        self.refuses(path, place / "DCIM")
        would_maintain(str(path), to=place / "catalog")
        assert maintain(str(path), to=place / "catalog").kept.file.exists()

    def test_on_a_card_that_is_enabled_is_refused(self, path: Path, plugged: tuple[Path, int]) -> None:
        place, volume = plugged
        with open_catalog(path) as catalog, catalog.write() as c:
            c.execute(text(f"DELETE FROM session_details WHERE source_volume_id = {volume}"))
        assert would_maintain(str(path), to=place).kept.file.parent == place
        with open_catalog(path) as catalog, catalog.write() as c:
            enable_card(c, volume, [], layout=Layout.DATED, timezone=None, excludes=(), now=1)
        self.refuses(path, place)

    def test_beside_the_catalog_is_never_refused(self, path: Path) -> None:
        with open_catalog(path) as catalog, catalog.write() as c:
            volume = remember_volume(c, volume_of(path), remember_device(c, 1), 1).id
            c.execute(text(f"UPDATE session_details SET source_volume_id = {volume}, source_root = ''"))
        maintain(str(path))
        would_maintain(str(path))


def test_a_user_who_wants_to_stop_is_heard_between_the_steps(path: Path) -> None:
    with stopping.listening():
        stopping.request_stop()
        with pytest.raises(CancelledError):
            maintain(str(path))
    assert not (path.parent / "backups").exists()
    assert status(path) == "running"


def test_a_dry_run_says_it_and_changes_nothing(path: Path, tmp_path: Path) -> None:
    made = [maintain(str(path)).kept.file for _ in range(2)]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE backup_sessions SET status = 'running'")
    before, copies = rows_of(path), state_of(path.parent / "backups")
    found = would_maintain(str(path), keep=1)
    assert found.lost.sessions == (1,)
    assert found.kept.removed == tuple(made)
    assert not found.kept.file.exists()
    assert (rows_of(path), state_of(path.parent / "backups")) == (before, copies)
    with pytest.raises(DestinationError):
        would_maintain(str(path), to=tmp_path / "nowhere")


def test_a_dry_run_makes_no_folder(path: Path) -> None:
    would_maintain(str(path))
    assert not (path.parent / "backups").exists()


def test_a_long_log_of_the_server_is_begun_anew(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 1_000_001)
        assert maintain(str(path)).log == 1_000_001
        writer.write(b"goes on")
    assert log.read_bytes() == b"goes on"
    assert (tmp_path / "server.log.1").stat().st_size == 1_000_001
    assert maintain(str(path)).log == 0


def test_steps_are_those_of_the_flow() -> None:
    """The flow does them one by one; a step that is added to one has to be added to the other."""
    source = (Path(__file__).parents[1] / "flows" / "catalog.py").read_text(encoding="utf-8")
    for step in ("check", "end_lost", "copy", "tidy"):
        assert f"got({step}(" in source
        assert callable(getattr(maintaining, step))
