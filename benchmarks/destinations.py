"""
What a second drive costs: a card backed up to two drives at once, against either of them alone, all cold.

`python -m benchmarks.destinations [--files 4000] [--size 1750000] [--rounds 5] [--rate 250] [--folder WHERE]
[--json F]`

The other time is that of the slower drive alone. Card and drives are filesystems of their own on loop devices
past the page cache (without the right to mount, that is said, and nothing is measured); the card is mounted
anew before every run, the drives are as on their first day. All three lie on one disk. A quarter of the files
are therefore copied once more with card and drives each held to a rate (`--rate`, in MB/s; 0 leaves these
rows out) that the disk can give all of them at once. There one drive is also compared with `cp -r` and
`sync`, which prove nothing, and `cardcat verify` reads again what was copied, of both drives and of each
alone. What the card's device delivers for one drive and for two is counted by the kernel, and compared with
the bytes of the files on it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import cold, running
from benchmarks.copying import Case, fill, fresh_catalog
from benchmarks.results import BYTES, MEGABYTE, Result, table, write

BOTH, FIRST, SECOND, BY_COPY = "both at once", "the first alone", "the second alone", "cp -r, sync"
AGAIN = "read again: "
_GOAL, _READ_GOAL = 1.2, 1.02
_HOW = (
    "Card and drives are cold. They lie on one disk, which two copies and the reading share. Where they are "
    "held to a rate, it is so much for reading and as much again for writing, at the same time: more than a "
    "hard disk gives."
)
_FEWER = 4  # one file in so many where a rate is set, which makes each run longer


@dataclass
class Bench:
    """A card, two drives, and what was measured: seconds and bytes from the card's device, by the drives."""

    folder: Path
    card: cold.Drive
    drives: tuple[cold.Drive, cold.Drive]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    delivered: dict[str, list[float]] = field(default_factory=dict)
    memory: int = 0
    catalog: Path = Path()

    def measure(self, rounds: int, *, is_held: bool) -> None:
        """Each way in turn, after one round to warm up; where a rate is held, `cp` and `verify` too."""
        first, second = self.drives
        for number in range(rounds + 1):
            taken = {BY_COPY: self._copy(first)} if is_held else {}
            delivered: dict[str, int] = {}
            taken[FIRST], delivered[FIRST], _ = self._backup((first,))
            taken[SECOND], delivered[SECOND], _ = self._backup((second,))
            taken[BOTH], delivered[BOTH], memory = self._backup(self.drives)  # the last one: it is read again
            if is_held:
                for name, drives in ((BOTH, self.drives), (FIRST, (first,)), (SECOND, (second,))):
                    taken[AGAIN + name] = self._verify(drives)
            if number:
                for name, seconds in taken.items():
                    self.seconds.setdefault(name, []).append(seconds)
                for name, count in delivered.items():
                    self.delivered.setdefault(name, []).append(float(count))
                self.memory = max(self.memory, memory)

    def _copy(self, drive: cold.Drive) -> float:
        """Seconds that `cp` and `sync` take."""
        drive.anew()
        self.card.forget()
        begun = time.perf_counter()
        subprocess.run(["cp", "-r", str(self.card.place), str(drive.place / "copy")], check=True)
        subprocess.run(["sync"], check=True)
        return time.perf_counter() - begun

    def _backup(self, drives: Sequence[cold.Drive]) -> tuple[float, int, int]:
        """Seconds, bytes that the card's device delivered, and bytes of memory."""
        for drive in drives:
            drive.anew()
        self.catalog = fresh_catalog(self.folder)
        words = ["--catalog", str(self.catalog), "backup", "--direct", str(self.card.place)]
        self.card.forget()
        before, begun = self.card.delivered(), time.perf_counter()
        memory = running.cardcat(*words, *(str(drive.place) for drive in drives), home=self.folder)
        return time.perf_counter() - begun, self.card.delivered() - before, memory

    def _verify(self, drives: Sequence[cold.Drive]) -> float:
        """Seconds that it takes to read again what the last backup has copied to *drives*, one or all."""
        for drive in drives:
            drive.forget()
        where = () if drives == self.drives else (str(drives[0].place),)
        begun = time.perf_counter()
        running.cardcat("--catalog", str(self.catalog), "verify", *where, home=self.folder)
        return time.perf_counter() - begun


@contextmanager
def benches(folder: Path, case: Case, rate: int = 0) -> Iterator[Bench]:
    """A card that is filled, and two drives, each of them held to *rate* bytes a second; 0: to none."""
    room = case.megabytes * 11 // 10 + 200
    with (
        cold.drive(folder, "card", room, case.files) as card,
        cold.drive(folder, "first", room, case.files) as first,
        cold.drive(folder, "second", room, case.files) as second,
    ):
        fill(card.place / "DCIM", case)
        for each in (card, first, second) if rate else ():
            each.limit(rate)
        yield Bench(folder, card, (first, second))


def results(bench: Bench, case: Case, on_card: int, rate: int = 0) -> list[Result]:
    """Two drives against the slower one; what the card delivered or, with a *rate*, `cp` and `verify` too."""
    about = f"{case.files:,} files, {case.megabytes:,} MB"
    held = f"card and drives are held to {rate // MEGABYTE} MB/s each" if rate else ""
    both = replace(_both(bench, f"copy and prove {about} to two drives at once", held), memory=bench.memory)
    if not rate:
        read = ((FIRST, "one drive"), (BOTH, "two drives"))
        return [both, *(_delivered(bench, name, f"{whom}: {about}", on_card) for name, whom in read)]
    again = replace(_both(bench, f"verify {about} on two drives at once", held, AGAIN), goal=None)
    return [both, _against_copy(bench, about, held), again]


def _both(bench: Bench, work: str, note: str, how: str = "") -> Result:
    alone = (bench.seconds[how + FIRST], bench.seconds[how + SECOND])
    slower = max(alone, key=statistics.median)
    both = tuple(bench.seconds[how + BOTH])
    return Result(work, "the slower of the two alone", both, tuple(slower), _GOAL, note=note)


def _against_copy(bench: Bench, about: str, held: str) -> Result:
    own, other = tuple(bench.seconds[FIRST]), tuple(bench.seconds[BY_COPY])
    return Result(f"copy and prove {about}", f"{BY_COPY}: no proof", own, other, note=held)


def _delivered(bench: Bench, drives: str, whom: str, on_card: int) -> Result:
    return Result(
        f"bytes that the card delivers for {whom}",
        "bytes of the files on it",
        tuple(bench.delivered[drives]),
        (float(on_card),),
        _READ_GOAL,
        unit=BYTES,
    )


def measured(case: Case, rounds: int, folder: Path | None, rate: int = 0) -> list[Result]:
    """Fill a card, back it up in so many rounds, and return the rows."""
    with tempfile.TemporaryDirectory(dir=folder) as made, benches(Path(made), case, rate) as bench:
        on_card = sum(path.stat().st_size for path in bench.card.place.rglob("*") if path.is_file())
        bench.measure(rounds, is_held=bool(rate))
    return results(bench, case, on_card, rate)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=4_000)
    parser.add_argument("--size", type=int, default=1_750_000, help="bytes of each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=250, help="MB/s, in the last rows; 0 leaves these out")
    parser.add_argument("--folder", type=Path, help="where the images of card and drives are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    if why := cold.why_not():
        raise SystemExit(f"Nothing was measured: {why}.")
    found = measured(Case(given.files, given.size, {}), given.rounds, given.folder)
    if given.rate and (why := cold.why_no_limit()):
        print(f"Not measured with devices of their own: {why}.")
    elif given.rate:
        fewer = Case(given.files // _FEWER, given.size, {})
        found += measured(fewer, given.rounds, given.folder, given.rate * MEGABYTE)
    print(table(found))
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
