"""Of a large catalog the copy that analysis has of it answers, and says the same."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from cardcat import analysis
from cardcat.analysis import opening, snapshot
from cardcat.catalog import looks
from cardcat.errors import CardcatError, CatalogError
from cardcat.safety import protection
from tests.safety.test_protection import Drawer
from tests.support import Desk


@pytest.fixture
def full(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drawer:
    """A drawer in which everything is that makes a difference: to what counts, and to the order."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(protection, "mounted_volumes", list)
    found = Drawer(desk, [])
    for name in ("a", "b", "c"):
        found.drive(name, disk=f"disk-{name}")
    found.drive("same-d", disk="disk-a")
    found.drive("card-e", disk="card", role="source")
    kinds = ("image", "video", "audio", "sidecar", "other")
    for content in range(1, 41):
        found.copy(
            content, "a", kind=kinds[content % 5], evidence="claimed" if content % 7 == 0 else "read_back"
        )
        if content % 2:
            found.copy(content, "b", evidence="synced" if content % 3 == 0 else "read_back_cold")
        if content % 5 == 0:
            found.copy(
                content, "c", status="missing" if content % 2 else "unavailable", damaged=content % 3 == 0
            )
        if content % 4 == 0:
            found.copy(content, "same-d")
            found.copy(content, "a", again="again ")
        found.copy(content, "card-e")
    found.run(
        "UPDATE file_locations SET name_raw = x'FF2E4A5047' WHERE content_id % 11 = 0 AND folder_id = 97"
    )
    found.run("UPDATE copy_findings SET resolved_at = 10 WHERE id % 2 = 0")
    found.run(
        "INSERT INTO file_locations (folder_id, name, name_raw, size, mtime_ns, role, evidence, "
        "first_seen_at, last_seen_at) VALUES (97, 'not read.jpg', x'', 3, 1, 'library', 'claimed', 7, 7)"
    )
    return found


@pytest.mark.parametrize("drive", ["a", "b", "c", "same-d", "card-e"])
@pytest.mark.parametrize("wanted", [1, 2, 3])
@pytest.mark.parametrize("limit", [3, None])
def test_it_says_what_the_catalog_itself_says(
    full: Drawer, monkeypatch: pytest.MonkeyPatch, drive: str, wanted: int, limit: int | None
) -> None:
    itself = full.shown(drive, wanted, limit=limit)
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.delattr(protection, "in_catalog")

    assert full.shown(drive, wanted, limit=limit) == itself


def test_it_follows_the_catalog(full: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LARGE", 0)
    before = full.only_here("a")
    full.copy(50, "a")

    assert full.only_here("a") == before + 1


def test_where_there_is_no_room_for_it_the_catalog_itself_answers(
    full: Drawer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    itself = full.shown("a")
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(analysis, "answered", _failing(CardcatError("This needs more room than there is.")))

    assert full.shown("a") == itself
    assert "takes longer" in caplog.text


@pytest.mark.parametrize(
    "error", [RuntimeError("no driver"), OSError("no room"), duckdb.InternalException("a bug")]
)
def test_whatever_is_wrong_with_the_copy_the_catalog_itself_answers(
    full: Drawer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    itself = full.shown("a")
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(analysis, "answered", _failing(error))

    assert full.shown("a") == itself


def test_the_catalog_is_not_read_into_memory_for_it(
    full: Drawer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    itself = full.shown("a")
    monkeypatch.setattr(looks, "LARGE", 0)
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no folder"))
    read: list[object] = []
    monkeypatch.setattr(opening, "_over_memory", lambda *_: read.append("all of it"))

    assert full.shown("a") == itself
    assert read == []


@pytest.mark.parametrize("table", ["file_locations", "folders", "copy_findings", "volumes"])
def test_a_wrong_bit_in_the_copy_is_no_answer(
    full: Drawer, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """As a failing disk does it: size and time of the file stay."""
    itself = full.shown("a")
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(snapshot, "SETTLED_NS", -1)
    full.shown("a")
    (file,) = snapshot.home().glob(f"*/{table}/*.parquet")
    status, data = file.stat(), bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    monkeypatch.delattr(protection, "in_catalog")

    assert full.shown("a") == itself
    assert file.read_bytes() != data


def test_a_damaged_catalog_is_told(full: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(analysis, "answered", _failing(CatalogError("It is damaged.")))

    with pytest.raises(CatalogError, match="damaged"):
        full.shown("a")


def _failing(error: Exception) -> object:
    def answered(*_: object, **__: object) -> None:
        raise error

    return answered
