"""
How long it takes to see that nothing is new: a backup run again, against `rsync -a` of the same tree.

`python -m benchmarks.again [--files 200000,1000000] [--rounds 5] [--folder WHERE] [--json FILE]`: small
files, backed up once by each of the two, to a folder of its own. Then both run again, in turn; everything is
in memory. 1,000,000 take twenty minutes and 20 GB.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import running
from benchmarks.equal_files import small_files
from benchmarks.results import Result, table, write
from benchmarks.timing import interleaved

_IN_A_FOLDER = 83
_GOALS = ((1_000_000, 1.0), (0, 1.5))  # from so many files on
_HOW = "All of it is in memory, and no file is read."


@dataclass
class Tree:
    """The same *card* at two places: in a folder that cardcat fills, and in one that rsync does."""

    folder: Path
    memory: int = 0
    peer_memory: int = 0

    def cardcat(self) -> None:
        """Back it up, and note how much memory it took."""
        words = ["--catalog", str(self.folder / "catalog.db"), "backup", "--direct", "--layout", "tree"]
        own = running.cardcat(*words, str(self.folder / "card"), str(self.folder / "copy"), home=self.folder)
        self.memory = max(self.memory, own)

    def rsync(self) -> None:
        """Let rsync do the same."""
        card, mirror = f"{self.folder}/card/", f"{self.folder}/mirror/"
        peer = running.run("rsync", ["rsync", "-a", card, mirror], self.folder)
        self.peer_memory = max(self.peer_memory, peer)


def measure(folder: Path, files: int, rounds: int) -> Result:
    """Make the tree, back it up, and time the second time."""
    folder.mkdir()
    tree = Tree(folder)
    (folder / "copy").mkdir()
    small_files(folder / "card", files, max(files // _IN_A_FOLDER, 1))
    tree.cardcat()
    tree.rsync()
    tree.memory = tree.peer_memory = 0
    own, other = interleaved({"cardcat": tree.cardcat, "rsync -a": tree.rsync}, rounds)
    goal = next(goal for least, goal in _GOALS if files >= least)
    work = f"run again, nothing new, {files:,} files"
    return Result(
        work, other.name, own.seconds, other.seconds, goal, tree.memory, peer_memory=tree.peer_memory
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", default="200000,1000000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    if not shutil.which("rsync"):
        sys.exit("Nothing was measured: rsync is not installed.")
    found = []
    for files in map(int, given.files.split(",")):
        with tempfile.TemporaryDirectory(dir=given.folder) as made:
            found.append(measure(Path(made, "tree"), files, given.rounds))
        print(table(found), flush=True)
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
