"""
What copying costs without the proof: a backup whose read-back is taken out, against `cp -r` and `sync`.

`python -m benchmarks.unproved [--files 4000] [--size 1750000] [--rounds 5] [--folder WHERE] [--json FILE]`

NOTHING IS PROVED HERE. cardcat always reads copies back; a process of its own (`benchmarks.unproved_program`)
takes that out, so that both sides do the same work: read, write, and wait for the medium. cardcat hashes and
records as well. Afterwards the catalog must say of no copy more than that it was written, or it is an error.
Card and drive as in `benchmarks.copying`.
"""

from __future__ import annotations

import argparse
import shlex
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks import cold, running
from benchmarks.copying import Bench, Case, benches, measure
from benchmarks.results import Result, table, write
from cardcat.model import Evidence

OWN, BY_COPY = "cardcat without reading back", "cp -r, sync"
_PROGRAM = "from benchmarks.unproved_program import without_reading_back; without_reading_back()"
_GOAL = 0.5
_HOW = "Without the read-back: nothing is proved. Card and drive are cold, and lie on one disk."
_NOTE = "nothing is proved: the read-back is taken out, which no option does"


def ways(bench: Bench) -> dict[str, Callable[[], None]]:
    """What is done in each round, cardcat first."""
    card, copy = shlex.quote(str(bench.card.place)), shlex.quote(f"{bench.drive.place}/copy")

    def own() -> None:
        bench.cardcat(OWN, _PROGRAM)
        begun = time.perf_counter()
        require_unproved(max(bench.folder.glob("catalog-*.db"), key=lambda path: path.stat().st_mtime_ns))
        bench.aside = time.perf_counter() - begun

    return {OWN: own, BY_COPY: lambda: bench.shell(BY_COPY, f"cp -r {card} {copy}", "sync")}


def require_unproved(catalog: Path) -> None:
    """SystemExit if a copy in *catalog* was read back, or there is none: then another job was measured."""
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        found = {word for (word,) in connection.execute("SELECT DISTINCT evidence FROM file_locations")}
    if found != {Evidence.WRITTEN.value}:
        sys.exit(f"The copies are on record as {sorted(found)}: the read-back was not taken out.")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=4_000)
    parser.add_argument("--size", type=int, default=1_750_000, help="bytes of each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the images of card and drive are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    if why := cold.why_not():
        raise SystemExit(f"Nothing was measured: {why}.")
    case = Case(given.files, given.size, {BY_COPY: _GOAL})
    with tempfile.TemporaryDirectory(dir=given.folder) as made, benches(Path(made), case) as bench:
        taken = measure(bench, ways(bench), given.rounds)
    work = f"copy without proof: {case.files:,} files, {case.megabytes:,} MB"
    own, other = tuple(taken[OWN]), tuple(taken[BY_COPY])
    memory = bench.memory
    result = Result(work, BY_COPY, own, other, _GOAL, memory[OWN], _NOTE, peer_memory=memory[BY_COPY])
    print(table([result]))
    print(f"Note: {_NOTE}.")
    if given.json:
        write(given.json, [result], rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
