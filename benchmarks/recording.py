"""
How long the catalog takes to record contents, against plain `sqlite3.executemany` of the same rows.

`python -m benchmarks.recording [--rows 1000000] [--rounds 5] [--folder WHERE] [--json FILE]`: into an empty
catalog with its own indexes, 10,000 rows a transaction, each commit synced. cardcat's way also tells the
number of each content, which the next table needs; the other one only writes. They take turns.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import Result, table, write
from benchmarks.timing import interleaved
from cardcat.catalog.contents import ContentRow, record_contents
from cardcat.catalog.engine import open_catalog
from cardcat.model import Kind

_AT_ONCE = 10_000
_GOAL = 1.5
_INSERT = """
INSERT INTO content_identity (cas_id, kind, size_bytes, xxh3_128, sample_hash, created_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """The rows, and an *empty* catalog that each run gets a copy of."""

    rows: list[ContentRow]
    empty: Path

    def cardcat(self) -> None:
        """As a backup records them."""
        with open_catalog(self._fresh()) as opened:
            for some in self._parts():
                with opened.write() as c:
                    record_contents(c, some, 1)

    def plain(self) -> None:
        """Written by the standard library."""
        with closing(sqlite3.connect(self._fresh(), isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            for some in self._parts():
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    _INSERT,
                    ((row.hash, row.kind.value, row.size, row.xxh3, row.sample, 1) for row in some),
                )
                connection.execute("COMMIT")

    def _parts(self) -> Iterator[list[ContentRow]]:
        for start in range(0, len(self.rows), _AT_ONCE):
            yield self.rows[start : start + _AT_ONCE]

    def _fresh(self) -> Path:
        path = self.empty.with_name("catalog.db")
        for old in path.parent.glob("catalog.db*"):
            old.unlink()
        shutil.copy(self.empty, path)
        return path


def rows(count: int) -> list[ContentRow]:
    """Contents with hashes as they come: in no order."""
    return [
        ContentRow(
            hash=f"{number * 2654435761 % (1 << 64):016x}{number:048x}",
            kind=Kind.IMAGE,
            size=1_000_000 + number,
            xxh3=f"{number:032x}",
            sample=f"{number:x}-{number:032x}",
        )
        for number in range(count)
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        empty = Path(made, "empty.db")
        with open_catalog(empty):
            pass
        bench = Bench(rows(given.rows), empty)
        own, other = interleaved({"cardcat": bench.cardcat, "sqlite3.executemany": bench.plain}, given.rounds)
    work = f"record {given.rows:,} contents"
    result = Result(work, other.name, own.seconds, other.seconds, _GOAL)
    print(table([result]))
    if given.json:
        write(given.json, [result], rounds=given.rounds, how="Within one process that is running already.")


if __name__ == "__main__":
    main()
