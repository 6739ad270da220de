"""
Questions to a large catalog: DuckDB over the Parquet snapshot against the same SQL in SQLite.

`python -m benchmarks.reports [--rows 10000000] [--rounds 3] [--folder DIR] [--json FILE]`

A seeded catalog is made: five drives, twenty years, 15 % of the files in libraries more than once, two
drives with backups. Then each step runs in a process of its own, whose peak memory is told: the snapshot
made for the first time, found unchanged, and brought up to date after 10,000 rows have changed; the groups
of duplicates counted anew; every statement of sql/, in both engines in turn, the best of the rounds. SQLite
has the catalog's own indexes, statistics (ANALYZE) and 256 MB of cache. The files are warm in both.
"""

from __future__ import annotations

import argparse
import json
import os
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
from pathlib import Path

from benchmarks.catalogs import make
from benchmarks.results import MEGABYTE, Result, write

CHANGED = 10_000
_GOAL = 0.33
_HOW = "From the open connection to the frame, the snapshot being there; the best of the rounds of each."


def statement(name: str, *, sqlite: bool) -> str:
    """A question's SQL, in the dialect of either engine."""
    from cardcat.analysis.statements import question  # noqa: PLC0415 - an import of a second

    sql = question(name).sql
    if sqlite:
        month = r"strftime\(make_timestamp\((\w+) \* 1000000\), '%Y-%m'\)"
        sql = re.sub(month, r"strftime('%Y-%m', \1, 'unixepoch')", sql)
    return sql


def in_sqlite(catalog: Path, name: str) -> tuple[float, int]:
    """Seconds and rows of a question in SQLite."""
    from cardcat.analysis.statements import DRIVES  # noqa: PLC0415

    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("PRAGMA cache_size=-262144")
        connection.execute(DRIVES.replace("CREATE VIEW", "CREATE TEMP VIEW"))
        sql = statement(name, sqlite=True)
        begun = time.perf_counter()
        rows = sum(1 for _ in connection.execute(sql, {"drive": None}))
        return time.perf_counter() - begun, rows


def in_duckdb(catalog: Path, name: str) -> tuple[float, int]:
    """Seconds and rows of a question through `cardcat.analysis`, from the open connection to the frame."""
    from cardcat import analysis  # noqa: PLC0415

    parameters = {"drive": None} if name == "only_on_drive" else {}
    sql = statement(name, sqlite=False)
    with analysis.connect(catalog) as db:
        begun = time.perf_counter()
        rows = db.sql(sql, params=parameters).pl().height
        return time.perf_counter() - begun, rows


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
ENGINES = {"sqlite": in_sqlite, "duckdb": in_duckdb}


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
    time.sleep(2.1)  # or the snapshot could not tell whether it is still being written


def apart(step: str, catalog: Path, *words: str) -> dict[str, float]:
    """Run a step in a process of its own: its seconds, rows, and peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.reports", "--step", step, "--catalog", str(catalog), *words]
    home = {"XDG_CACHE_HOME": str(catalog.with_name("cache"))}
    done = subprocess.run(command, env=os.environ | home, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def do_step(step: str, catalog: Path, name: str) -> None:
    """What `apart` starts."""
    taken, rows = STEPS[step](catalog) if step in STEPS else ENGINES[step](catalog, name)
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # a process of its own makes the snapshot
    peak = max(resource.getrusage(who).ru_maxrss for who in whom) // 1000
    print(json.dumps({"seconds": round(taken, 4), "rows": rows, "peak_mb": peak}))


def measure(catalog: Path, rounds: int) -> Iterator[tuple[str, dict[str, float]]]:
    """Every step with its name, as it is done."""
    yield "snapshot, first made", apart("connect", catalog)
    yield "snapshot, unchanged", apart("connect", catalog)
    change(catalog, scattered=False)
    yield f"snapshot, {CHANGED:,} rows changed in a row", apart("connect", catalog)
    change(catalog, scattered=True)
    yield f"snapshot, {CHANGED:,} rows changed everywhere", apart("connect", catalog)
    yield "duplicate groups, first counted", apart("refresh", catalog)
    yield "duplicate groups, counted again", apart("refresh", catalog)
    time.sleep(2.1)
    apart("connect", catalog)
    yield "export, checked", apart("export", catalog)
    for name in names():
        best: dict[str, dict[str, float]] = {}
        for _ in range(rounds):
            for engine in ENGINES:
                found = apart(engine, catalog, "--question", name)
                if engine not in best or found["seconds"] < best[engine]["seconds"]:
                    best[engine] = found
        if best["sqlite"]["rows"] != best["duckdb"]["rows"]:
            sys.exit(f"{name}: {best}")
        ratio = best["duckdb"]["seconds"] / best["sqlite"]["seconds"]
        yield name, best["duckdb"] | {"sqlite": best["sqlite"]["seconds"], "ratio": round(ratio, 3)}


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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work: 1 GB for each million rows")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--catalog", type=Path, help="a catalog that an earlier run made with --keep")
    parser.add_argument("--keep", action="store_true", help="leave the catalog where it is")
    parser.add_argument("--step", choices=["make", *STEPS, *ENGINES], help=argparse.SUPPRESS)
    parser.add_argument("--question", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        make(given.catalog, given.rows)
        print("{}")
        return 0
    if given.step:
        do_step(given.step, given.catalog, given.question)
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
    print(f"{'step':<44}{'seconds':>9}{'SQLite':>9}{'ratio':>7}{'peak MB':>9}{'rows':>12}")
    results, steps = [], []
    for name, found in measure(catalog, given.rounds):
        sqlite = f"{found['sqlite']:>9.2f}{found['ratio']:>7.2f}" if "sqlite" in found else f"{'':>16}"
        shown = f"{found['seconds']:>9.2f}{sqlite}{found['peak_mb']:>9.0f}{found['rows']:>12,.0f}"
        print(f"{name:<44}{shown}", flush=True)
        if "sqlite" in found and found["rows"]:
            results.append(_result(name, found, given.rows))
        elif "sqlite" not in found:
            steps.append(
                {"work": name, "seconds": found["seconds"], "memory": int(found["peak_mb"]) * MEGABYTE}
            )
    size = sum(file.stat().st_size for file in catalog.with_name("cache").rglob("*.parquet"))
    print(f"the snapshot takes {size / 1e6:,.0f} MB, the catalog {catalog.stat().st_size / 1e6:,.0f} MB")
    if given.json:
        write(given.json, results, rounds=given.rounds, steps=steps, how=_HOW)


def _result(name: str, found: dict[str, float], rows: int) -> Result:
    """The goal holds where SQLite has work for a second at least."""
    return Result(
        work=f"{name} over {rows:,} copies",
        peer="the same SQL in SQLite",
        own=(found["seconds"],),
        other=(found["sqlite"],),
        goal=_GOAL if found["sqlite"] >= 1 else None,
        memory=int(found["peak_mb"]) * MEGABYTE,
    )


if __name__ == "__main__":
    sys.exit(main())
