"""What the benchmarks reckon, read and write beside the measuring itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import pytest

from benchmarks import (
    catalogs,
    ceiling,
    copying,
    destinations,
    duplicate_search,
    floor,
    growth,
    memory,
    pages,
    peers,
    queries,
    reasons,
    running,
    unproved,
)
from benchmarks.__main__ import SCRIPTS, SHORT
from benchmarks.cold import read_sectors
from benchmarks.limits import TIMES, Limit
from benchmarks.results import BYTES, Result, read, table, write
from benchmarks.unproved_program import without_reading_back
from cardcat.catalog.engine import open_catalog
from cardcat.model import Evidence

MISSED = Result("copy a lot", "cp", (3.0, 4.0, 5.0), (2.0,), goal=1.0)
LATE = Result("cardcat show", "the same, empty", (0.9,), (0.4,), more=0.3)
ABOUT = {
    "date": "now",
    "processors": "1",
    "system": "this",
    "filesystem": "ext4",
    "python": "3",
    "load": 0.0,
    "versions": {"cardcat": "1.0", "coreutils": "9.1", "rsync": "3.2"},
}
_EMPTY_README = "<!-- figures: written by `python -m benchmarks` -->\n<!-- end of the figures -->\n"
READ = Result("bytes read", "bytes there", (102_000_000.0,), (100_000_000.0,), goal=1.02, unit=BYTES)


def test_a_goal_may_be_a_ratio_or_seconds_beyond_the_other() -> None:
    assert (MISSED.figure, MISSED.aim, MISSED.is_reached) == ("2.00", "1.00", False)
    assert (LATE.figure, LATE.aim, LATE.is_reached) == ("+0.50 s", "+0.30 s", False)
    assert READ.is_reached
    soon = Result("cardcat show", "the same, empty", (0.6,), (0.4,), more=0.3)
    assert soon.is_reached
    assert soon.has_goal
    assert "102.0 MB" in table([READ])


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    write(tmp_path / "x.json", [MISSED, LATE, READ], rounds=1)
    assert read(tmp_path / "x.json") == [MISSED, LATE, READ]


def test_the_reason_of_a_row_goes_before_that_of_its_script() -> None:
    rows = {"copy": "", "copy a": "short", "copy a lot | cp": "long", "copy a lot | rsync": "other"}
    scripts = {"copying": "script"}
    assert reasons.reason("copying", MISSED, rows, scripts) == "long"
    assert reasons.reason("copying", MISSED, {"copy a": "short"}, scripts) == "short"
    assert reasons.reason("copying", MISSED, {"copy a": ""}, scripts) == "script"
    assert reasons.reason("other", MISSED, {"run": "no"}, scripts) == ""


def test_every_reason_belongs_to_something_that_is_measured() -> None:
    known = [one for file in pages.files_of(pages.RESULTS, SCRIPTS) for one in read(file)]
    for key in reasons.OF_ROWS:
        assert any(reasons.fits(key, one) for one in known), key
    assert {*reasons.OF_SCRIPTS, *SHORT} <= {*SCRIPTS}


def test_the_page_says_why_a_goal_was_missed_and_only_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reasons.OF_ROWS, "copy a lot", "The disk is slow.")
    monkeypatch.setitem(reasons.OF_ROWS, "bytes read", "Nobody sees this.")
    file = tmp_path / "some.json"
    write(file, [MISSED, LATE, READ], rounds=1)
    page = pages.page([file])
    assert "Why a goal was not reached:\n\n- copy a lot, against cp: The disk is slow.\n" in page
    assert "Nobody sees this." not in page
    assert "| cardcat show | the same, empty | 900 ms | 400 ms | +0.50 s | +0.30 s, not reached |" in page
    assert "| bytes read | bytes there | 102.0 MB | 100.0 MB | 1.02 | 1.02 |" in page
    assert reasons.without("some", [MISSED, LATE, READ]) == ["cardcat show | the same, empty"]


def test_limits_are_a_table_of_their_own(tmp_path: Path) -> None:
    limits = [
        Limit("copy", "cat", 10_000_000, BYTES, (1.0,), (2.0,)),
        Limit("metadata", "", 10, "files", (), (2.0,)),
        Limit("", "sha256", 10_000_000, BYTES, (0.1,), ()),
        Limit("sync", "syncfs", 1, TIMES, (0.002,), (0.004,)),
    ]
    file = tmp_path / "ceiling.json"
    write(file, [], rounds=1, limits=[asdict(one) for one in limits])
    rows = [line for line in pages.page([file]).splitlines() if line.startswith("|")]
    assert rows == [
        "| stage | limit | the limit | cardcat | part of the limit |",
        "|---|---|---|---|---|",
        "| copy | cat | 10 MB/s | 5 MB/s | 50% |",
        "| metadata |  |  | 5 files/s |  |",
        "|  | sha256 | 100 MB/s |  |  |",
        "| sync | syncfs | 2.0 ms | 4.0 ms | 50% |",
    ]


@pytest.mark.parametrize(("memory", "answer"), [(1 << 30, "not reached. Lists."), (1 << 29, "reached.")])
def test_a_million_files_have_a_goal_for_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, answer: str
) -> None:
    monkeypatch.setitem(reasons.OF_SCRIPTS, "growth", "Lists.")
    points = [
        growth.Point(files, what, 9.0, memory) for files in (10, 1_000_000) for what in ("first", "again")
    ]
    file = tmp_path / "growth.json"
    file.write_text(json.dumps({**ABOUT, "points": [asdict(one) for one in points]}))
    assert f"memory for 1,000,000 files: {answer}\n" in pages.page([], file)
    assert ">1,000,000<" in growth.chart(points)
    assert ">10<" in growth.chart(points)


def test_what_a_file_costs_in_each_stage_stands_by_the_number_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasons, "GROWTH", "Starting costs the same.")
    points = [
        growth.Point(10, "first", 0.5, 1, {"scan": 0.001, "copy": 0.1}),
        growth.Point(1_000, "again", 2.0, 1, {"scan": 0.05}),
    ]
    file = tmp_path / "growth.json"
    file.write_text(json.dumps({**ABOUT, "points": [asdict(one) for one in points]}))
    assert growth.read(file) == points
    page = pages.page([], file)
    assert "| files | run | all | scan | copy |\n|---|---|---|---|---|\n" in page
    assert "| 10 | first | 50,000 | 100 | 10,000 |\n| 1,000 | again | 2,000 | 50 |  |\n" in page
    assert "\nStarting costs the same.\n" in page


def test_the_pages_say_which_versions_were_measured(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_text(json.dumps({**ABOUT, "rounds": 1, "results": [asdict(MISSED) | {"ratio": 2.0}]}))
    assert "now, 1, ext4, this, Python 3, cardcat 1.0, coreutils 9.1, 3 rounds" in pages.page([file])
    untold = tmp_path / "untold.json"  # by rsync, of which it does not say the version
    old = {name: what for name, what in ABOUT.items() if name != "versions"}
    by_rsync = asdict(Result("run again", "rsync -a", (1.0,), (1.0,), goal=1.5)) | {"ratio": 1.0}
    untold.write_text(json.dumps({**old, "rounds": 1, "results": [by_rsync]}))
    files = [file, untold]
    readme = pages.with_figures(pages.with_figures(_EMPTY_README, files), files)
    assert "Measured now on 1, ext4, this, Python 3: cardcat 1.0, coreutils 9.1.\n" in readme


def test_a_program_is_known_by_its_name_among_words() -> None:
    texts = ["cp -r, sync, cold xxhsum of both", "the same SQL in SQLite", "recp"]
    assert peers.named(texts) == {"coreutils", "xxhash", "SQLite"}
    assert peers.versions()["cardcat"].startswith(metadata.version("cardcat"))


def test_groups_between_empty_lines_are_read(tmp_path: Path) -> None:
    result = tmp_path / "result"
    result.write_text("/a\n/b\n\n/c\n/d\n/e\n\n")
    found = duplicate_search.PEERS["fdupes"].groups(result)
    assert found == {frozenset({"/a", "/b"}), frozenset({"/c", "/d", "/e"})}


def test_two_drives_stand_against_the_slower_one() -> None:
    seconds = {destinations.BOTH: [9.0], destinations.FIRST: [5.0], destinations.SECOND: [8.0]}
    seconds |= {destinations.AGAIN + name: [2 * figure for figure in each] for name, each in seconds.items()}
    seconds[destinations.BY_COPY] = [4.0]
    delivered = {destinations.FIRST: [101.0], destinations.BOTH: [103.0]}
    bench = destinations.Bench(Path(), None, None, seconds, delivered, 1)  # type: ignore[arg-type]
    both, one, two = destinations.results(bench, copying.Case(2, 50, {}), 100)
    assert both.other == (8.0,)
    assert (both.is_reached, one.is_reached, two.is_reached) == (True, True, False)
    both, alone, again = destinations.results(bench, copying.Case(2, 50, {}), 100, rate=250_000_000)
    assert (both.note, alone.ratio) == ("card and drives are held to 250 MB/s each", 1.25)
    assert (again.own, again.other, again.note) == ((18.0,), (16.0,), both.note)


def test_sectors_are_the_third_figure_of_a_device() -> None:
    assert read_sectors("  3163  1082  196746  1038  39  25  512  21  0  512  1064\n") == 196_746


def test_a_large_catalog_has_what_is_asked_for(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.db"
    catalogs.make(catalog, 100)
    for _ in range(2):  # the second time there are some already
        queries.add_sessions(catalog, 20)
    known = queries.known(catalog)
    with closing(sqlite3.connect(catalog)) as connection:
        counted = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            for name in ("backup_sessions", "session_attempts", "backup_items", "backup_errors")
        ]
    assert counted == [(20,), (20,), (10_000,), (40,)]
    assert known.path.startswith("/media/")
    assert Path(known.path).name == known.name
    shown = running.asked("--catalog", str(catalog), "show", known.path, home=tmp_path)
    assert shown["hash"] == known.hash


def test_rows_are_written_again_as_they_are(tmp_path: Path) -> None:
    catalog, empty = tmp_path / "catalog.db", tmp_path / "empty.db"
    catalogs.make(catalog, 100)
    open_catalog(empty).close()
    _, rows = ceiling.rows_again(catalog, empty)
    with closing(sqlite3.connect(catalog.with_suffix(".again"))) as connection:
        assert connection.execute("SELECT count(*) FROM file_locations").fetchone() == (100,)
    assert rows > 200


def test_so_many_bytes_are_written(tmp_path: Path) -> None:
    floor.written(tmp_path / "all", 8_000_001)
    assert (tmp_path / "all").stat().st_size == 8_000_001
    read: list[int] = []
    floor.at_once([lambda: read.append(floor.read_past([tmp_path / "all"]))] * 2)
    assert read == [8_000_001] * 2
    assert floor.synced(tmp_path, "cardcat") > 0
    assert floor.hashing("xxh3-128", 1) > 0


def test_without_the_read_back_no_copy_is_more_than_written(tmp_path: Path) -> None:
    card, drive, catalog = tmp_path / "card", tmp_path / "drive", tmp_path / "catalog.db"
    card.mkdir()
    drive.mkdir()
    (card / "IMG_0001.JPG").write_bytes(os.urandom(5_000))
    words = ["--catalog", str(catalog), "backup", "--direct", str(card), str(drive)]
    program = f"from {without_reading_back.__module__} import {without_reading_back.__name__} as go; go()"
    running.run("backup", [sys.executable, "-c", program, *words], tmp_path)
    unproved.require_unproved(catalog)
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("UPDATE file_locations SET evidence = ?", (Evidence.READ_BACK,))
        connection.commit()
    with pytest.raises(SystemExit, match="not taken out"):
        unproved.require_unproved(catalog)


def test_a_script_that_is_ended_ends_what_it_started(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from benchmarks import running; running.end_tidily();"
        "running.run('sleep', ['sh', '-c', 'sleep 1000 & echo $!; wait'], Path())"
    )
    environment = os.environ | {"PYTHONPATH": str(pages.HERE)}
    process = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=environment)
    answer = tmp_path / "answer"
    until = time.monotonic() + 60
    while not (answer.exists() and answer.read_text().endswith("\n")) and time.monotonic() < until:
        time.sleep(0.01)
    sleeping = Path("/proc", answer.read_text().strip())
    assert sleeping.exists()
    process.terminate()
    assert process.wait(60) == 1
    while _is_alive(sleeping) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _is_alive(sleeping)


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="it failed: spoken\nwrong"):
        running.run("it", ["sh", "-c", "echo spoken; echo wrong >&2; exit 3"], tmp_path)


@pytest.mark.parametrize(
    ("start", "least", "most"),
    [
        ("subprocess.Popen([sys.executable, '-c', 'number = 2;' + hold]); exec(hold)", 80, 160),
        ("exec(hold) if os.fork() else exec(hold)", 80, 160),
        ("kept = bytes(b'x') * 40_000_000; os.fork(); told()", 40, 79),
    ],
    ids=["two programs", "a fork with its own", "a fork with what is its parent's"],
)
def test_memory_is_that_of_all_processes_together(start: str, least: int, most: int) -> None:
    told = "import os, subprocess, sys, time\ndef told(): os.write(1, b'held\\n'); time.sleep(600)\n"
    hold = f"{told}kept = bytearray(b'x' * 40_000_000)\ntold()"
    command = [sys.executable, "-c", f"hold = {hold!r}\n{told}{start}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout
            assert [process.stdout.readline() for _ in range(2)] == [b"held\n"] * 2
            seen = memory.together(process.pid)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert least < seen / 1_000_000 < most
    assert memory.together(process.pid) == 0


def _is_alive(process: Path) -> bool:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
