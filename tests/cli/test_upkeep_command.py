"""`cardcat catalog maintain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cardcat.server.find", lambda: None)
    monkeypatch.setattr("cardcat.server.logs.state.log_file", lambda: tmp_path / "server.log")


def test_it_says_what_was_done(cardcat: Run, catalog: Path) -> None:
    answer = cardcat("catalog", "maintain", "--catalog", str(catalog))
    (copy,) = (catalog.parent / "backups").iterdir()
    assert answer.code == 0
    assert answer.out.splitlines()[:2] == [
        f"The catalog {catalog} is sound.",
        f"It was copied to {copy} ({copy.stat().st_size / 1000:.1f} KB), and the copy checked.",
    ]


def test_in_json(cardcat: Run, catalog: Path) -> None:
    where = ("--catalog", str(catalog), "--json")
    first = cardcat("catalog", "maintain", *where).json
    dry = cardcat("catalog", "maintain", "--keep", "1", "--dry-run", *where).json
    second = cardcat("catalog", "maintain", "--keep", "1", *where).json
    assert first["backup"]["removed"] == []
    assert (first["dry_run"], dry["dry_run"]) == (False, True)
    assert dry["backup"]["removed"] == second["backup"]["removed"] == [{"path": first["backup"]["path"]}]
    assert [str(file) for file in (catalog.parent / "backups").iterdir()] == [second["backup"]["path"]]
    assert first["compacting"] == "little to gain"
    assert first["freed_bytes"] == 0


def test_a_dry_run_in_words(cardcat: Run, catalog: Path) -> None:
    cardcat("catalog", "maintain", "--catalog", str(catalog))
    answer = cardcat("catalog", "maintain", "--keep", "1", "--dry-run", "--catalog", str(catalog))
    assert "would be read completely" in answer.out
    assert "would go: there are newer ones." in answer.out
    assert answer.out.endswith("This was a dry run: nothing was written.\n")


def test_the_copy_can_be_restored(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    made = cardcat("catalog", "maintain", "--catalog", str(catalog), "--json").json["backup"]["path"]
    other = tmp_path / "other.db"
    assert cardcat("catalog", "restore", made, "--catalog", str(other)).code == 0
    assert len(cardcat("sessions", "list", "--catalog", str(other), "--json").json) == 2


def test_where_there_is_no_catalog(cardcat: Run, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    answer = cardcat("catalog", "maintain", "--catalog", str(path))
    assert (answer.code, answer.out.splitlines()[0]) == (0, f"There is no catalog at {path} yet.")
    document = cardcat("catalog", "maintain", "--catalog", str(path), "--json").json
    assert document == {"path": str(path), "exists": False}
    assert not path.parent.exists()


def test_a_damaged_catalog_is_20_and_a_folder_that_is_gone_10(
    cardcat: Run, catalog: Path, tmp_path: Path
) -> None:
    answer = cardcat("catalog", "maintain", "--to", str(tmp_path / "gone"), "--catalog", str(catalog))
    assert answer.code == 10
    assert "is not there" in answer.err
    with catalog.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xee" * 4096)
    answer = cardcat("catalog", "maintain", "--catalog", str(catalog))
    assert (answer.code, answer.out) == (20, "")
    assert "is damaged" in answer.err


@pytest.mark.parametrize("given", ["0", "-1", "all"])
def test_a_number_that_keeps_nothing_is_wrong_usage(cardcat: Run, catalog: Path, given: str) -> None:
    assert cardcat("catalog", "maintain", f"--keep={given}", "--catalog", str(catalog)).code == 2
    assert not (catalog.parent / "backups").exists()
