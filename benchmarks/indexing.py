"""
How long `cardcat index` takes for many tiny files, against listing and reading them; and whether it is right.

`python -m benchmarks.indexing [--files 200000,1000000] [--rounds 5] [--folder WHERE] [--json FILE]`: tiny
photos, some of which equal others, are indexed by content into a new catalog, in turn with `find -printf`
(path, size, time) and `cat` of the same tree; then again, when nothing is new, in turn with `find -printf`
alone. All is in memory. At the end the duplicates that the catalog has are compared with those that rdfind
finds: a difference ends it. Where rdfind is not installed, that is left out. 1,000,000 take half
an hour and 10 GB.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks import running
from benchmarks.duplicate_search import PEERS, Groups, run
from benchmarks.results import Result, table, write
from benchmarks.timing import interleaved

_IN_A_FOLDER = 100
_HOW = "All of it is in memory, and the catalog is on the disk."
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
_DUPLICATES = """
SELECT g.media_file_hash, CASE d.path WHEN '' THEN f.name ELSE d.path || '/' || f.name END
FROM duplicate_groups AS g
JOIN content_identity AS k ON k.cas_id = g.media_file_hash
JOIN file_locations AS f ON f.content_id = k.id
JOIN folders AS d ON d.id = f.folder_id
WHERE f.role = 'library' AND f.status = 'present'
"""


@dataclass
class Bench:
    """The photos, in *folder*/tree, and a catalog that each first run begins anew."""

    folder: Path
    memory: int = 0
    number: int = 0

    @property
    def tree(self) -> Path:
        """What is indexed."""
        return self.folder / "tree"

    @property
    def catalog(self) -> Path:
        """Where what was found is kept."""
        return self.folder / f"catalog-{self.number}.db"

    def first(self) -> None:
        """Index it into a new catalog."""
        self.number += 1
        self.again()

    def again(self) -> None:
        """Index it."""
        words = ["--catalog", str(self.catalog), "index", "--direct", "--mode", "content", str(self.tree)]
        self.memory = max(self.memory, running.cardcat(*words, home=self.folder))

    def duplicates(self) -> Groups:
        """The groups of equal files that the catalog has."""
        from cardcat import analysis  # noqa: PLC0415 - an import of a second

        groups: defaultdict[str, set[str]] = defaultdict(set)
        with analysis.connect(self.catalog) as db:
            for hash_, path in db.sql(_DUPLICATES).fetchall():
                groups[hash_].add(str(self.tree / path))
        return frozenset(map(frozenset, groups.values()))

    def listed(self) -> None:
        """List it."""
        form = "%p %s %T@ %i\n"
        with (self.folder / "list").open("wb") as answer:
            command = ["find", str(self.tree), "-type", "f", "-printf", form]
            subprocess.run(command, check=True, stdout=answer)

    def read(self) -> None:
        """List it, and read every file."""
        self.listed()
        command = ["find", str(self.tree), "-type", "f", "-exec", "cat", "{}", "+"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def photos(root: Path, count: int) -> None:
    """*count* files that begin as photos do; some of them equal one before."""
    dice = random.Random(7)  # noqa: S311 - the same files every time
    made: list[bytes] = []
    for number in range(count):
        folder = root / f"{number // _IN_A_FOLDER:05d}"
        if number % _IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        content = dice.choice(made) if made and dice.random() < 1 / 7 else JPEG + dice.randbytes(500)
        if dice.random() < 1 / 50:
            made.append(content)
        (folder / f"IMG_{number:06d}.JPG").write_bytes(content)


def measure(bench: Bench, files: int, rounds: int) -> list[Result]:
    """The first time, and again."""
    found = []
    for what, own, other, name in (
        ("index", bench.first, bench.read, "find -printf, then cat of all"),
        ("index again, nothing new", bench.again, bench.listed, "find -printf"),
    ):
        bench.memory = 0
        mine, peer = interleaved({"cardcat": own, name: other}, rounds)
        work = f"{what}, {files:,} tiny files"
        found.append(Result(work, name, mine.seconds, peer.seconds, memory=bench.memory))
    return found


def compare(bench: Bench) -> None:
    """SystemExit if rdfind finds other duplicates than the catalog has."""
    own, (*_, peer) = bench.duplicates(), run(PEERS["rdfind"], bench.tree, bench.folder)
    if own != peer:
        sys.exit(f"rdfind finds other groups: {sorted(map(sorted, own ^ peer))[:3]}")
    print(f"rdfind finds the same: {len(own):,} groups of {sum(map(len, own)):,} files.", flush=True)


def main() -> None:
    """Measure, compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", default="200000,1000000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        for files in map(int, given.files.split(",")):
            bench = Bench(Path(made, str(files)))
            photos(bench.tree, files)
            results += measure(bench, files, given.rounds)
            print(table(results), flush=True)
            if shutil.which("rdfind"):
                compare(bench)
    if given.json:
        write(given.json, results, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
