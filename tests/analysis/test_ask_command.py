"""`cardcat ask`: the questions as tables, documents and files."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from cardcat import analysis
from cardcat.cli.main import main


@pytest.fixture
def path(tmp_path: Path, filled: bytes) -> Path:
    """A catalog with a photo, and folders whose names are long, or no good for a terminal."""
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    with closing(sqlite3.connect(path)) as connection:
        for number in range(2, 40):
            name = f"{number:02}-{'a very long name ' * 8}\x1b[31m"
            connection.execute("INSERT INTO folders VALUES (?, 1, ?, x'')", (number, name))
            connection.execute(
                "INSERT INTO file_locations (folder_id, name, name_raw, content_id, size, mtime_ns, role,"
                " evidence, first_seen_at, last_seen_at)"
                " VALUES (?, 'x', x'', 1, 5, 1, 'library', 'claimed', 1, 1)",
                (number,),
            )
        connection.commit()
    return path


def ask(path: Path, *words: str) -> int:
    return main(["--catalog", str(path), "ask", *words])


def test_without_a_name_the_questions_are_listed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(path) == 0
    shown = capsys.readouterr().out
    for one in analysis.questions():
        assert f"{one.name} " in shown
        assert one.title in shown
    assert ask(path, "--json") == 0
    told = json.loads(capsys.readouterr().out)["questions"]
    assert [one["name"] for one in told] == [one.name for one in analysis.questions()]


@pytest.mark.parametrize("name", [one.name for one in analysis.questions()])
def test_every_answer_fits_the_screen(path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(path, name) == 0
    shown = capsys.readouterr().out
    table = [line for line in shown.splitlines() if not line.startswith(("No room for", "…"))]
    assert all(len(line) <= 80 for line in table), shown
    assert "\x1b" not in shown
    assert len(table) <= 21


def test_more_rows_can_be_asked_for(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(path, "largest_folders") == 0
    assert "and more" in capsys.readouterr().out
    assert ask(path, "largest_folders", "--limit", "3") == 0
    assert len(capsys.readouterr().out.splitlines()) <= 5


def test_the_document_has_every_row(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(path, "largest_folders", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["question"] == "largest_folders"
    assert told["rows"] == analysis.ask("largest_folders", path).to_dicts()


def test_a_parameter_is_handed_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for drive, rows in (("drive", 1), ("none", 0)):
        assert ask(path, "only_on_drive", "--parameter", f"drive={drive}", "--json") == 0
        assert len(json.loads(capsys.readouterr().out)["rows"]) == rows


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no question 'nothing'"),
        (["duplicates", "--parameter", "colour=red"], "takes no parameter 'colour'"),
        (["only_on_drive", "--parameter", "drive"], "needs NAME=VALUE"),
        (["duplicates", "--limit", "0"], "--limit needs a whole number"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(path, *words) == 2
    assert said in capsys.readouterr().err


def test_answers_become_files(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, frame = tmp_path / "a.csv", tmp_path / "a.parquet"
    assert ask(path, "largest_folders", "--csv", str(table), "--parquet", str(frame)) == 0
    expected = analysis.ask("largest_folders", path)
    assert pl.read_parquet(frame).equals(expected)
    with table.open(newline="") as rows:
        assert [int(row["bytes"]) for row in csv.DictReader(rows)] == expected["bytes"].to_list()
    assert "rows in" in capsys.readouterr().out
    assert not list(tmp_path.glob(".cardcat*"))


@pytest.mark.parametrize("option", ["--csv", "--parquet"])
def test_no_file_is_overwritten(
    path: Path, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "taken"
    file.write_text("mine")
    assert ask(path, "duplicates", option, str(file)) == 2
    assert "already there" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_name_that_is_taken_meanwhile_is_left_alone(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, given = tmp_path / "a.csv", analysis.ask

    def slow(*arguments: object, **named: object) -> pl.DataFrame:
        found = given(*arguments, **named)  # type: ignore[arg-type]
        file.write_text("mine")
        return found

    monkeypatch.setattr(analysis, "ask", slow)
    assert ask(path, "duplicates", "--csv", str(file)) == 2
    assert file.read_text() == "mine"


def test_without_a_catalog_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(tmp_path / "none.db", "duplicates") == 0
    assert "There is no catalog" in capsys.readouterr().out
    assert ask(tmp_path / "none.db", "duplicates", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"rows": []}
    assert not (tmp_path / "none.db").exists()
