"""The catalog's tables as Arrow: types that hold for every row, and damage that is said."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from cardcat import analysis
from cardcat.catalog import arrow
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.sources import fast_driver, own_sqlite
from cardcat.errors import CatalogError

WAYS = (own_sqlite, fast_driver)


@pytest.fixture
def path(tmp_path: Path, empty: bytes) -> Path:
    path = tmp_path / "catalog.db"
    path.write_bytes(empty)
    return path


def fill(path: Path, rows: int, **late: object) -> None:
    """Computers, of which only the last one has what *late* says."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO devices (uuid, name, os, last_seen_at, created_at) VALUES (?, '', '', 1, 1)",
            [(str(number),) for number in range(rows)],
        )
        for name, value in late.items():
            connection.execute(f"UPDATE devices SET {name} = ? WHERE id = {rows}", (value,))
        connection.commit()


def read(path: Path, table: str, way: arrow.Way) -> pa.Table:
    with open_catalog(path) as opened, arrow.reading(opened, way) as reader:
        return reader.table(table)


@pytest.mark.parametrize("way", WAYS)
def test_a_column_that_is_empty_for_long_keeps_its_type(path: Path, way: arrow.Way) -> None:
    """The driver takes it from the first rows: without samples, text after 5,000 NULLs is an error."""
    fill(path, 5_001, os_version="Debian 12")
    found = read(path, "devices", way)
    assert found.schema.equals(arrow.schema_of("devices"))
    assert found["os_version"].to_pylist() == [None] * 5_000 + ["Debian 12"]
    with analysis.connect(path) as db:
        assert db.sql("SELECT os_version FROM devices WHERE os_version IS NOT NULL").fetchall() == [
            ("Debian 12",)
        ]


@pytest.mark.parametrize("way", WAYS)
def test_numbers_of_64_bits_arrive(path: Path, way: arrow.Way) -> None:
    fill(path, 3, last_seen_at=2**63 - 1)
    assert read(path, "devices", way)["last_seen_at"].to_pylist() == [1, 1, 2**63 - 1]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_without_a_number_for_a_key_comes_in_parts_too(
    path: Path, monkeypatch: pytest.MonkeyPatch, way: arrow.Way
) -> None:
    monkeypatch.setattr(arrow, "CHUNK", 10)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO watch_notes VALUES (?, '', '', 1)", [(f"{number:03}",) for number in range(35)]
        )
        connection.commit()
    with open_catalog(path) as opened, arrow.reading(opened, way) as reader:
        parts = [part for part in reader.chunks("watch_notes") if isinstance(part, arrow.Chunk)]
    assert [value for part in parts for value in part.rows["volume_key"].to_pylist()] == [
        f"{number:03}" for number in range(35)
    ]
    assert len(parts) > 3


def test_the_words_of_a_column_are_known() -> None:
    fields = {field.name: field for field in arrow.fields_of("file_locations")}
    assert fields["role"].words == ("library", "backup", "archive", "source")
    assert (fields["name"].words, fields["content_id"].nullable, fields["size"].nullable) == ((), True, False)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", ["many", b"\xff"])
def test_a_value_of_another_type_is_damage(path: Path, value: object, way: arrow.Way) -> None:
    fill(path, 3, last_seen_at=value)
    with pytest.raises(CatalogError, match="damaged"):
        read(path, "devices", way)
    with pytest.raises(CatalogError, match="damaged"):
        analysis.connect(path)


@pytest.mark.parametrize("way", WAYS)
def test_text_that_is_none_is_damage(path: Path, way: arrow.Way) -> None:
    fill(path, 3)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE devices SET name = CAST(x'ff' AS TEXT) WHERE id = 2")
        connection.commit()
    with pytest.raises(CatalogError):
        read(path, "devices", way)


def test_a_frame_has_the_rows_of_a_table(path: Path) -> None:
    fill(path, 3, os_version="12")
    frame = analysis.frame("devices", path)
    assert frame["os_version"].to_list() == [None, None, "12"]
    with pytest.raises(KeyError):
        analysis.frame("nothing", path)
