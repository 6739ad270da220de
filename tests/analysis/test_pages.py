"""What is told of a table from its pages alone: never that it is the same when it is not."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from cardcat import analysis
from cardcat.catalog import arrow, pages
from tests.catalog.helpers import rows_of


@pytest.fixture
def path(tmp_path: Path, filled: bytes, fast: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog of small pages, so that its trees are deep, with a thousand folders and copies."""
    monkeypatch.setattr(arrow, "CHUNK", 50)
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA page_size=512")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executemany(
            "INSERT INTO folders VALUES (?, 1, ?, x'')",
            [(number, f"f{number}") for number in range(2, 1_000)],
        )
        connection.executemany(_COPY, [(number, f"n{number}", None) for number in range(2, 1_000)])
        connection.commit()
    return path


_COPY = (
    "INSERT INTO file_locations (id, folder_id, name, name_raw, size, mtime_ns, role, evidence, verified_how,"
    " first_seen_at, last_seen_at) VALUES (?, 1, ?, x'', 1, 1, 'library', 'claimed', ?, 1, 1)"
)


@contextmanager
def looked_at(file: Path) -> Iterator[pages.Pages | None]:
    with pages.held(file) as look:
        yield look()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables of which rows are read, once for each part."""
    found: list[str] = []
    batches = arrow.Reader._batches

    def noted(reader: arrow.Reader, name: str, where: str = "") -> Iterator[tuple[pa.Table, pa.Table]]:
        found.append(name)
        return batches(reader, name, where)

    monkeypatch.setattr(arrow.Reader, "_batches", noted)
    return found


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement, values)
        connection.commit()


def require_same(path: Path) -> None:
    """What analysis sees is what the catalog holds."""
    expected = rows_of(path)
    with analysis.connect(path) as db:
        for table in ("folders", "file_locations", "volumes", "content_identity"):
            assert sorted(db.sql(f"SELECT * FROM {table}").fetchall(), key=repr) == expected[table], table


def test_what_has_not_changed_is_not_read(path: Path, read: list[str]) -> None:
    require_same(path)
    assert (read.count("folders"), read.count("file_locations")) == (20, 20)
    read.clear()
    change(path, "UPDATE folders SET path = 'other' WHERE id = 420")
    require_same(path)
    assert 1 <= read.count("folders") <= 3
    assert read.count("file_locations") == 0
    read.clear()
    change(path, "INSERT INTO folders VALUES (1000, 1, 'new', x'')")
    require_same(path)
    assert 1 <= read.count("folders") <= 3


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_changed_is_seen(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with closing(sqlite3.connect(path)) as keeper:  # keeps the log from being put into the file at each end
        keeper.execute("PRAGMA wal_autocheckpoint=0")
        for step in range(8):
            _disturb(keeper, chance, step)
            keeper.commit()
            if chance.random() < 0.4:
                keeper.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            require_same(path)


def _disturb(connection: sqlite3.Connection, chance: random.Random, step: int) -> None:
    first = chance.randrange(1_000)
    last = first + chance.choice((0, 5, 300))
    match chance.randrange(6):
        case 0:
            connection.execute(
                "UPDATE folders SET path = ? || id WHERE id BETWEEN ? AND ?", (step, first, last)
            )
        case 1:
            connection.execute("DELETE FROM file_locations WHERE id BETWEEN ? AND ?", (first, last))
        case 2:
            wide = "long " * chance.randrange(200)
            connection.execute(
                "UPDATE file_locations SET verified_how = ? WHERE id BETWEEN ? AND ?", (wide, first, last)
            )
        case 3:
            start = 1_000 + step * 400
            connection.executemany(
                _COPY, [(start + n, f"s{step}-{n}", None) for n in range(last - first + 1)]
            )
        case 4:
            connection.execute(
                "UPDATE file_locations SET size = size + 1 WHERE id % 97 = ?", (chance.randrange(97),)
            )
        case _:
            connection.execute("UPDATE volumes SET label = ?", (f"label {step}",))


def test_the_end_of_a_row_that_is_longer_than_a_page_is_seen(path: Path) -> None:
    text = "x" * 5_000
    change(path, "UPDATE file_locations SET verified_how = ? WHERE id = 500", text + "a")
    require_same(path)
    change(path, "UPDATE file_locations SET verified_how = ? WHERE id = 500", text + "b")
    require_same(path)


def test_after_it_was_written_anew_as_a_whole_the_catalog_is_seen_as_it_is(path: Path) -> None:
    require_same(path)
    change(path, "DELETE FROM folders WHERE id % 3 = 0 AND id > 1")
    change(path, "VACUUM")
    require_same(path)


def test_keys_far_apart_cost_nothing(path: Path) -> None:
    change(path, "INSERT INTO folders VALUES (?, 1, 'far', x'')", 2**62)
    change(path, "INSERT INTO folders VALUES (?, 1, 'below', x'')", -5)
    require_same(path)
    change(path, "UPDATE folders SET path = 'farther' WHERE id = ?", 2**62)
    require_same(path)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3", b"nothing of the kind" * 100])
def test_a_file_that_is_no_database_tells_nothing(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    with looked_at(file) as found:
        assert found is None
    with looked_at(tmp_path / "none") as found:
        assert found is None


def test_a_tree_that_is_none_tells_nothing(path: Path) -> None:
    size = path.stat().st_size // 512
    with looked_at(path) as found:
        assert found
        assert found.parts(size + 10, range(1, 1_000), 50) == {}
    descriptor = os.open(path, os.O_RDWR)
    with closing(sqlite3.connect(path)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'folders'")
    os.pwrite(descriptor, bytes([5, *([255] * 40)]), (root - 1) * 512)
    os.close(descriptor)
    with looked_at(path) as found:
        assert found
        assert found.parts(root, range(1, 1_000), 50) == {}


@pytest.mark.parametrize(
    "number", [0, 1, 127, 128, 16_383, 16_384, 2**31, 2**56 - 1, 2**56, 2**63 - 1, -1, -(2**63)]
)
def test_numbers_are_read_as_sqlite_writes_them(tmp_path: Path, number: int) -> None:
    """A row's key is one, behind one that says how long the row is."""
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        connection.commit()
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema")
    page = (tmp_path / "a.db").read_bytes()[(root - 1) * 4096 : root * 4096]
    cell = int.from_bytes(page[8:10], "big")
    assert pages._number(page, cell + 1) == number
