"""Each notebook, run from top to bottom on a real catalog, shows the right numbers; never a traceback."""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import marimo as mo
import pytest

from cardcat.analysis import ask
from cardcat.catalog.engine import open_catalog
from cardcat.notebooks.finding import FOLDER, notebooks
from tests.notebooks.conftest import Gallery

NAMES = ("duplicates", "library", "sessions")
NOTHING = "Nothing to show yet"


def run(name: str, catalog: Path, patch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    """What the notebook shows, as HTML, and what its cells define."""
    patch.setenv("CARDCAT_CATALOG", str(catalog))
    app = importlib.import_module(f"notebooks.{name}").app
    outputs, defined = app.run()
    return "\n".join(mo.as_html(output).text for output in outputs if output is not None), dict(defined)


def rows(frame: Any) -> list[tuple[Any, ...]]:
    return list(frame.rows())


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    open_catalog(tmp_path / "catalog.db").close()
    return tmp_path / "catalog.db"


def test_these_are_all() -> None:
    assert tuple(notebook.name for notebook in notebooks()) == NAMES


def test_duplicates_say_what_is_wasted(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    page, found = run("duplicates", gallery.catalog, monkeypatch)

    once = 50_000 + 60_000 + 70_000 + 80_000
    assert found["total"] == {"groups": 4, "copies": 9, "wasted": once + 50_000, "held": 2 * once + 50_000}
    assert rows(found["by_month"]) == [
        (month, "photos", size, count)
        for month, size, count in zip(
            [row[0] for row in rows(found["by_month"])],
            (100_000, 60_000, 70_000, 80_000),
            (3, 2, 2, 2),
            strict=True,
        )
    ]
    assert rows(found["by_camera"]) == [("Canon EOS R5", once + 50_000, 9)]
    assert rows(found["by_kind"]) == [("JPG", once + 50_000, 9)]
    assert "310.0 KB" in page
    assert "54%" in page


def test_the_waste_of_a_folder_is_what_the_question_says(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = run("duplicates", gallery.catalog, monkeypatch)

    asked = ask("waste_by_folder", gallery.catalog)
    waste = sorted(found["by_folder"]["size"])
    assert waste == [pytest.approx(part, abs=1) for part in sorted(asked["wasted_bytes"])]  # by rounding
    assert sorted(found["by_folder"]["copies"]) == sorted(asked["copies"])
    assert {folder.rpartition("Pictures/")[2] for folder in found["by_folder"]["folder"]} == {
        "2024",
        "old disk/2024",
        "best",
    }


def test_the_copies_are_shown_side_by_side(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    page, found = run("duplicates", gallery.catalog, monkeypatch)

    assert found["largest"]["copies"].to_list() == [3, 2, 2, 2]
    assert len(re.findall(r"<figure>", page)) == 9
    assert len(re.findall(r'src="data:image/jpeg;base64,', page)) == 9
    assert page.count("now: there") == 9
    assert "&lt;b&gt;first (1).JPG" in page
    assert "<b>first" not in page


def test_a_library_is_counted(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    page, found = run("library", gallery.catalog, monkeypatch)

    total = found["total"]
    assert (total["photos"], total["films"], total["contents"], total["files"]) == (7, 0, 7, 16)
    assert (total["first"], total["last"]) == (2024, 2024)
    assert rows(found["by_camera"]["camera", "files"]) == [("Canon EOS R5", 4), ("SONY ILCE-7M4", 3)]
    assert rows(found["by_lens"]["lens", "files"]) == [("RF50mm F1.8 STM", 4), ("FE 35mm F1.8", 3)]
    assert rows(found["by_iso"]) == [("100", 2), ("200", 2), ("400", 2), ("800", 1)]
    assert rows(found["by_focal"]) == [("35-49", 2), ("50-69", 4), ("70-104", 1)]
    assert rows(found["by_place"]) == [(2024, "with a place", 3), (2024, "without", 4)]
    photos = [row for row in rows(found["growth"]["what", "files"]) if row[0] == "photos"]
    assert photos == [("photos", count) for count in (2, 4, 6, 7)]
    assert "How safe it is" in page


def test_what_is_on_one_drive_only_is_counted(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it lies on one disk of this computer."""
    _, found = run("library", gallery.catalog, monkeypatch)

    assert rows(found["redundancy"]["spread", "files"]) == [("on 1 drive", 7)]
    assert found["alone"]["files"].to_list() == [7]
    assert found["by_kind"]["files"].to_list() == [16]


def test_a_second_drive_is_one_drive_more(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = moved_away(gallery, tmp_path)

    _, found = run("library", catalog, monkeypatch)

    assert rows(found["redundancy"]["spread", "files"]) == [("on 1 drive", 3), ("on 2 drives", 4)]


def moved_away(gallery: Gallery, tmp_path: Path) -> Path:
    """The catalog, as if the library lay on a drive of its own that is not plugged in."""
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute(
            "INSERT INTO volumes (uuid, key, label, last_mount_point, last_seen_at, created_at)"
            " VALUES ('other', 'uuid:other', 'AWAY', '/media/me/AWAY', 1700000000, 1)"
        )
        copy.execute(
            "UPDATE locations SET path = 'Photos',"
            " volume_id = (SELECT id FROM volumes WHERE key = 'uuid:other')"
            " WHERE role = 'library'"
        )
    return catalog


def test_a_drive_that_is_not_plugged_in_has_no_pictures(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = run("duplicates", moved_away(gallery, tmp_path), monkeypatch)

    assert "data:image/jpeg" not in page
    assert page.count("its drive is not plugged in; last seen 2023-11-1") == 9
    assert "AWAY" in page


def test_a_copy_that_was_changed_is_not_shown_as_the_content(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute("UPDATE file_locations SET mtime_ns = 1 WHERE name LIKE '%first%'")

    page, _ = run("duplicates", catalog, monkeypatch)

    assert page.count("changed since") == 1
    assert page.count("data:image/jpeg") == 8


def test_sessions_are_counted(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    page, found = run("sessions", gallery.catalog, monkeypatch)

    total = found["total"]
    assert (total["sessions"], total["completed"], total["failed"], total["files"]) == (2, 2, 0, 7)
    assert total["size"] == 50_000 * 7 + 10_000 * (6 + 3)
    assert found["by_month"]["sessions"].sum() == 2
    assert "copy" in found["by_stage"]["stage"].to_list()
    assert abs(found["by_stage"]["share"].sum() - 1) < 1e-9
    assert found["findings"].is_empty()
    assert "None: every session was completed." in page


def test_what_failed_is_listed(gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute(
            "UPDATE backup_sessions SET status = 'failed', error_message = '<i>gone</i>' WHERE id = 1"
        )
        copy.execute(
            "INSERT INTO backup_errors (session_id, source_path, source_path_raw, stage, error_type,"
            " error_message, is_failure, created_at)"
            " VALUES (1, 'A.JPG', x'', 'copy', 'OSError', 'it broke', 1, 1700000000)"
        )

    page, found = run("sessions", catalog, monkeypatch)

    assert rows(found["findings"]) == [("copy: OSError", "open", 1)]
    assert rows(found["failures"]["session", "status"]) == [(1, "failed")]
    assert "it broke" in page
    assert "&lt;i&gt;gone&lt;/i&gt;" in page


@pytest.mark.parametrize("name", NAMES)
def test_without_a_catalog_a_page_says_how_to_begin(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = run(name, tmp_path / "none" / "catalog.db", monkeypatch)

    assert NOTHING in page
    assert "There is no catalog at" in page
    assert "cardcat backup SOURCE DEST" in page
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_catalog_shows_a_page_that_says_so(
    name: str, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = run(name, empty, monkeypatch)

    assert NOTHING in page
    assert "is empty" in page


@pytest.mark.parametrize("name", NAMES)
def test_a_catalog_that_is_none_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalog.db").write_bytes(b"no database at all" * 100)

    page, _ = run(name, tmp_path / "catalog.db", monkeypatch)

    assert "The catalog can&#x27;t be used" in page


def test_a_catalog_without_duplicates_shows_a_page_that_says_so(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute("DELETE FROM file_locations WHERE role = 'library'")

    page, _ = run("duplicates", catalog, monkeypatch)

    assert "No photo or film is in a library twice." in page


def test_a_catalog_without_sessions_shows_a_page_that_says_so(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute("PRAGMA foreign_keys = ON")
        copy.execute("DELETE FROM backup_sessions")

    page, _ = run("sessions", catalog, monkeypatch)

    assert "No card was backed up yet." in page


def test_files_that_were_not_read_are_counted_too(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an index of names and sizes only."""
    catalog = tmp_path / "catalog.db"
    with sqlite3.connect(gallery.catalog) as source, sqlite3.connect(catalog) as copy:
        source.backup(copy)
        copy.execute("UPDATE file_locations SET content_id = NULL, evidence = 'claimed'")

    _, found = run("library", catalog, monkeypatch)

    assert rows(found["by_kind"]["kind", "files"]) == [("other or not read", 16)]
    assert found["redundancy"].is_empty()


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_changes_nothing(name: str, gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(gallery.folder)

    run(name, gallery.catalog, monkeypatch)

    assert snapshot(gallery.folder) == before


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """All files, but for what SQLite keeps beside a database that is being read."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.name.startswith("catalog.db-")
    }


def test_marimo_finds_nothing_wrong_with_them() -> None:
    files = [str(notebook.path) for notebook in notebooks()]

    told = subprocess.run(
        [sys.executable, "-m", "marimo", "check", "--strict", *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_names_no_address_outside(name: str) -> None:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")

    assert "://" not in source


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_the_catalog_by_our_own_ways_only(name: str) -> None:
    """No driver, no file: what it may do is what cardcat.notebooks and cardcat.analysis let it."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))

    assert set(imported(tree)) <= {
        "altair",
        "cardcat",
        "cardcat.notebooks",
        "marimo",
        "polars",
        "time",
        "typing",
    }


def imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
