"""The copy of the catalog that analysis works on: of one moment, up to date, and never needed."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cardcat import analysis
from cardcat.analysis import following, opening, parts, snapshot
from cardcat.catalog import arrow
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.sources import fast_driver
from cardcat.errors import CatalogError
from tests.analysis.damage import spoil_the_middle
from tests.catalog.helpers import rows_of, run, run_killed


@pytest.fixture(params=["small", "large"])
def path(tmp_path: Path, filled: bytes, request: pytest.FixtureRequest) -> Path:
    """A catalog with something in it, that is read as small ones are, and as large ones are."""
    if request.param == "large":
        request.getfixturevalue("fast")
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of ten rows, or of ten ids."""
    monkeypatch.setattr(arrow, "CHUNK", 10)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that are read from the catalog."""
    read: list[str] = []
    chunks = arrow.Reader.chunks

    def noted(
        reader: arrow.Reader, name: str, known: Mapping[int, str | None] | None = None
    ) -> Iterator[arrow.Chunk | arrow.Same]:
        read.append(name)
        return chunks(reader, name, known)

    monkeypatch.setattr(arrow.Reader, "chunks", noted)
    return read


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def files(cache: Path, table: str = "*") -> set[str]:
    """Which Parquet files there are."""
    return {f"{file.parent.name}/{file.name}" for file in cache.rglob(f"{table}/*.parquet")}


def folders(cache: Path, count: int = 1) -> list[Path]:
    found = sorted(folder for folder in cache.rglob("*-0*") if folder.is_dir())
    assert len(found) == count
    return found


def names(path: Path) -> list[str]:
    """The drives and cards that analysis sees."""
    with analysis.connect(path) as db:
        return [name for (name,) in db.sql("SELECT label FROM volumes ORDER BY id").fetchall()]


def test_every_table_is_there_with_all_its_rows(path: Path, small: None) -> None:
    for _ in range(2):
        with analysis.connect(path) as db:
            for name, rows in rows_of(path).items():
                if name in arrow.TABLES:
                    found = db.sql(f"SELECT * FROM {name}").fetchall()
                    assert sorted(found, key=repr) == [plain(name, row) for row in rows], name


def plain(table: str, row: tuple[object, ...]) -> tuple[object, ...]:
    """A row of SQLite, which has no truth values."""
    fields = arrow.fields_of(table)
    return tuple(
        bool(value) if pa.types.is_boolean(field.type) else value
        for field, value in zip(fields, row, strict=True)
    )


def test_entries_are_those_of_the_catalog(path: Path) -> None:
    change(path, "UPDATE file_locations SET mtime_ns = -1500000000")
    with closing(sqlite3.connect(path)) as connection, analysis.connect(path) as db:
        expected = connection.execute("SELECT * FROM entries").fetchall()
        assert db.sql("SELECT * FROM entries").fetchall() == expected
    assert expected[0][8] == -1


def test_an_empty_catalog_has_empty_tables_with_their_columns(tmp_path: Path) -> None:
    open_catalog(tmp_path / "catalog.db").close()
    with analysis.connect(tmp_path / "catalog.db") as db:
        for name in arrow.TABLES:
            found = db.sql(f"SELECT * FROM {name}").to_arrow_table()
            assert found.schema.equals(arrow.schema_of(name)), name
            assert found.num_rows == (name == "catalog_identity")


def test_without_a_change_nothing_is_read_or_written(path: Path, cache: Path, reads: list[str]) -> None:
    analysis.connect(path).close()
    before = {file: file.stat().st_mtime_ns for file in cache.rglob("*.*")}
    reads.clear()
    analysis.connect(path).close()
    assert reads == []
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*.*")} == before


def test_what_was_written_just_before_a_look_is_read_again(
    path: Path, cache: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "SETTLED_NS", 3_600_000_000_000)
    analysis.connect(path).close()
    written = files(cache)
    reads.clear()
    analysis.connect(path).close()
    assert set(reads) == set(arrow.TABLES)
    assert files(cache) == written


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'",
        "DELETE FROM backup_items WHERE source_path LIKE '%7%'",
        "INSERT INTO folders VALUES (99, 1, 'new', x'')",
        "UPDATE file_locations SET verified_at = NULL",
        "UPDATE file_locations SET name_raw = x'ff00'",
    ],
)
def test_any_change_is_seen_and_only_its_files_are_written_again(
    path: Path, cache: Path, small: None, statement: str
) -> None:
    analysis.connect(path).close()
    before = files(cache)
    change(path, statement)
    with analysis.connect(path) as db:
        for name in ("volumes", "backup_items", "folders", "file_locations"):
            assert sorted(db.sql(f"SELECT * FROM {name}").fetchall(), key=repr) == rows_of(path)[name]
    gone = {name.partition("/")[0] for name in before - files(cache)}
    assert gone <= {statement.split()[1 if statement.startswith("UPDATE") else 2]}


def test_a_change_at_one_place_of_a_large_table_writes_one_file(path: Path, cache: Path, small: None) -> None:
    values = ", ".join(f"({number}, 1, 'f{number}', x'')" for number in range(2, 100))
    change(path, f"INSERT INTO folders VALUES {values}")
    analysis.connect(path).close()
    before = files(cache, "folders")
    change(path, "DELETE FROM folders WHERE id = 42")
    analysis.connect(path).close()
    assert len(before) == 10
    assert len(files(cache, "folders") - before) == 1


def test_a_change_that_is_still_in_the_log_is_seen(path: Path) -> None:
    names(path)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("UPDATE volumes SET label = 'NEW' WHERE label = 'card'")
        writer.commit()
        assert names(path) == ["NEW", "drive"]


def test_all_tables_are_of_one_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = arrow.Reader.chunks

    def disturbed(
        reader: arrow.Reader, name: str, known: Mapping[int, str | None] | None = None
    ) -> Iterator[arrow.Chunk | arrow.Same]:
        yield from chunks(reader, name, known)
        change(path, f"INSERT INTO watch_notes VALUES ('{name}', '', '', 1)")

    monkeypatch.setattr(arrow.Reader, "chunks", disturbed)
    with analysis.connect(path) as db:
        assert db.sql("SELECT count(*) FROM watch_notes").fetchall() == [(0,)]
    monkeypatch.undo()


def test_the_catalog_is_not_changed(path: Path) -> None:
    before = path.read_bytes()
    with analysis.connect(path) as db:
        db.execute("CREATE TABLE mine AS SELECT 1 AS one")
        with pytest.raises(duckdb.Error):
            db.execute("DELETE FROM volumes")
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"catalog.db", "catalog.db.lock", "cache"}


def test_a_connection_keeps_its_moment_while_others_refresh(path: Path, cache: Path) -> None:
    old = analysis.connect(path)
    before = files(cache, "volumes")
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    assert names(path) == ["card", "OTHER"]
    assert before <= files(cache, "volumes")
    assert old.sql("SELECT label FROM volumes ORDER BY id").fetchall() == [("card",), ("drive",)]
    old.close()
    del old
    gc.collect()
    change(path, "UPDATE volumes SET label = 'THIRD' WHERE label = 'card'")
    assert names(path) == ["THIRD", "OTHER"]
    assert not before & files(cache, "volumes")
    assert len(list(cache.rglob("index-*.json"))) == 1


def test_what_comes_of_a_connection_keeps_its_moment_too(path: Path, cache: Path) -> None:
    rows = analysis.connect(path).sql("SELECT label FROM volumes ORDER BY id")
    gc.collect()
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    names(path)
    assert rows.fetchall() == [("card",), ("drive",)]


def spoil_index(folder: Path) -> None:
    (index,) = folder.glob("index-*.json")
    index.write_bytes(index.read_bytes()[:100])


def spoil_form(folder: Path) -> None:
    (index,) = folder.glob("index-*.json")
    index.write_text(json.dumps(json.loads(index.read_text()) | {"form": -1}))


def spoil_owner(folder: Path) -> None:
    (index,) = folder.glob("index-*.json")
    index.write_text(json.dumps(json.loads(index.read_text()) | {"catalog": "another"}))


def empty_index(folder: Path) -> None:
    (index,) = folder.glob("index-*.json")
    index.write_text("{}")


def lose_a_file(folder: Path) -> None:
    next(folder.glob("volumes/*.parquet")).unlink()


def cut_a_file(folder: Path) -> None:
    os.truncate(next(folder.glob("volumes/*.parquet")), 40)


def zero_a_file(folder: Path) -> None:
    """As a disk may after a power cut: the size is right, and so is the time."""
    file = next(folder.glob("volumes/*.parquet"))
    status = file.stat()
    file.write_bytes(bytes(status.st_size))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def exchange_a_file(folder: Path) -> None:
    file = next(folder.glob("volumes/*.parquet"))
    pq.write_table(pa.table({"label": ["forged"], "id": [1]}), file)


@pytest.mark.parametrize(
    "damage",
    [
        spoil_index,
        spoil_form,
        spoil_owner,
        empty_index,
        lose_a_file,
        cut_a_file,
        zero_a_file,
        exchange_a_file,
    ],
)
def test_a_damaged_or_foreign_snapshot_is_made_anew(
    path: Path, cache: Path, damage: Callable[[Path], None]
) -> None:
    names(path)
    damage(*folders(cache))
    assert names(path) == ["card", "drive"]
    assert names(path) == ["card", "drive"]


def test_a_question_finds_out_about_damage_in_the_middle_of_a_file(path: Path, cache: Path) -> None:
    analysis.ask("largest_folders", path)
    spoil_the_middle(cache)
    assert analysis.ask("largest_folders", path).height == 2


def test_who_prepares_a_connection_gets_a_sound_one(path: Path, cache: Path) -> None:
    statement = "CREATE TEMP TABLE asked AS SELECT count(*) AS files FROM file_locations"
    with analysis.connect(path, prepare=[statement]) as db:
        before = db.sql("FROM asked").fetchall(), db.sql("FROM folders").fetchall()
    for table in ("file_locations", "folders"):
        spoil_the_middle(cache, table)
        with analysis.connect(path, prepare=[statement]) as db:
            assert (db.sql("FROM asked").fetchall(), db.sql("FROM folders").fetchall()) == before


def test_a_restored_catalog_of_the_same_identity_is_not_taken_for_the_one_before(
    path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    change(copy, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    times = path.stat()
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert names(path) == ["card", "drive"]
    assert names(copy) == ["card", "OTHER"]
    assert names(path) == ["card", "drive"]


def test_a_copy_of_the_catalog_that_lies_elsewhere_does_not_answer_for_it(
    tmp_path: Path, filled: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have one folder: who comes between leaves a state of the other there."""
    ours, other = tmp_path / "ours.db", tmp_path / "other.db"
    for file in (ours, other):
        file.write_bytes(filled)
    change(other, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")

    def follow(path: Path, folder: Path, *, trusted: bool) -> None:
        for each in (path, other):
            with open_catalog(each) as opened:
                os.close(snapshot.refresh(opened, folder, fast_driver, trusted=trusted).descriptor)

    monkeypatch.setattr(snapshot, "SMALL", -1)
    monkeypatch.setattr(following, "follow", follow)
    assert "OTHER" in names(other)
    assert "OTHER" not in names(ours)


def test_each_catalog_has_a_folder_that_is_nobody_elses_business(
    path: Path, tmp_path: Path, cache: Path
) -> None:
    open_catalog(tmp_path / "other.db").close()
    analysis.connect(path).close()
    analysis.connect(tmp_path / "other.db").close()
    assert {folder.stat().st_mode & 0o777 for folder in folders(cache, 2)} == {0o700}


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("module", "function"), [(pq, "write_table"), (os, "fsync"), (Path, "replace")])
def test_without_room_the_catalog_is_read_into_memory(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, module: object, function: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, function, fail)
        with analysis.connect(path) as db:
            assert db.sql("SELECT count(*) FROM entries").fetchall() == [(1,)]
            assert db.sql("SELECT count(*) FROM backup_items").fetchall() == [(20,)]
    assert files(cache) == set()
    assert not list(cache.rglob("*.partial"))


def test_without_locks_the_catalog_is_read_into_memory_and_that_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshot, "_held", fail)
    assert names(path) == ["card", "drive"]
    assert "read into memory" in caplog.text


def test_a_cache_that_cannot_be_there_is_done_without(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert names(path) == ["card", "drive"]


def test_a_snapshot_that_somebody_holds_for_too_long_is_done_without(
    path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(path)
    (folder,) = folders(cache)
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    monkeypatch.setattr(snapshot, "WAIT_SECONDS", 0.0)
    with snapshot.alone(folder, 1.0):
        assert names(path) == ["card", "OTHER"]


def test_two_at_once_make_one_snapshot(path: Path, cache: Path, reads: list[str]) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(names(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["card", "drive"]] * 4
    assert len(list(cache.rglob("index-*.json"))) == 1
    assert reads.count("volumes") == 1


_KILLED = """
import os, signal, sys
from pathlib import Path
from cardcat import analysis
from cardcat.analysis import parts
left = int(sys.argv[2])
replace = Path.replace
def counted(file, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(file, target)
Path.replace = counted
analysis.connect(sys.argv[1])
"""


@pytest.mark.parametrize("steps", [0, 3])
def test_a_kill_leaves_no_half_snapshot(path: Path, cache: Path, steps: int) -> None:
    run_killed(_KILLED, str(path), str(steps))
    assert not list(cache.rglob("index-*.json"))
    assert list(cache.rglob("*.partial"))
    assert names(path) == ["card", "drive"]
    assert not list(cache.rglob("*.partial"))
    change(path, "UPDATE volumes SET label = 'OTHER' WHERE label = 'drive'")
    run_killed(_KILLED, str(path), "1")
    assert names(path) == ["card", "OTHER"]
    assert len(files(cache, "volumes")) == 1


def test_what_did_not_fit_into_memory_is_removed_also_after_a_kill(path: Path, cache: Path) -> None:
    done = run(
        "import os, signal, sys; from cardcat import analysis; db = analysis.connect(sys.argv[1]);"
        "os.kill(os.getpid(), signal.SIGKILL)",
        str(path),
    )
    assert done.returncode == -signal.SIGKILL
    spill = cache / "cardcat" / "analysis" / "spill"
    (left,) = spill.iterdir()
    with analysis.connect(path) as db:
        assert not left.exists()
        assert len(list(spill.iterdir())) == 1
        assert db.sql("SELECT current_setting('memory_limit')").fetchall() == [("1.8 GiB",)]
        assert str(spill) in str(db.sql("SELECT current_setting('temp_directory')").fetchall())
    del db
    gc.collect()
    assert not list(spill.iterdir())


@pytest.mark.parametrize("when", ["before it is held", "while it is held by who clears up", "as it is held"])
def test_a_folder_that_another_clears_away_is_made_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    held, met = opening._held, [0]

    def met_once(spill: Path) -> int:
        met[0] += 1
        if met[0] > 1:
            return held(spill)
        if when == "while it is held by who clears up":
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if when == "before it is held":
            spill.rmdir()
        descriptor = held(spill)
        spill.rmdir()
        return descriptor

    monkeypatch.setattr(opening, "_held", met_once)
    with analysis.connect(path) as db:
        ((spill,),) = db.sql("SELECT current_setting('temp_directory')").fetchall()
        assert Path(spill).is_dir()
    assert met == [2]


def test_nothing_is_downloaded(path: Path) -> None:
    with analysis.connect(path) as db:
        for setting in (
            "autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions",
        ):  # fmt: skip
            assert db.sql(f"SELECT current_setting('{setting}')").fetchall() == [(False,)]
        loaded = db.sql("SELECT install_mode FROM duckdb_extensions() WHERE loaded").fetchall()
        assert set(loaded) == {("STATICALLY_LINKED",)}
        with pytest.raises(duckdb.Error):
            db.sql(f"SELECT * FROM sqlite_scan('{path}', 'volumes')")


def test_no_catalog_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="There is no catalog"):
        analysis.connect(tmp_path / "none.db")


def test_the_digest_tells_apart_what_is_different() -> None:
    def digest(values: list[str | None]) -> str:
        rows = pa.table({"a": pa.array(values, pa.string())})
        return parts._name(arrow.Chunk(0, rows, rows, None))

    lists: list[list[str | None]] = [["a", "b"], ["ab", ""], ["", "ab"], [None, "ab"], ["ab", None], ["ab"]]
    assert len({digest(values) for values in lists}) == len(lists)


def test_a_folder_whose_name_is_a_pattern_is_no_trouble(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "it's [a] * ?"))
    assert names(path) == ["card", "drive"]
    assert names(path) == ["card", "drive"]
