"""Of a large catalog the copy that analysis has of it answers, and says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardcat import analysis
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


def test_a_damaged_catalog_is_told(full: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LARGE", 0)
    monkeypatch.setattr(analysis, "answered", _failing(CatalogError("It is damaged.")))

    with pytest.raises(CatalogError, match="damaged"):
        full.shown("a")


def _failing(error: Exception) -> object:
    def answered(*_: object, **__: object) -> None:
        raise error

    return answered
