"""
How long short commands take, from the start of the process to its end.

`python -m benchmarks.commands [--rounds 7] [--json FILE]`: with an empty catalog, against Python that imports
SQLAlchemy and typer and ends. The last is a backup of a card with one file, again and again: its start-up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.results import Result, table, write
from benchmarks.running import PROGRAM
from benchmarks.timing import interleaved

FLOOR = "import sqlalchemy, typer"
_GOAL = 2.0
_START = "cardcat backup --direct, one file, nothing new"
SHORT = (["--help"], ["sessions", "list"], ["volumes", "list"], ["duplicates", "list", "--help"])


def cardcat(*words: str, catalog: Path) -> None:
    """Run a command."""
    _run([sys.executable, "-c", PROGRAM, *words], {"CARDCAT_CATALOG": str(catalog)})


def _run(command: Sequence[str], more: dict[str, str]) -> None:
    done = subprocess.run(
        command, env=os.environ | more, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode:
        sys.exit(f"{command} failed: {done.stderr.decode(errors='replace')}")


def started(rounds: int, catalog: Path) -> list[Result]:
    """Short commands with an empty catalog."""
    ways: dict[str, Callable[[], object]] = {FLOOR: partial(_run, [sys.executable, "-c", FLOOR], {})}
    for words in SHORT:
        ways["cardcat " + " ".join(words)] = partial(cardcat, *words, catalog=catalog)
    card, drive = catalog.with_name("card"), catalog.with_name("drive")
    for folder in (card, drive):
        folder.mkdir()
    (card / "IMG_0001.JPG").write_bytes(bytes(1000))
    ways[_START] = partial(cardcat, "backup", "--direct", str(card), str(drive), catalog=catalog)
    floor, *timed = interleaved(ways, rounds)
    return [
        Result(one.name, FLOOR, one.seconds, floor.seconds, None if one.name == _START else _GOAL)
        for one in timed
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder, "catalog.db")
        cardcat("catalog", "migrate", catalog=catalog)
        results = started(given.rounds, catalog)
    print(table(results))
    if given.json:
        write(given.json, results, rounds=given.rounds)


if __name__ == "__main__":
    main()
