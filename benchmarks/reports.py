"""
Questions to a large catalog: DuckDB over the Parquet snapshot against the same SQL in SQLite.

`python -m benchmarks.reports [--rows 10000000] [--rounds 5] [--folder DIR] [--json FILE]`

A seeded catalog is made: five drives, twenty years, 15 % of the files in libraries more than once, two
drives with backups. Then each step runs in a process of its own, whose peak memory is told: the snapshot
made for the first time, found unchanged, and brought up to date after 10,000 rows have changed; the groups
of duplicates counted anew. Then every statement of sql/ in both engines, in turn, each from the start of a
process to its end. SQLite has the catalog's own indexes, statistics (ANALYZE) and 256 MB of cache. The files
are warm in both.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks import running
from benchmarks.catalogs import make
from benchmarks.results import MEGABYTE, Result, table, write
from benchmarks.timing import interleaved

CHANGED = 10_000
_GOAL = 0.33
_SETTLED = 2.1  # seconds; before, a snapshot can't tell whether the catalog is still being written
_HOW = (
    "Whole processes: Python that asks, and counts the rows of the answer, the snapshot being there. All is"
    " in memory."
)


def statement(name: str, *, sqlite: bool) -> str:
    """A question's SQL, in the dialect of either engine."""
    from cardcat.analysis.statements import question  # noqa: PLC0415 - an import of a second

    sql = question(name).sql
    if sqlite:
        month = r"strftime\(make_timestamp\((\w+) \* 1000000\), '%Y-%m'\)"
        sql = re.sub(month, r"strftime('%Y-%m', \1, 'unixepoch')", sql)
    return sql


_IN_SQLITE = """
import sqlite3, sys
catalog, drives, sql = sys.argv[1:]
connection = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)
connection.execute("PRAGMA cache_size=-262144")
connection.execute(drives)
print(sum(1 for _ in connection.execute(sql, {"drive": None})))
"""
_IN_CARDCAT = """
import sys
from cardcat import analysis
catalog, sql = sys.argv[1:]
with analysis.connect(catalog) as db:
    print(db.sql(sql, params={"drive": None} if "$drive" in sql else {}).pl().height)
"""


def commands(catalog: Path, name: str) -> dict[str, list[str]]:
    """The program that asks a question and counts the rows, by the engine."""
    from cardcat.analysis.statements import DRIVES  # noqa: PLC0415 - as above

    drives = DRIVES.replace("CREATE VIEW", "CREATE TEMP VIEW")
    asked = {"sqlite": (_IN_SQLITE, str(catalog), drives), "duckdb": (_IN_CARDCAT, str(catalog))}
    return {
        engine: [sys.executable, "-c", *words, statement(name, sqlite=engine == "sqlite")]
        for engine, words in asked.items()
    }


def connected(catalog: Path) -> tuple[float, int]:
    """Seconds until there is a connection, and how many rows it has."""
    from cardcat import analysis  # noqa: PLC0415

    begun = time.perf_counter()
    with analysis.connect(catalog) as db:
        taken = time.perf_counter() - begun
        ((rows,),) = db.sql("SELECT count(*) FROM file_locations").fetchall()
    return taken, rows


def refreshed(catalog: Path) -> tuple[float, int]:
    """Seconds to count the duplicates anew, and how many groups there are."""
    from cardcat.catalog.duplicates import refresh_duplicates  # noqa: PLC0415
    from cardcat.catalog.engine import open_catalog  # noqa: PLC0415

    with open_catalog(catalog, create=False) as opened:
        begun = time.perf_counter()
        with opened.write() as c:
            found = refresh_duplicates(c)
        return time.perf_counter() - begun, found.now.groups


def exported(catalog: Path) -> tuple[float, int]:
    """Seconds to export and check the whole catalog, and the rows of all tables."""
    from cardcat.analysis.exporting import export  # noqa: PLC0415

    folder = catalog.with_name("export")
    begun = time.perf_counter()
    done = export(folder, catalog)
    taken = time.perf_counter() - begun
    shutil.rmtree(folder)
    return taken, sum(done.rows.values())


STEPS = {"connect": connected, "refresh": refreshed, "export": exported}


def change(catalog: Path, *, scattered: bool) -> None:
    """As a night's check leaves it: copies in a row were read back; or some everywhere."""
    with closing(sqlite3.connect(catalog)) as connection:
        ((last,),) = connection.execute("SELECT max(id) FROM file_locations")
        step = max(last // CHANGED, 1) if scattered else 1
        ids = range(1, last + 1, step) if scattered else range(last // 2, last // 2 + CHANGED)
        connection.executemany(
            "UPDATE file_locations SET verified_at = coalesce(verified_at, 0) + 1 WHERE id = ?",
            ((number,) for number in list(ids)[:CHANGED]),
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    time.sleep(_SETTLED)


def apart(step: str, catalog: Path, *words: str) -> dict[str, float]:
    """Run a step in a process of its own: its seconds, rows, and peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.reports", "--step", step, "--catalog", str(catalog), *words]
    home = running.environment(catalog.parent)
    done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def do_step(step: str, catalog: Path) -> None:
    """What `apart` starts."""
    taken, rows = STEPS[step](catalog)
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # a process of its own makes the snapshot
    peak = max(resource.getrusage(who).ru_maxrss for who in whom) // 1000
    print(json.dumps({"seconds": round(taken, 4), "rows": rows, "peak_mb": peak}))


def steps(catalog: Path) -> Iterator[tuple[str, dict[str, float]]]:
    """What has no peer, with its name, as it is done."""
    time.sleep(_SETTLED)
    yield "snapshot, first made", apart("connect", catalog)
    yield "snapshot, unchanged", apart("connect", catalog)
    change(catalog, scattered=False)
    yield f"snapshot, {CHANGED:,} rows changed in a row", apart("connect", catalog)
    change(catalog, scattered=True)
    yield f"snapshot, {CHANGED:,} rows changed everywhere", apart("connect", catalog)
    yield "duplicate groups, first counted", apart("refresh", catalog)
    yield "duplicate groups, counted again", apart("refresh", catalog)
    time.sleep(_SETTLED)
    apart("connect", catalog)
    yield "export, checked", apart("export", catalog)


def asked(catalog: Path, rows: int, rounds: int) -> Iterator[Result]:
    """Each question in both engines, in turn. SystemExit if they answer with other numbers of rows."""
    for name in names():
        memory: dict[str, int] = {}
        answers: dict[str, int] = {}

        def ask(engine: str, command: list[str], memory: dict[str, int], answers: dict[str, int]) -> None:
            home = catalog.parent
            memory[engine] = max(memory.get(engine, 0), running.run(engine, command, home))
            answers[engine] = int((home / running.ANSWER).read_text())

        ways = {
            engine: partial(ask, engine, command, memory, answers)
            for engine, command in commands(catalog, name).items()
        }
        sqlite, own = interleaved(ways, rounds)
        if len({*answers.values()}) != 1:
            sys.exit(f"{name}: {answers}")
        if answers["duckdb"]:
            yield Result(
                f"{name} over {rows:,} copies",
                "the same SQL in SQLite",
                own.seconds,
                sqlite.seconds,
                _GOAL if sqlite.median >= 1 else None,
                memory["duckdb"],
                peer_memory=memory["sqlite"],
            )


def names() -> list[str]:
    """The questions."""
    from cardcat.analysis.statements import questions  # noqa: PLC0415

    return [one.name for one in questions()]


def main() -> int:
    """Make the catalog, measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work: 1 GB for each million rows")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--catalog", type=Path, help="a catalog that an earlier run made with --keep")
    parser.add_argument("--keep", action="store_true", help="leave the catalog where it is")
    parser.add_argument("--step", choices=["make", *STEPS], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        make(given.catalog, given.rows)
        print("{}")
        return 0
    if given.step:
        do_step(given.step, given.catalog)
        return 0
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    try:
        _measure_in(folder, given)
    finally:
        if not given.keep:
            shutil.rmtree(folder)
    return 0


def _measure_in(folder: Path, given: argparse.Namespace) -> None:
    catalog: Path = given.catalog or folder / "catalog.db"
    if not given.catalog:
        begun = time.perf_counter()
        apart("make", catalog, "--rows", str(given.rows))  # apart, or its memory is counted as theirs
        print(f"{given.rows:,} rows in {catalog}: {catalog.stat().st_size / 1e9:.2f} GB, ", end="")
        print(f"made in {time.perf_counter() - begun:.0f} s", flush=True)
    done = []
    for name, found in steps(catalog):
        print(f"{name:<44}{found['seconds']:>9.2f} s{found['peak_mb']:>9.0f} MB", flush=True)
        done.append({"work": name, "seconds": found["seconds"], "memory": int(found["peak_mb"]) * MEGABYTE})
    results = []
    for one in asked(catalog, given.rows, given.rounds):
        results.append(one)
        print(table([one]), flush=True)
    size = sum(file.stat().st_size for file in catalog.with_name(".cache").rglob("*.parquet"))
    print(f"the snapshot takes {size / 1e6:,.0f} MB, the catalog {catalog.stat().st_size / 1e6:,.0f} MB")
    if given.json:
        write(given.json, results, rounds=given.rounds, steps=done, how=_HOW)


if __name__ == "__main__":
    sys.exit(main())
