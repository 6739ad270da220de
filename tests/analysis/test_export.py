"""`cardcat catalog export`: every row of the catalog as Parquet that keeps its contract, or nothing."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cardcat import analysis
from cardcat.analysis import exporting, schemas
from cardcat.catalog import arrow
from cardcat.cli.main import main
from cardcat.errors import DestinationError, UsageError
from tests.analysis.damage import spoil_the_middle
from tests.catalog.helpers import rows_of, run_killed
from tests.drives import drive


@pytest.fixture
def path(tmp_path: Path, filled: bytes) -> Path:
    """A catalog with photos of several years on two drives, and more files than fit into one read."""
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    with closing(sqlite3.connect(path)) as connection:
        for number, taken in enumerate(["2019-03-01T10:00:00", "2020-01-01T00:00:00", None, "rubbish"], 2):
            connection.execute(
                "INSERT INTO media_files (hash, file_size_bytes, file_size_human, media_type, extension,"
                " date_taken, date_added, date_modified) VALUES (?, 5, '5 B', 'image', 'jpg', ?, 1, 1)",
                (f"{number:064}", taken),
            )
        connection.execute(
            "INSERT INTO locations (id, uuid, volume_id, path, path_raw, role, created_at, updated_at)"
            " VALUES (9, 'l', 1, '', x'', 'library', 1, 1)"
        )
        connection.execute("INSERT INTO folders VALUES (9, 9, '', x'')")
        connection.executemany(
            "INSERT INTO file_locations (folder_id, name, name_raw, size, mtime_ns, role, evidence,"
            " first_seen_at, last_seen_at) VALUES (9, ?, x'ff', ?, 1, 'library', 'claimed', 1, 1)",
            [(f"{number}", number) for number in range(3_000)],
        )
        connection.commit()
    return path


def read(folder: Path, table: str) -> pl.DataFrame:
    """A table of an export by Polars, in the catalog's columns."""
    found = pl.read_parquet(f"{folder}/{table}/**/*.parquet", hive_partitioning=True)
    return found.select([field.name for field in arrow.fields_of(table)])


def test_every_row_of_every_table_is_there(path: Path, tmp_path: Path) -> None:
    done = exporting.export(tmp_path / "out", path)
    with duckdb.connect() as db:
        for table, rows in rows_of(path).items():
            if table not in arrow.TABLES:
                continue
            expected = sorted((tuple(map(plain, row)) for row in rows), key=repr)
            assert done.rows[table] == len(rows)
            assert (
                sorted((tuple(map(plain, row)) for row in read(done.folder, table).rows()), key=repr)
                == expected
            )
            names = ", ".join(field.name for field in arrow.fields_of(table))
            found = db.sql(
                f"SELECT {names} FROM"
                f" read_parquet('{done.folder}/{table}/**/*.parquet', hive_partitioning=true)"
            )
            assert sorted((tuple(map(plain, row)) for row in found.fetchall()), key=repr) == expected
    assert done.files == len(list(done.folder.rglob("*.parquet")))


def plain(value: object) -> object:
    """SQLite has no truth values."""
    return int(value) if isinstance(value, bool) else value


def test_large_tables_are_parted(path: Path, tmp_path: Path) -> None:
    folder = exporting.export(tmp_path / "out", path).folder
    assert {part.name for part in (folder / "file_locations").iterdir()} == {"volume_id=1", "volume_id=2"}
    assert {part.name for part in (folder / "media_files").iterdir()} == {"year=0", "year=2019", "year=2020"}
    copies = pl.read_parquet(f"{folder}/file_locations/**/*.parquet", hive_partitioning=True)
    assert copies.group_by("volume_id").len().sort("volume_id").rows() == [(1, 3_000), (2, 1)]


def test_an_empty_catalog_can_be_exported(tmp_path: Path, empty: bytes) -> None:
    (tmp_path / "catalog.db").write_bytes(empty)
    (tmp_path / "out").mkdir()
    done = exporting.export(tmp_path / "out", tmp_path / "catalog.db")
    for table in arrow.TABLES:
        assert read(done.folder, table).height == (table == "catalog_identity")


@pytest.mark.parametrize("table", sorted(arrow.TABLES))
def test_the_readme_says_what_every_column_is(table: str) -> None:
    text = exporting._COLUMNS.read_text()
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    common = {"id", "created_at", "updated_at", "path_raw", "name_raw"}
    named = set(re.findall(r"`(\w+)`", sections[table].split("\n- ", 1)[1]))
    for field in schemas.fields(table):
        assert field.name in named | common, f"{table}.{field.name} is not in columns.md"
    assert set(sections) == set(arrow.TABLES) | {"What is common"}


def test_the_folder_explains_itself(path: Path, tmp_path: Path) -> None:
    text = (exporting.export(tmp_path / "out", path).folder / "README.md").read_text()
    assert "| `file_locations` | 3,001 |" in text
    assert "cas_id" in text


@pytest.mark.parametrize("name", ["file", ".hidden", "folder"])
def test_a_folder_that_is_not_empty_is_refused(path: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).mkdir() if name == "folder" else (folder / name).touch()
    with pytest.raises(UsageError, match="not empty"):
        exporting.export(folder, path)
    assert [file.name for file in folder.iterdir()] == [name]


def test_what_comes_into_the_folder_meanwhile_is_not_overwritten(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, explain = tmp_path / "out", exporting._explain

    def disturbed(*arguments: object) -> None:
        explain(*arguments)  # type: ignore[arg-type]
        folder.mkdir()
        (folder / "mine").write_text("mine")

    monkeypatch.setattr(exporting, "_explain", disturbed)
    with pytest.raises(UsageError, match="not empty"):
        exporting.export(folder, path)
    assert [file.name for file in folder.iterdir()] == ["mine"]
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(UsageError, match="no folder"):
        exporting.export(tmp_path / "out", path)


def test_a_folder_that_is_not_there_is_not_made_above(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        exporting.export(tmp_path / "away" / "out", path)
    assert not (tmp_path / "away").exists()


def break_a_word(file: Path, rows: pa.Table) -> pa.Table:
    return rows.set_column(rows.column_names.index("role"), "role", pa.array(["boss"] * len(rows)))


def lose_a_value(file: Path, rows: pa.Table) -> pa.Table:
    return rows.set_column(rows.column_names.index("size"), "size", pa.array([None] * len(rows), pa.int64()))


def lose_a_row(file: Path, rows: pa.Table) -> pa.Table:
    return rows.slice(1)


def change_a_type(file: Path, rows: pa.Table) -> pa.Table:
    return rows.set_column(rows.column_names.index("size"), "size", pa.array(["1"] * len(rows)))


@pytest.mark.parametrize("damage", [break_a_word, lose_a_value, lose_a_row, change_a_type])
def test_what_was_written_wrongly_is_found_and_removed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path, pa.Table], pa.Table]
) -> None:
    checked = exporting._checked

    def spoilt(table: str, file: Path) -> int:
        if table == "file_locations" and "volume_id=1" in str(file):
            pq.write_table(damage(file, pq.ParquetFile(file).read()), file)
        return checked(table, file)

    monkeypatch.setattr(exporting, "_checked", spoilt)
    with pytest.raises(DestinationError, match="not what the catalog holds"):
        exporting.export(tmp_path / "out", path)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_a_full_disk_leaves_nothing(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "_sync", full)
    with pytest.raises(DestinationError, match="no space left"):
        exporting.export(tmp_path / "out", path)
    assert {file.name for file in tmp_path.iterdir()} == {"catalog.db", "catalog.db.lock", "cache"}


def test_a_damaged_snapshot_is_no_reason_not_to_export(path: Path, tmp_path: Path, cache: Path) -> None:
    with analysis.connect(path) as db:
        ((rows,),) = db.sql("SELECT count(*) FROM file_locations").fetchall()
    spoil_the_middle(cache)
    assert exporting.export(tmp_path / "out", path).rows["file_locations"] == rows


def test_a_snapshot_that_goes_while_it_is_read_is_made_anew(
    path: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be read is told by the same error as what can't be written."""
    write, lost = exporting._write, list[Path]()

    def losing(db: duckdb.DuckDBPyConnection, table: str, place: Path) -> int:
        if not lost:
            lost.extend(cache.rglob("file_locations/*.parquet"))
            lost[0].unlink()
        return write(db, table, place)

    monkeypatch.setattr(exporting, "_write", losing)
    assert exporting.export(tmp_path / "out", path).rows["file_locations"]
    assert lost


def _filled(file: Path) -> int:
    """Write as much as there is room for into a new file; how many bytes that was."""
    with file.open("xb", buffering=0) as content:
        with suppress(OSError):
            while content.write(bytes(1024)):
                pass
        with suppress(OSError):
            os.fsync(content)
    return file.stat().st_size


def test_what_duckdb_cannot_write_is_said(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full, met by DuckDB itself, is no reason to read the catalog again."""
    literal, number = exporting._literal, count()

    def filling(place: Path) -> str:
        """A long file may find no room where a new one does, and what was held back for it is there again."""
        while _filled(small / f"full-{next(number)}"):
            pass
        return literal(place)

    monkeypatch.setattr(exporting, "_literal", filling)
    with drive(tmp_path / "small", megabytes=2) as small:
        with pytest.raises(DestinationError, match="can't be exported to") as told:
            exporting.export(small / "out", path)
        assert isinstance(told.value.__context__, duckdb.IOException)
        assert all(file.name.startswith("full-") for file in small.iterdir())


_KILLED = """
import os, signal, sys
from pathlib import Path
from cardcat.analysis import exporting
exporting._explain = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
exporting.export(Path(sys.argv[1]), sys.argv[2])
"""


def test_a_kill_leaves_no_half_export_under_the_name(path: Path, tmp_path: Path) -> None:
    run_killed(_KILLED, str(tmp_path / "out"), str(path))
    assert not (tmp_path / "out").exists()
    exporting.export(tmp_path / "out", path)


def test_the_command_says_what_it_wrote(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--catalog", str(path), "catalog", "export", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["exported"]) == (str(tmp_path / "out"), True)
    assert told["rows"]["file_locations"] == 3_001
    assert told["files"] == len(list((tmp_path / "out").rglob("*.parquet")))
    assert main(["--catalog", str(path), "catalog", "export", str(tmp_path / "out")]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["--catalog", str(path), "catalog", "export", str(tmp_path / "two")]) == 0
    assert "file_locations" in capsys.readouterr().out


def test_a_dry_run_and_an_absent_catalog_write_nothing(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["--catalog", str(path), "catalog", "export", out, "--dry-run"]) == 0
    assert "would be exported" in capsys.readouterr().out
    assert main(["--catalog", str(tmp_path / "none.db"), "catalog", "export", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exported"] is False
    assert not os.path.lexists(out)
