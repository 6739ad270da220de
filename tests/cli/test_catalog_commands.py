"""The commands that ask and keep the catalog, on a real one."""

from __future__ import annotations

import base64
import dataclasses
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.volumes import remember_device, remember_volume
from tests.cli.conftest import Run
from tests.cli.samples import NOON, volume

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("words", ["sessions list", "volumes list"])
def test_no_catalog_yet_is_an_empty_list(cardcat: Run, tmp_path: Path, words: str) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    plain = cardcat(*words.split(), "--catalog", str(path))
    assert (plain.code, plain.err) == (0, "")
    assert plain.out.startswith(f"There is no catalog at {path} yet.\n")
    assert cardcat(*words.split(), "--catalog", str(path), "--json").json == []
    assert not path.parent.exists()


def test_no_catalog_yet_has_a_status(cardcat: Run, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    for command in ("status", "migrate"):
        plain = cardcat("catalog", command, "--catalog", str(path))
        assert (plain.code, plain.out.splitlines()[0]) == (0, f"There is no catalog at {path} yet.")
        document = cardcat("catalog", command, "--catalog", str(path), "--json").json
        assert document == {"path": str(path), "exists": False}
    assert cardcat("catalog", "backup", str(tmp_path / "copy"), "--catalog", str(path)).code == 20
    assert not path.parent.exists()


@pytest.mark.parametrize("words", ["sessions list", "volumes list"])
def test_an_empty_catalog_is_an_empty_list(cardcat: Run, tmp_path: Path, words: str) -> None:
    open_catalog(tmp_path / "catalog.db").close()
    where = ("--catalog", str(tmp_path / "catalog.db"))
    assert "cardcat backup SOURCE DEST" in cardcat(*words.split(), *where).out
    assert cardcat(*words.split(), *where, "--json").json == []


@pytest.mark.parametrize("words", ["sessions list", "sessions show 1", "sessions errors 1", "volumes list"])
def test_what_a_person_reads(cardcat: Run, catalog: Path, golden: Golden, words: str) -> None:
    answer = cardcat(*words.split(), "--catalog", str(catalog))
    assert (answer.code, answer.err) == (0, "")
    golden(f"cli/{words.replace(' ', '-')}.txt", answer.out.replace(f" --catalog {catalog}", ""))


def test_a_mount_point_that_is_no_text_is_told_exactly(
    cardcat: Run, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = dataclasses.replace(volume("ODD"), mount_point=Path("/media/me/\udcff"))
    with open_catalog(catalog) as opened, opened.write() as c:
        remember_volume(c, odd, remember_device(c, NOON), NOON + 1)
    monkeypatch.setattr("cardcat.storage.volumes.mounted_volumes", lambda: [odd])
    first, second, *_ = cardcat("volumes", "list", "--catalog", str(catalog), "--json").json
    for key in ("mount_point", "last_mount_point"):
        assert first[key] == "/media/me/\\xff"
        assert base64.b64decode(first[f"{key}_b64"]) == b"/media/me/\xff"
    assert "last_mount_point_b64" not in second


def test_volumes_in_json(cardcat: Run, catalog: Path) -> None:
    rows = cardcat("volumes", "list", "--catalog", str(catalog), "--json").json
    assert {row["label"] for row in rows} == {"EOS_DIGITAL", "ARCHIVE"}
    assert rows[0]["mount_point"] is None
    assert rows[0]["total_bytes"] == 64_000_000_000


def test_a_query_leaves_no_trace(cardcat: Run, catalog: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in catalog.parent.iterdir()}
    cardcat("sessions", "list", "--catalog", str(catalog))
    cardcat("volumes", "list", "--catalog", str(catalog))
    assert {path: path.stat().st_mtime_ns for path in catalog.parent.iterdir()} == before


def test_status(cardcat: Run, catalog: Path) -> None:
    plain = cardcat("catalog", "status", "--catalog", str(catalog))
    document = cardcat("catalog", "status", "--catalog", str(catalog), "--json").json
    assert plain.code == 0
    assert plain.out.startswith(f"{catalog}: ")
    assert plain.out.endswith("The catalog is sound.\n")
    assert document["exists"] is True
    assert document["rows"]["backup_sessions"] == 2
    assert document["problems"] == []


def test_migrate_says_if_there_is_nothing_to_do(cardcat: Run, catalog: Path) -> None:
    plain = cardcat("catalog", "migrate", "--catalog", str(catalog))
    assert plain.out == f"The catalog {catalog} is up to date.\n"
    document = cardcat("catalog", "migrate", "--catalog", str(catalog), "--json").json
    assert (document["migrated"], document["needed"]) == (False, False)


def test_a_copy_and_the_way_back(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert cardcat("catalog", "backup", str(copy), "--catalog", str(catalog)).code == 0
    again = cardcat("catalog", "backup", str(copy), "--catalog", str(catalog))
    assert again.code == 2
    assert "already there" in again.err
    other = tmp_path / "other.db"
    assert cardcat("catalog", "restore", str(copy), "--catalog", str(other)).code == 0
    assert len(cardcat("sessions", "list", "--catalog", str(other), "--json").json) == 2


@pytest.mark.parametrize("more", [("--yes",), ("--dry-run",), ()])
def test_a_copy_that_is_not_there_is_not_asked_about(
    cardcat: Run, catalog: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    missing = tmp_path / "nothing.db"
    for given, sentence in [
        (missing, f"There is no copy of a catalog at {missing}."),
        (catalog, f"The file {catalog} is the catalog itself."),
    ]:
        answer = cardcat("catalog", "restore", str(given), "--catalog", str(catalog), *more)
        assert (answer.code, answer.out, answer.err.splitlines()[0]) == (2, "", sentence)


def test_a_catalog_is_replaced_by_order_only(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    cardcat("catalog", "backup", str(copy), "--catalog", str(catalog))
    words = ("catalog", "restore", str(copy), "--catalog", str(catalog))
    before = catalog.read_bytes()
    refused, dry = cardcat(*words), cardcat(*words, "--dry-run", "--json")
    assert refused.code == 2
    assert "no terminal to ask at" in refused.err
    assert "--yes" in refused.err
    assert (dry.code, dry.json) == (0, {"path": str(catalog), "restored": False, "set_aside": None})
    assert catalog.read_bytes() == before
    done = cardcat(*words, "--yes", "--json")
    assert done.code == 0
    assert Path(done.json["set_aside"]).is_file()


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 130), ("", 130)])
def test_at_a_terminal_a_person_is_asked(
    cardcat: Run, catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, typed: str, code: int
) -> None:
    copy = tmp_path / "copy.db"
    cardcat("catalog", "backup", str(copy), "--catalog", str(catalog))
    monkeypatch.setattr("cardcat.cli.catalog._somebody_is_there", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    before = catalog.stat().st_ino
    answer = cardcat("catalog", "restore", str(copy), "--catalog", str(catalog))
    assert answer.code == code
    assert f"Replace {catalog} by {copy}?" in answer.err
    assert (catalog.stat().st_ino == before) is (code == 130)


def test_what_is_no_catalog_is_refused(cardcat: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a catalog")
    for words in ("sessions list", "sessions show 1", "volumes list", "catalog status", "catalog migrate"):
        answer = cardcat(*words.split(), "--catalog", str(text))
        assert (answer.code, answer.out) == (20, "")
        assert str(text) in answer.err
    restored = cardcat("catalog", "restore", str(text), "--dry-run")
    assert restored.code == 20
    assert text.read_text() == "not a catalog"
