"""A catalog that is damaged in any way: every command works or refuses it, says the way out, and keeps it."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.maintain import backup, restore
from cardcat.cli.main import main
from tests.catalog.helpers import rows_of, run_killed, state_of
from tests.catalog.helpers import run as run_python
from tests.faults.command import start
from tests.support import Desk, fill, jpeg

PAGE = 4096
SEED = 20240501
VARIANTS = int(os.environ.get("CARDCAT_FAULTS", "6"))  # of each harm

CARD = {f"DCIM/100/IMG_{n}.JPG": jpeg(n) for n in range(40)} | {"a.txt": b"a", "PRIVATE/AVCHD/x": b"x"}

Harm = Callable[[random.Random, bytearray], bytes | bytearray]


def _bytes(chance: random.Random, data: bytearray) -> bytearray:
    for _ in range(chance.randrange(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return data


def _bit_of_the_schema(chance: random.Random, data: bytearray) -> bytearray:
    statements = [found.start() for found in re.finditer(b"CREATE", data)]
    for _ in range(3):
        data[chance.choice(statements) + chance.randrange(100)] ^= 1 << chance.randrange(8)
    return data


def _header(chance: random.Random, data: bytearray) -> bytearray:
    data[chance.randrange(16, 100)] = chance.randrange(256)
    return data


def _page(chance: random.Random, data: bytearray) -> bytearray:
    at = chance.randrange(len(data) // PAGE) * PAGE
    data[at : at + PAGE] = chance.randbytes(PAGE)
    return data


def _zeroed_page(chance: random.Random, data: bytearray) -> bytearray:
    at = chance.randrange(len(data) // PAGE) * PAGE
    data[at : at + PAGE] = bytes(PAGE)
    return data


def _swapped_pages(chance: random.Random, data: bytearray) -> bytearray:
    one, other = (chance.randrange(1, len(data) // PAGE) * PAGE for _ in range(2))
    data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]
    return data


def _texts(chance: random.Random, data: bytearray) -> bytearray:
    letters = [at for at, byte in enumerate(data) if 32 <= byte < 127]
    for at in chance.sample(letters, 100):
        data[at] = chance.choice([0xFF, 0, 0x41, 0xC3, 0x27])
    return data


def _cut(chance: random.Random, data: bytearray) -> bytearray:
    return data[: chance.randrange(1, len(data))]


HARMS: dict[str, Harm] = {
    "bytes": _bytes, "schema": _bit_of_the_schema, "header": _header, "page": _page, "zeros": _zeroed_page,
    "pages swapped": _swapped_pages, "texts": _texts, "cut short": _cut,
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A card that was backed up, and its catalog."""
    desk = Desk(tmp_path_factory.mktemp("whole"))
    fill(desk.card, CARD)
    desk.backup()
    return desk


@pytest.fixture
def place(whole: Desk, tmp_path: Path) -> Iterator[Path]:
    """Where the catalog lies that is harmed."""
    yield tmp_path / "catalog.db"
    assert set(whole.on().values()) == set(CARD.values())


def put(place: Path, data: bytes | bytearray) -> None:
    for file in place.parent.iterdir():
        file.unlink()
    place.write_bytes(data)


def asking(whole: Desk) -> list[list[str]]:
    card, copy = str(whole.card), str(whole.folder / "copy.db")
    return [
        ["sessions", "list"], ["sessions", "show", "1"], ["sessions", "errors", "1", "--json"],
        ["volumes", "list"], ["show", f"{card}/DCIM/100/IMG_1.JPG"], ["safe-to-format", card, "--json"],
        ["catalog", "status"], ["catalog", "migrate"], ["catalog", "backup", copy],
        ["backup", card, str(whole.folder / "drive"), "--dry-run"], ["metadata", "refresh", "--dry-run"],
    ]  # fmt: skip


def told(*words: str, catalog: Path) -> tuple[int, str]:
    """The exit code of a command, and what it said for people. A traceback fails the test."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*words, "--catalog", str(catalog)])
    return code, out.getvalue() + err.getvalue()


def require_refused_or_answered(whole: Desk, place: Path, words: list[str]) -> None:
    before = held(place)
    code, said = told(*words, catalog=place)
    (whole.folder / "copy.db").unlink(missing_ok=True)
    assert code in {0, 1, 2, 20}, (words, said)
    assert code != 20 or "cardcat catalog restore FILE" in said, (words, said)
    assert held(place) == before, words


def held(place: Path) -> dict[str, bytes]:
    """The files there, but for locks, and an empty log that SQLite leaves where it can't read the tables."""
    empty = {f"{place.name}{end}" for end in (".lock", "-shm")}
    there = state_of(place.parent)
    return {name: data for name, data in there.items() if name not in empty and (data or "-wal" not in name)}


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_is_asked_of_a_damaged_catalog(whole: Desk, place: Path, harm: str) -> None:
    chance = random.Random(f"{SEED} {harm}")
    for _ in range(VARIANTS):
        put(place, HARMS[harm](chance, bytearray(whole.catalog.read_bytes())))
        for words in chance.sample(asking(whole), 5):
            require_refused_or_answered(whole, place, words)


@pytest.mark.parametrize(
    ("at", "value"), [(18, 3), (19, 3), (44, 9), (47, 9), (56, 7), (59, 9), (16, 7), (20, 255)]
)
def test_a_header_that_says_something_else(whole: Desk, place: Path, at: int, value: int) -> None:
    """Of a newer format, for reading only, of another encoding, with pages of another size."""
    data = bytearray(whole.catalog.read_bytes())
    data[at] = value
    put(place, data)
    for words in asking(whole):
        require_refused_or_answered(whole, place, words)
    assert told("catalog", "restore", str(whole.catalog), "--yes", catalog=place)[0] == 0


@pytest.mark.parametrize("harm", HARMS)
def test_a_backup_into_a_damaged_catalog_works_or_is_refused(whole: Desk, place: Path, harm: str) -> None:
    """And the way out that it names leads out."""
    chance = random.Random(f"{SEED} {harm}")
    refused = 0
    for _ in range(VARIANTS):
        put(place, HARMS[harm](chance, bytearray(whole.catalog.read_bytes())))
        words = ("backup", str(whole.card), str(whole.folder / "drive"), "--direct")
        code, said = told(*words, catalog=place)
        assert code in {0, 1, 20}, said
        if code == 20:
            refused += 1
            assert "cardcat catalog restore FILE" in said
            assert place.exists()
            if "another program" in said:
                place.rename(place.with_name("moved away"))
            done, said = told("catalog", "restore", str(whole.catalog), "--yes", catalog=place)
            assert done == 0, said
        assert told("backup", str(whole.card), str(whole.folder / "drive"), "--direct", catalog=place)[0] == 0
    assert refused


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_copy_is_restored_only_if_it_is_sound(whole: Desk, place: Path, harm: str) -> None:
    chance = random.Random(f"{SEED} {harm}")
    present = whole.catalog.read_bytes()
    copy = place.with_name("copy.db")
    for _ in range(VARIANTS):
        put(place, present)
        copy.write_bytes(HARMS[harm](chance, bytearray(present)))
        code, said = told("catalog", "restore", str(copy), "--yes", catalog=place)
        assert code in {0, 2, 20}, said
        with closing(sqlite3.connect(place)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if code:
            assert place.read_bytes() == present


def test_a_damaged_log_loses_what_is_in_it_and_no_more(whole: Desk, place: Path) -> None:
    """What was written last is lost from the damaged frame on, what was there before is whole."""
    chance = random.Random(SEED)
    code = (
        "import os, sys\n"
        "from cardcat.catalog.engine import open_catalog\n"
        "with open_catalog(sys.argv[1]) as catalog:\n"
        "    for number in range(30):\n"
        "        with catalog.write() as c: c.exec_driver_sql(f'UPDATE devices SET last_seen_at={number}')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    put(place, whole.catalog.read_bytes())
    run_killed(code, str(place))
    data, log = place.read_bytes(), place.with_name("catalog.db-wal").read_bytes()
    before = rows_of(whole.catalog)
    for _ in range(VARIANTS):
        put(place, data)
        place.with_name("catalog.db-wal").write_bytes(_bytes(chance, bytearray(log)))
        assert told(*chance.choice(asking(whole)), catalog=place)[0] in {0, 1}
        (whole.folder / "copy.db").unlink(missing_ok=True)
        after = rows_of(place)
        assert {name: rows for name, rows in after.items() if name != "devices"} == {
            name: rows for name, rows in before.items() if name != "devices"
        }


def test_every_column_that_holds_what_it_must_not(whole: Desk, place: Path) -> None:
    """A value of another type breaks no rule of the engine."""
    chance = random.Random(SEED)
    with closing(sqlite3.connect(whole.catalog)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        columns = [
            (table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")
        ]
    for table, column in chance.sample(columns, min(4 * VARIANTS, len(columns))):
        put(place, whole.catalog.read_bytes())
        with closing(sqlite3.connect(place)) as connection:
            try:
                connection.execute(f"UPDATE {table} SET {column} = ?", (chance.choice(["none", b"\xff"]),))
            except sqlite3.Error:
                continue
            connection.commit()
        for words in chance.sample(asking(whole), 4):
            require_refused_or_answered(whole, place, words)


def test_a_flipped_bit_is_found_by_status(whole: Desk, place: Path) -> None:
    for broken, said in (
        ("ALTER TABLE media_details RENAME COLUMN gps_longitude TO gps_longitudf", "lacks its column"),
        ("UPDATE backup_sessions SET started_at = 'x'", "started_at of backup_sessions holds values"),
        ("UPDATE session_details SET excludes = '['", "excludes of session_details"),
    ):
        put(place, whole.catalog.read_bytes())
        with closing(sqlite3.connect(place)) as connection:
            connection.execute(broken)
            connection.commit()
        code, answer = told("catalog", "status", catalog=place)
        assert code == 20
        assert said in answer


def test_a_key_that_lost_its_name_is_told_of(whole: Desk, place: Path) -> None:
    """The engine's own look at the references stumbles over that."""
    data, plain = whole.catalog.read_bytes(), b"CREATE TABLE folders (\n    id "
    assert plain in data
    put(place, data.replace(plain, plain.replace(b"id ", b"ie ")))
    for words in asking(whole):
        require_refused_or_answered(whole, place, words)
    code, said = told("catalog", "status", catalog=place)
    assert code == 20
    assert "foreign key mismatch" in said


def test_a_copy_made_while_a_backup_works_has_what_was_committed_before(desk: Desk) -> None:
    fill(desk.card, {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(400)})
    open_catalog(desk.catalog).close()
    words = ("backup", desk.card, desk.make("drive"), "--direct", "--timezone", "UTC")
    working = start(*words, catalog=desk.catalog)
    query = "SELECT count(*), sum(state = 'verified') FROM backup_items"
    copies = 0
    with open_catalog(desk.catalog) as catalog:
        while working.process.poll() is None:
            (seen,) = desk.ask(query)
            rows, proved = (int(str(number or 0)) for number in seen)
            copy = desk.folder / f"copy{copies}.db"
            backup(catalog, copy)
            with closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                (held,) = connection.execute(query).fetchall()
            assert held[0] >= rows
            assert (held[1] or 0) >= proved
            copies += 1
    assert copies > 1
    assert desk.ask("SELECT status FROM backup_sessions") == [("completed",)]


# Ends the process before the n-th time that it does anything to a file; 0: never, and says how often.
KILLED = """\
import os, sys
from pathlib import Path
from cardcat.catalog.maintain import backup, restore
from cardcat.catalog.engine import open_catalog
left = [int(sys.argv[3])]
def step():
    left[0] -= 1
    if left[0] == 0: os.kill(os.getpid(), 9)
def synced(fd, plain=os.fsync): step(); plain(fd)
os.fsync = synced
CHANGES = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "sqlite3.connect"}
sys.addaudithook(lambda name, _: step() if name in CHANGES else None)
"""
RESTORING = KILLED + "restore(sys.argv[1], Path(sys.argv[2]))\nprint(-left[0])\n"
COPYING = KILLED + "with open_catalog(sys.argv[1]) as c: backup(c, Path(sys.argv[2]))\nprint(-left[0])\n"


def steps(code: str, *arguments: Path) -> list[int]:
    """Where *code* can be killed: everywhere, or a sample."""
    done = run_python(code, *map(str, arguments), "0")
    assert done.returncode == 0, done.stderr
    count = int(done.stdout)
    assert count > 10
    return sorted(random.Random(SEED).sample(range(1, count + 1), min(VARIANTS, count)))


def test_a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new_one(whole: Desk, place: Path) -> None:
    folder, copy = place.parent / "data", place.parent / "copy.db"
    folder.mkdir()
    present = folder / "catalog.db"
    shutil.copy(whole.catalog, copy)
    shutil.copy(whole.catalog, present)
    with closing(sqlite3.connect(present)) as connection:
        connection.execute("UPDATE devices SET name = 'changed since'")
        connection.commit()
    data, old, new = present.read_bytes(), rows_of(present), rows_of(copy)
    outcomes = []
    for step in steps(RESTORING, present, copy):
        put(present, data)
        run_killed(RESTORING, str(present), str(copy), str(step))
        found = rows_of(present)
        assert found in (old, new), step
        outcomes.append(found == new)
    assert outcomes == sorted(outcomes)
    restore(present, copy)
    assert rows_of(present) == new
    assert rows_of(copy) == new
    assert not list(folder.glob(".*"))


def test_a_copy_that_is_killed_anywhere_is_whole_or_not_there(whole: Desk, place: Path) -> None:
    place.parent.joinpath("copies").mkdir()
    copy = place.parent / "copies" / "copy.db"
    shutil.copy(whole.catalog, place)
    wanted = rows_of(place)
    for step in steps(COPYING, place, copy):
        for file in copy.parent.iterdir():
            file.unlink()
        run_killed(COPYING, str(place), str(copy), str(step))
        assert not copy.exists() or rows_of(copy) == wanted
        assert rows_of(place) == wanted
