"""
What a small card costs on a drive that is full of other cards, against the same card on an empty one.

`python -m benchmarks.full_drive [--files 100000] [--rounds 5] [--folder WHERE] [--json FILE]`: so many tiny
photos lie on a drive already. In each round 100 new ones come to it and, in turn, to an empty drive with a
catalog that knows of nothing else. The other time is that of the empty drive. All is in memory.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import running
from benchmarks.copying import fresh_catalog
from benchmarks.indexing import JPEG, photos
from benchmarks.results import Result, table, write
from benchmarks.timing import interleaved

_NEW = 100  # photos of a small card


@dataclass
class Bench:
    """The full drive and its catalog, and how many cards came to it and to empty ones."""

    folder: Path
    catalog: Path
    to_full: int = 0
    to_empty: int = 0

    @property
    def drive(self) -> Path:
        """The full one."""
        return self.folder / "full"

    def fill(self, files: int) -> None:
        """Back up a card of *files* to it."""
        card = self.folder / "large"
        photos(card, files)
        self.drive.mkdir()
        self._backup(card, self.drive, self.catalog)

    def full(self) -> None:
        """A new card comes to the full drive."""
        self.to_full += 1
        self._backup(self._card(self.to_full), self.drive, self.catalog)

    def empty(self) -> None:
        """The same one comes to an empty drive."""
        self.to_empty += 1
        drive = self.folder / f"empty-{self.to_empty}"
        drive.mkdir()
        self._backup(self._card(self.to_empty), drive, fresh_catalog(self.folder))

    def make_cards(self, count: int) -> None:
        """Make so many small cards, each with other photos."""
        for number in range(1, count + 1):
            dice = random.Random(number)  # noqa: S311 - the same files every time
            self._card(number).mkdir(parents=True)
            for photo in range(_NEW):
                path = self._card(number) / f"NEW_{photo:04d}.JPG"
                path.write_bytes(JPEG + dice.randbytes(4_000))

    def _card(self, number: int) -> Path:
        return self.folder / f"card-{number}" / "DCIM"

    def _backup(self, card: Path, drive: Path, catalog: Path) -> None:
        words = ["--catalog", str(catalog), "backup", "--direct", str(card), str(drive)]
        running.cardcat(*words, home=self.folder)


def measure(bench: Bench, files: int, rounds: int) -> Result:
    """Fill a drive, and let small cards come to it and to empty ones."""
    bench.fill(files)
    bench.make_cards(rounds + 1)  # one to warm up
    own, other = interleaved({"full": bench.full, "empty": bench.empty}, rounds)
    work = f"{_NEW} new photos to a drive with {files:,}"
    return Result(work, "the same to an empty one", own.seconds, other.seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        folder = Path(made)
        result = measure(Bench(folder, fresh_catalog(folder)), given.files, given.rounds)
    print(table([result]))
    if given.json:
        write(given.json, [result], rounds=given.rounds, how="All of it is in memory.")


if __name__ == "__main__":
    main()
