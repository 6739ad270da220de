"""
What a second drive costs: a card backed up to two drives at once, against either of them alone, all cold.

`python -m benchmarks.destinations [--files 4000] [--size 1750000] [--rounds 3] [--folder WHERE] [--json F]`

The other time is that of the slower drive alone. Card and drives are filesystems of their own on loop devices
past the page cache (without the right to mount, that is said, and nothing is measured); the card is mounted
anew before every run, the drives are as on their first day. What the card's device delivers with two drives
is counted by the kernel, and compared with the bytes of the files on it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import cold, running
from benchmarks.copying import Case, fill, fresh_catalog
from benchmarks.results import BYTES, Result, table, write

BOTH, FIRST, SECOND = "both at once", "the first alone", "the second alone"
_GOAL, _READ_GOAL = 1.2, 1.02
_HOW = "Both drives and the card lie on one disk, which two copies and the reading share."


@dataclass
class Bench:
    """A card, two drives, and what was measured: seconds and bytes from the card's device, by the drives."""

    folder: Path
    card: cold.Drive
    drives: tuple[cold.Drive, cold.Drive]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    delivered: list[int] = field(default_factory=list)
    memory: int = 0

    def measure(self, rounds: int) -> None:
        """Each way in turn, after one round to warm up."""
        first, second = self.drives
        for number in range(rounds + 1):
            for name, drives in ((BOTH, self.drives), (FIRST, (first,)), (SECOND, (second,))):
                taken, delivered, memory = self._backup(drives)
                if number:
                    self.seconds.setdefault(name, []).append(taken)
                if number and name == BOTH:
                    self.delivered.append(delivered)
                    self.memory = max(self.memory, memory)

    def _backup(self, drives: Sequence[cold.Drive]) -> tuple[float, int, int]:
        """Seconds, bytes that the card's device delivered, and bytes of memory."""
        for drive in drives:
            drive.anew()
        words = ["--catalog", str(fresh_catalog(self.folder)), "backup", "--direct", str(self.card.place)]
        self.card.forget()
        before, begun = self.card.delivered(), time.perf_counter()
        memory = running.cardcat(*words, *(str(drive.place) for drive in drives), home=self.folder)
        return time.perf_counter() - begun, self.card.delivered() - before, memory


@contextmanager
def benches(folder: Path, case: Case) -> Iterator[Bench]:
    """A card that is filled, and two drives."""
    room = case.megabytes * 11 // 10 + 200
    with (
        cold.drive(folder, "card", room, case.files) as card,
        cold.drive(folder, "first", room, case.files) as first,
        cold.drive(folder, "second", room, case.files) as second,
    ):
        fill(card.place / "DCIM", case)
        yield Bench(folder, card, (first, second))


def results(bench: Bench, case: Case, on_card: int) -> list[Result]:
    """Two drives against the slower one, and the bytes that were read against those that are there."""
    slower = max(bench.seconds[FIRST], bench.seconds[SECOND], key=statistics.median)
    about = f"{case.files:,} files, {case.megabytes:,} MB"
    return [
        Result(
            f"copy and prove {about} to two drives at once",
            "the slower of the two alone",
            tuple(bench.seconds[BOTH]),
            tuple(slower),
            _GOAL,
            bench.memory,
        ),
        Result(
            f"bytes that the card delivers for two drives: {about}",
            "bytes of the files on it",
            tuple(map(float, bench.delivered)),
            (float(on_card),),
            _READ_GOAL,
            unit=BYTES,
        ),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=4_000)
    parser.add_argument("--size", type=int, default=1_750_000, help="bytes of each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the images of card and drives are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    if why := cold.why_not():
        raise SystemExit(f"Nothing was measured: {why}.")
    case = Case(given.files, given.size, {})
    with tempfile.TemporaryDirectory(dir=given.folder) as made, benches(Path(made), case) as bench:
        on_card = sum(path.stat().st_size for path in bench.card.place.rglob("*") if path.is_file())
        bench.measure(given.rounds)
    found = results(bench, case, on_card)
    print(table(found))
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
