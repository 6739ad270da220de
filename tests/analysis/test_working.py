"""What is worked out once for a state of the catalog: never of another one, never damaged, never needed."""

from __future__ import annotations

import errno
import gc
import json
import os
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cardcat import analysis
from cardcat.analysis import asking, kept, parts, rows, snapshot, statements, working
from cardcat.analysis.rows import InFile, InMemory
from cardcat.analysis.working import Recipe, WorkedOut
from cardcat.catalog import arrow
from tests.catalog.helpers import run_killed

if TYPE_CHECKING:
    from cardcat.analysis.rows import Tables

READ = "SELECT label FROM volumes ORDER BY id"
LABELS = ["card", "drive"]
Found = list[tuple[str]]


@pytest.fixture
def path(tmp_path: Path, filled: bytes) -> Path:
    path = tmp_path / "catalog.db"
    path.write_bytes(filled)
    return path


class Desk:
    """The labels of the volumes, worked out; and how often."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made = 0
        self.sql, self.by = READ, b"one"

    def read(self, db: duckdb.DuckDBPyConnection) -> Found:
        return db.sql(READ).fetchall()

    def make(self, found: Found) -> Mapping[str, pa.Table]:
        self.made += 1
        names = [name for (name,) in found]
        return {
            "labels": pa.table({"label": pa.array(names, pa.large_string())}),
            "lengths": pa.table({"length": pa.array(map(len, names), pa.int64())}),
        }

    def worked_out(self) -> WorkedOut[Tables]:
        return WorkedOut(
            self.path, Recipe("labels", self.sql, self.by, self.read, self.make), lambda tables: tables
        )

    def labels(self) -> list[str]:
        return labels_of(self.worked_out())

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(statement)
            connection.commit()

    def rename(self, label: str) -> None:
        self.change(f"UPDATE volumes SET label = '{label}' WHERE id = 2")


def labels_of(found: WorkedOut[Tables]) -> list[str]:
    """What is found, in both tables."""

    def read(tables: Tables) -> list[str]:
        names: list[str] = tables["labels"].columns()["label"].to_pylist()
        assert tables["lengths"].columns()["length"].to_pylist() == [len(name) for name in names]
        return names

    return found.ask(read)


@pytest.fixture
def desk(path: Path) -> Desk:
    return Desk(path)


def kept_files(cache: Path, pattern: str = "*") -> set[Path]:
    return set(cache.rglob(f"kept/{pattern}"))


def test_it_is_worked_out_once(desk: Desk, cache: Path) -> None:
    assert [desk.labels() for _ in range(3)] == [LABELS] * 3
    assert desk.made == 1
    assert len(kept_files(cache)) == 3
    assert {file.parent.stat().st_mode & 0o777 for file in kept_files(cache)} == {0o700}


def test_of_another_state_it_is_worked_out_anew(desk: Desk) -> None:
    desk.labels()
    desk.rename("OTHER")
    assert [desk.labels(), desk.labels()] == [["card", "OTHER"]] * 2
    assert desk.made == 2
    desk.rename("drive")
    assert desk.labels() == LABELS


def test_what_it_does_not_read_may_change(desk: Desk, cache: Path) -> None:
    desk.labels()
    before = kept_files(cache)
    desk.change("UPDATE file_locations SET verified_at = NULL")
    assert desk.labels() == LABELS
    assert desk.made == 1
    assert kept_files(cache) == before


@pytest.mark.parametrize(
    ("name", "value"), [("by", b"two"), ("sql", f"{READ} DESC"), ("sql", "FROM folders")]
)
def test_another_program_works_it_out_for_itself(desk: Desk, name: str, value: str | bytes) -> None:
    desk.labels()
    setattr(desk, name, value)
    desk.labels()
    assert desk.made == 2


def test_it_is_of_one_moment(desk: Desk) -> None:
    desk.labels()
    found = desk.worked_out()
    desk.rename("OTHER")
    assert desk.labels() == ["card", "OTHER"]
    assert labels_of(found) == LABELS


def test_what_somebody_reads_stays_and_goes_after_that(desk: Desk, cache: Path) -> None:
    desk.labels()
    first = kept_files(cache)
    found = desk.worked_out()
    desk.rename("OTHER")
    desk.labels()
    assert first < kept_files(cache)
    assert labels_of(found) == LABELS
    assert desk.made == 2
    del found
    gc.collect()
    desk.rename("THIRD")
    desk.labels()
    assert len(kept_files(cache)) == 3
    assert not first & kept_files(cache)


def test_what_is_of_no_state_any_more_goes(desk: Desk, cache: Path) -> None:
    desk.labels()
    (folder,) = {file.parent for file in kept_files(cache)}
    for left in ("a.json", "b-x.parquet", "c-x.parquet.partial"):
        (folder / left).write_text("{}")
    desk.rename("OTHER")
    analysis.connect(desk.path).close()
    gc.collect()
    assert kept_files(cache) == set()


def edit(cache: Path, change: Callable[[dict[str, object]], object]) -> None:
    (file,) = kept_files(cache, "*.json")
    said = json.loads(file.read_text())
    change(said)
    file.write_text(json.dumps(said))


def cut_the_index(cache: Path) -> None:
    (file,) = kept_files(cache, "*.json")
    os.truncate(file, 60)


def empty_the_index(cache: Path) -> None:
    (file,) = kept_files(cache, "*.json")
    file.write_text("[]")


def set_another_form(cache: Path) -> None:
    edit(cache, lambda said: said.update(form=kept.FORM + 1))


def lose_the_tables(cache: Path) -> None:
    edit(cache, lambda said: said.pop("tables"))


def lose_a_file(cache: Path) -> None:
    min(kept_files(cache, "*.parquet")).unlink()


def cut_a_file(cache: Path) -> None:
    os.truncate(min(kept_files(cache, "*.parquet")), 40)


def exchange_a_file(cache: Path) -> None:
    rows.written(pa.table({"label": ["forged", "forged"]}), min(kept_files(cache, "*.parquet")))


def unchanged_outside(file: Path, change: Callable[[bytearray], None]) -> None:
    """As a failing disk does it: the size and the time stay."""
    status, data = file.stat(), bytearray(file.read_bytes())
    change(data)
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def zero_a_file(cache: Path) -> None:
    unchanged_outside(
        min(kept_files(cache, "*.parquet")), lambda data: data.__setitem__(slice(None), bytes(len(data)))
    )


def flip_a_bit_of_the_end(cache: Path) -> None:
    """There it says where rows lie, and which values they have at most."""
    file = min(kept_files(cache, "*.parquet"))
    unchanged_outside(file, lambda data: data.__setitem__(at := data.rindex(b"drive"), data[at] ^ 1))


def misname_a_table(cache: Path) -> None:
    (file,) = kept_files(cache, "*.json")
    text = file.read_text()
    assert '"labels"' in text
    file.write_text(text.replace('"labels"', '"lapels"'))


def flip_a_bit_of_a_value(cache: Path) -> None:
    file = min(kept_files(cache, "*.parquet"))
    unchanged_outside(
        file, lambda data: data.__setitem__(at := data.index(b"\5\0\0\0drive") + 4, data[at] ^ 1)
    )


def test_what_another_view_showed_is_worked_out_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.labels()
    monkeypatch.setitem(statements.VIEWS, "drives", f"{statements.DRIVES} ")
    assert desk.labels() == LABELS
    assert desk.made == 2


def test_what_somebody_else_has_kept_meanwhile_stays(
    desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.labels()
    (file,) = kept_files(cache, "*.json")
    said, before = json.loads(file.read_text()), {each: each.stat() for each in kept_files(cache)}
    monkeypatch.delattr(kept, "written")
    kept.keep(file.parents[1], said["sign"], said["state"], {"labels": pa.table({"label": ["other"]})})
    assert {each: each.stat() for each in kept_files(cache)} == before


DAMAGES = (
    cut_the_index, empty_the_index, set_another_form, lose_the_tables,
    misname_a_table, lose_a_file, cut_a_file, exchange_a_file, zero_a_file, flip_a_bit_of_a_value,
    flip_a_bit_of_the_end,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_no_answer_and_made_anew(
    desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    write = pq.write_table

    def plainly(table: pa.Table, file: Path, **how: object) -> None:
        """So that a value can be found in the file."""
        del how["compression_level"]
        write(table, file, **(how | {"compression": "none", "use_dictionary": False}))

    monkeypatch.setattr(pq, "write_table", plainly)
    desk.labels()
    damage(cache)
    assert desk.labels() == LABELS
    assert desk.made == 2
    assert desk.labels() == LABELS
    assert desk.made == 2


def test_damage_is_found_by_who_has_it_open(desk: Desk, cache: Path) -> None:
    desk.labels()
    found = desk.worked_out()
    assert desk.made == 1
    zero_a_file(cache)
    assert labels_of(found) == LABELS
    assert desk.made == 2


def test_what_is_of_another_state_is_not_taken_by_its_name(desk: Desk, cache: Path) -> None:
    desk.labels()
    old = {file.name: file.read_bytes() for file in kept_files(cache)}
    times = {file.name: file.stat().st_mtime_ns for file in kept_files(cache)}
    (before,) = (file.stem for file in kept_files(cache, "*.json"))
    desk.rename("OTHER")
    desk.labels()
    (file,) = kept_files(cache, "*.json")
    for name, data in old.items():
        forged = file.parent / name.replace(before, file.stem)
        forged.write_bytes(
            data.replace(before.encode(), file.stem.encode()) if name.endswith("json") else data
        )
        os.utime(forged, ns=(times[name], times[name]))
    assert desk.labels() == ["card", "OTHER"]
    assert desk.made == 3


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(("module", "function"), [(pq, "write_table"), (os, "fsync"), (Path, "replace")])
def test_without_room_it_is_just_worked_out(
    desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch, module: object, function: str
) -> None:
    analysis.connect(desk.path).close()
    with monkeypatch.context() as patch:
        patch.setattr(module, function, fail)
        assert desk.labels() == LABELS
        assert kept_files(cache) == set()
    assert [desk.labels(), desk.labels()] == [LABELS] * 2
    assert desk.made == 2


def test_without_room_for_all_of_it_nothing_stays(
    desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis.connect(desk.path).close()
    write, left = rows.written, [1]

    def written(table: pa.Table, file: Path) -> None:
        write(table, file) if left and left.pop() else fail()

    monkeypatch.setattr(kept, "written", written)
    assert desk.labels() == LABELS
    assert left == []
    assert kept_files(cache) == set()


def test_without_a_snapshot_it_is_just_worked_out(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [desk.labels(), desk.labels()] == [LABELS] * 2
    assert desk.made == 2


def test_nobody_waits_long_for_others_who_write_there(
    desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis.connect(desk.path).close()
    (folder,) = (file.parent for file in cache.rglob("index-*.json"))
    monkeypatch.setattr(working, "WAIT_SECONDS", 0.0)
    with snapshot.alone(folder, 1.0):
        assert desk.labels() == LABELS
    assert kept_files(cache) == set()


_KILLED = """
import os, signal, sys
from pathlib import Path
from cardcat import analysis
from cardcat.analysis import snapshot
analysis.connect(sys.argv[1]).close()
left, replace = int(sys.argv[2]), Path.replace
def counted(file, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(file, target)
Path.replace = counted
snapshot.SETTLED_NS = -1
analysis.ask("waste_by_kind", sys.argv[1])
"""


@pytest.mark.parametrize("steps", [0, 1])
def test_a_kill_leaves_no_half_of_it(path: Path, cache: Path, steps: int) -> None:
    snapshot_first = analysis.ask("waste_by_kind", path)
    for file in kept_files(cache):
        file.unlink()
    run_killed(_KILLED, str(path), str(steps))
    assert not kept_files(cache, "*.json")
    assert kept_files(cache)
    for _ in range(2):
        assert analysis.ask("waste_by_kind", path).equals(snapshot_first)
    assert len(kept_files(cache, "*.json")) == 1


@pytest.mark.parametrize("name", [one for one in statements._files() if one.startswith(asking.KEPT)])
def test_a_kept_answer_is_the_answer(
    path: Path, cache: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = (
        "UPDATE file_locations SET role = 'library'; INSERT INTO file_locations (folder_id, name, name_raw,"
    )
    change += (
        " content_id, size, mtime_ns, role, status, evidence, first_seen_at, last_seen_at) SELECT folder_id,"
    )
    change += (
        " 'twin', name_raw, content_id, size, mtime_ns, role, status, 'claimed', 1, 1 FROM file_locations"
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(change)
    with analysis.connect(path) as db:
        expected = db.sql(statements.question(name).sql).pl()
    made = analysis.ask(name, path)
    monkeypatch.setattr(asking, "_answer", fail)
    found = analysis.ask(name, path)
    assert len(expected)
    assert made.schema == found.schema == expected.schema
    assert made.equals(expected)
    assert found.equals(expected)
    assert analysis.ask(name, path, limit=0).equals(expected.head(0))


@pytest.mark.parametrize("name", [one for one in statements._files() if one.startswith(asking.KEPT)])
def test_a_kept_answer_is_the_same_at_any_time(name: str) -> None:
    asked = statements.question(name)
    assert not asked.parameters
    assert not re.search(r"now\(|current_|today|random|uuid\(|age\(|_at\b", asked.sql)


@pytest.mark.parametrize("name", statements._files())
def test_the_tables_that_a_statement_reads_are_known(name: str) -> None:
    sql = re.sub(r"\$\w+", "NULL", statements.question(name).sql)
    read = set(duckdb.get_table_names(sql))
    for view in read & statements.VIEWS.keys():
        text = statements.VIEWS[view].partition(" AS\n")[2]
        read |= set(duckdb.get_table_names(text))
    assert read - statements.VIEWS.keys() <= set(statements.tables_in(sql)) <= set(arrow.TABLES)


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 50])
def test_rows_are_the_same_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(rows, "GROUP", 7)
    table = pa.table(
        {
            "number": pa.array([number // 3 for number in range(count)], pa.int32()),
            "text": pa.array([f"{number // 2:04}" for number in range(count)], pa.large_string()),
            "maybe": pa.array([number if number % 3 else None for number in range(count)], pa.int64()),
        }
    )
    rows.written(table, tmp_path / "file")
    file, memory = InFile(tmp_path / "file", parts.digest_of(tmp_path / "file"), None), InMemory(table)
    assert len(file) == len(memory) == count
    assert file.columns().equals(table)
    assert file.columns("maybe", "text").equals(memory.columns("maybe", "text"))
    every = list(range(count))
    for places in ([], every[::-1], every[::5], every[3:9] * 2, range(count), range(count)[3:20], range(0)):
        assert file.at(places).to_pylist() == memory.at(places).to_pylist()
        assert file.at(places, "text").to_pylist() == memory.at(places, "text").to_pylist()
    for first in range(-1, count // 3 + 2, 2):
        found, expected = (
            pl.DataFrame(pl.from_arrow(each.near("number", first, first + 1))) for each in (file, memory)
        )
        wanted = pl.col("number").is_between(first, first + 1)
        assert found.filter(wanted).equals(expected.filter(wanted))
        assert len(found) <= 21
    text = file.near("text", "0002", "0002", "text")["text"].to_pylist()
    assert text.count("0002") == max(0, min(2, count - 4))


def test_a_place_that_is_not_there_is_damage(tmp_path: Path) -> None:
    rows.written(pa.table({"number": [1, 2]}), tmp_path / "file")
    for places in ([5], [rows.GROUP], range(5, 7)):
        with pytest.raises(rows.DamagedError):
            InFile(tmp_path / "file", parts.digest_of(tmp_path / "file"), None).at(places)


def test_a_file_is_compared_with_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    status = (tmp_path / "file").stat()
    parts.require(tmp_path / "file", 4, status.st_mtime_ns)
    for size, time in ((5, status.st_mtime_ns), (4, 1), (None, None)):
        with pytest.raises(ValueError, match="not what was written"):
            parts.require(tmp_path / "file", size, time)
