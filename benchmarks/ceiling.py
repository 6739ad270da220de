"""
What the machine could do at most, and what part of it each stage of a backup reaches.

`python -m benchmarks.ceiling [--files 4000] [--size 1750000] [--small 20000] [--rounds 5] [--folder WHERE]
[--json FILE]`

Photos and a tree of tiny files are backed up, each from a card to a drive of its own (as in
`benchmarks.copying`, cold); how long each stage was at work is what `cardcat sessions show --json` tells.
Against it stand, in turn, the least that can be done with the same data: `find -printf` of the tree, both
hashes over memory with every processor, card and copies read past the page cache, the same bytes written past
it in large blocks and synced, all three at once, one syncfs with a small dirty file, and
`sqlite3.executemany` of the rows that the backup left. A stage is never more than 100 % of the limit but for
noise; stages overlap, and reading, hashing and writing are one stage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import cold, running
from benchmarks.copying import Case, fill, fresh_catalog
from benchmarks.equal_files import small_files
from benchmarks.floor import at_once, hashing, read_past, synced, written
from benchmarks.limits import TIMES, Limit, table
from benchmarks.results import BYTES, write

_SYNCS = 10  # in a round
_AT_ONCE = 10_000  # rows in a transaction
_IN_A_FOLDER = 100
_PROCESSORS = len(os.sched_getaffinity(0))
_HOW = (
    "What the machine does at most with the same data, and what cardcat's stage does, which tells itself how"
    " long it was at work, or waited for the disk, the processors or Python's lock. Stages overlap, and share"
    " all three; the row of all of it has the whole, from the start of the program to its end. Card and"
    " drive are cold and lie on one disk; the limits of bytes read and write past the page cache, and hash"
    " nothing. To record copies is to give them their names, to sync, and to write to the catalog."
)


@dataclass
class Bench:
    """A *card* and a *drive*; *seconds* of what was done with them, by its name, in each round."""

    folder: Path
    card: cold.Drive
    drive: cold.Drive
    seconds: dict[str, list[float]] = field(default_factory=dict)
    rows: int = 0

    def note(self, name: str, seconds: float) -> None:
        """So long it took in this round."""
        self.seconds.setdefault(name, []).append(seconds)

    def timed(self, name: str, work: Callable[[], object]) -> None:
        """Do it, and note how long it took."""
        begun = time.perf_counter()
        work()
        self.note(name, time.perf_counter() - begun)

    def backup(self) -> Path:
        """Back the card up, note how long it took and each stage was at work, and tell the catalog."""
        self.drive.anew()
        self.card.forget()
        catalog = fresh_catalog(self.folder)
        where = ["--catalog", str(catalog)]
        words = [*where, "backup", "--direct", str(self.card.place), str(self.drive.place)]
        self.timed("all of it", lambda: running.cardcat(*words, home=self.folder))
        session = running.asked(*where, "sessions", "show", "1", home=self.folder)
        for stage in session["stages"]:
            self.note(stage["stage"], stage["seconds_at_work"])
        return catalog

    def look(self, drive: cold.Drive, name: str) -> None:
        """List it with sizes and times, cold."""
        drive.forget()
        command = ["find", str(drive.place), "-type", "f", "-printf", "%p %s %T@\n"]
        self.timed(name, lambda: _quietly(command))

    def read(self, drive: cold.Drive, name: str) -> None:
        """Read all of it, cold."""
        drive.forget()
        files = _files(drive)
        self.timed(name, lambda: at_once([partial(read_past, part) for part in _dealt(files)]))

    def write(self, size: int, name: str) -> None:
        """Write so many bytes to the drive, and wait until they are there."""
        self.drive.anew()
        self.timed(name, lambda: written(self.drive.place / "all", size))

    def all_at_once(self, size: int, name: str) -> None:
        """Read the card, write as much, and read as much again, which is the card too, from its middle on."""
        self.drive.anew()
        self.card.forget()
        files = _files(self.card)
        half = len(files) // 2  # so that nobody reads what another has just read
        read = [partial(read_past, part) for part in (files, files[half:] + files[:half])]
        self.timed(name, lambda: at_once([*read, partial(written, self.drive.place / "all", size)]))


def _files(drive: cold.Drive) -> list[Path]:
    return sorted(path for path in drive.place.rglob("*") if path.is_file())


def _dealt(files: Sequence[Path]) -> list[Sequence[Path]]:
    return [files[number::_PROCESSORS] for number in range(_PROCESSORS)]


def _quietly(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def rows_again(catalog: Path, empty: Path) -> tuple[float, int]:
    """Seconds to write all rows of *catalog* into a copy of *empty*, which has its indexes, and how many."""
    target = catalog.with_suffix(".again")
    shutil.copy(empty, target)
    rows: dict[str, list[tuple[object, ...]]] = {}
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if not name.startswith(("sqlite_", "alembic_", "catalog_")):
                rows[name] = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - its own
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        begun = time.perf_counter()
        for name, given in rows.items():
            for start in range(0, len(given), _AT_ONCE):
                marks = ", ".join("?" * len(given[0]))
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(
                    f"INSERT OR IGNORE INTO {name} VALUES ({marks})",  # noqa: S608 - the same
                    given[start : start + _AT_ONCE],
                )
                connection.execute("COMMIT")
        return time.perf_counter() - begun, sum(map(len, rows.values()))


def measure_photos(bench: Bench, size: int, rounds: int) -> None:
    """Everything that goes by the byte; after one round to warm up."""
    for number in range(rounds + 1):
        bench.backup()
        bench.read(bench.drive, "read the copies")
        bench.read(bench.card, "read the card")
        bench.write(size, "write")
        bench.all_at_once(size, "all at once")
        for name in ("sha256", "xxh3-128"):
            bench.note(name, size / hashing(name))
        synced(bench.drive.place, "syncfs")  # what else was still to be written
        for name in ("syncfs", "cardcat") * _SYNCS:
            bench.note(f"sync {name}", synced(bench.drive.place, name))
        if not number:
            bench.seconds.clear()


def measure_small(bench: Bench, rounds: int) -> None:
    """Everything that goes by the file; after one round to warm up."""
    for number in range(rounds + 1):
        catalog = bench.backup()
        bench.look(bench.card, "find")
        seconds, bench.rows = rows_again(catalog, bench.folder / "empty.db")
        bench.note("rows", seconds)
        if not number:
            bench.seconds.clear()


def limits_of_photos(bench: Bench, files: int, size: int) -> list[Limit]:
    """Bytes: read, hashed, written, synced, read back."""
    found = {name: tuple(seconds) for name, seconds in bench.seconds.items()}
    hashed = _each(sum, found["sha256"], found["xxh3-128"])
    together = f"with {_PROCESSORS} processors"
    rows = (
        ("copy", "read the card once", found["read the card"]),
        ("copy", "write once in 8 MB blocks, fsync", found["write"]),
        ("copy", f"sha256 and xxh3-128 of memory, {together}", _shared(hashed)),
        ("verify", "read the copies once", found["read the copies"]),
        ("verify", f"xxh3-128 of memory, {together}", _shared(found["xxh3-128"])),
        ("all of it", "read, write and read at once", found["all at once"]),
    )
    of = f"{files:,} photos"
    return [
        *(Limit(f"{stage}, {of}", what, size, BYTES, least, found[stage]) for stage, what, least in rows),
        Limit(f"metadata, {of}", "", files, "files", (), found["metadata"]),
        Limit("sync, one small file", "one syncfs", 1, TIMES, found["sync syncfs"], found["sync cardcat"]),
        *(
            Limit("", f"{name} of memory, one processor", size, BYTES, found[name], ())
            for name in ("sha256", "xxh3-128")
        ),
    ]


def limits_of_small(bench: Bench, files: int) -> list[Limit]:
    """Files and rows: looked at, compared, recorded."""
    found = {name: tuple(seconds) for name, seconds in bench.seconds.items()}
    of, rows = f"{files:,} tiny files", "sqlite3.executemany of the same rows"
    return [
        Limit(f"scan, {of}", "find -printf, cold", files, "files", found["find"], found["scan"]),
        Limit(f"dedupe, {of}", "", files, "files", (), found["dedupe"]),
        Limit(f"record, {of}", rows, bench.rows, "rows", found["rows"], found["record"]),
    ]


def _each(function: Callable[[tuple[float, ...]], float], *rounds: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(function, zip(*rounds, strict=True)))


def _shared(seconds: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(each / _PROCESSORS for each in seconds)


@contextmanager
def benches(folder: Path, megabytes: int, files: int) -> Iterator[Bench]:
    """A card and a drive with room for so much."""
    folder.mkdir()
    room = megabytes * 11 // 10 + 200
    with (
        cold.drive(folder, "card", room, files * 11 // 10) as card,
        cold.drive(folder, "drive", room, files * 11 // 10) as drive,
    ):
        yield Bench(folder, card, drive)


def measure(folder: Path, given: argparse.Namespace) -> list[Limit]:
    """Both kinds of cards, one after the other."""
    case = Case(given.files, given.size, {})
    with benches(folder / "photos", case.megabytes, given.files) as bench:
        fill(bench.card.place / "DCIM", case)
        size = sum(path.stat().st_size for path in _files(bench.card))
        measure_photos(bench, size, given.rounds)
    found = limits_of_photos(bench, given.files, size)
    with benches(folder / "small", given.small * 5 // 1000 + 100, given.small) as bench:
        small_files(bench.card.place / "DCIM", given.small, max(given.small // _IN_A_FOLDER, 1))
        measure_small(bench, given.rounds)
    return [*limits_of_small(bench, given.small), *found]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=4_000, help="photos")
    parser.add_argument("--size", type=int, default=1_750_000, help="bytes of each photo")
    parser.add_argument("--small", type=int, default=20_000, help="tiny files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the images of cards and drives are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    if why := cold.why_not():
        raise SystemExit(f"Nothing was measured: {why}.")
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        limits = measure(Path(made), given)
    print(table(limits))
    if given.json:
        rows = [asdict(one) for one in limits]
        write(given.json, [], rounds=given.rounds, how=_HOW, limits=rows)


if __name__ == "__main__":
    main()
