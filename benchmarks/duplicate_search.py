"""
How long `cardcat duplicates find` takes from its start to its exit, against rmlint, jdupes, fdupes and
rdfind.

`python -m benchmarks.duplicate_search [--files N] [--media MB] [--rounds N] [--json FILE]`: on small files
and on photos and clips, made on the spot from a seed. They lie on an ext4 of their own in a file, mounted
anew before every run, so that nothing of it is in memory; without the rights for that it is measured warm
and said so. The tools take turns. What each of them finds in each run is compared; a difference ends it. A
tool that is not installed is left out and named. The small files are searched from memory, too. What the
device delivered for each tool is told. A full run takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import cold, equal_files, running
from benchmarks.results import MEGABYTE, Result, write
from benchmarks.timing import Timed, table

Groups = frozenset[frozenset[str]]
_FOLDER_SHARE = 200_000 / 2_421
_RESULT = "result"
_COLD = "The drive is mounted anew before every run, but where it is said that all is in memory."
_WARM = "Measured warm, from memory."


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, its command for a folder and a file for its result, and how to read what it wrote."""

    name: str
    command: Callable[[str, str], list[str]]
    groups: Callable[[Path], Groups]


def _cardcat(folder: str, _: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        "from cardcat.cli.main import run; run()",
        "duplicates",
        "find",
        "--csv",
        folder,
    ]


def _of_csv(result: Path) -> Groups:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    with result.open(newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            groups[row["group"]].add(row["path"])
    return _frozen(groups)


def _rmlint(folder: str, result: str) -> list[str]:
    return ["rmlint", "-PPP", "-T", "duplicates", "--hidden", "-o", f"json:{result}", folder]


def _of_rmlint(result: Path) -> Groups:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for one in json.loads(result.read_text("utf-8")):
        if one.get("type") == "duplicate_file":
            groups[one["checksum"] + str(one["size"])].add(one["path"])
    return _frozen(groups)


def _jdupes(folder: str, _: str) -> list[str]:
    return ["jdupes", "-r", "-Q", "-q", folder]


def _fdupes(folder: str, _: str) -> list[str]:
    return ["fdupes", "-r", "-n", "-q", folder]


def _of_blocks(result: Path) -> Groups:
    blocks = result.read_text("utf-8").split("\n\n")
    return frozenset(frozenset(block.strip("\n").split("\n")) for block in blocks if block.strip("\n"))


def _rdfind(folder: str, result: str) -> list[str]:
    return ["rdfind", "-outputname", result, folder]


def _of_rdfind(result: Path) -> Groups:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for line in result.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            words = line.split(" ", 7)
            groups[words[1].lstrip("-")].add(words[7])
    return _frozen(groups)


def _frozen(groups: dict[str, set[str]]) -> Groups:
    return frozenset(map(frozenset, groups.values()))


CARDCAT = Tool("cardcat duplicates find", _cardcat, _of_csv)
PEERS = {
    "rmlint": Tool("rmlint -PPP", _rmlint, _of_rmlint),
    "jdupes": Tool("jdupes -Q", _jdupes, _of_blocks),
    "fdupes": Tool("fdupes -r -n", _fdupes, _of_blocks),
    "rdfind": Tool("rdfind", _rdfind, _of_rdfind),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A *folder* to search, how to make the computer *forget* it, and the bytes its device has delivered."""

    folder: Path
    forget: Callable[[], object] = lambda: None
    delivered: Callable[[], int] = lambda: 0


@dataclass
class Taken:
    """What a tool took in each round: seconds, those of the processors, bytes of the device; and memory."""

    seconds: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    memory: int = 0


def run(tool: Tool, folder: Path, desk: Path) -> tuple[float, float, int, Groups]:
    """Seconds from its start to its end, those of the processors, bytes of memory, and what it found."""
    result = desk / _RESULT
    result.unlink(missing_ok=True)
    command = tool.command(str(folder), str(result))
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = running.run(tool.name, command, desk)
    taken, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    printed = desk / running.ANSWER
    return taken, worked, memory, tool.groups(result if result.exists() else printed)


def measured(tools: list[Tool], place: Place, desk: Path, rounds: int) -> dict[str, Taken]:
    """Each tool so many times, by turns. SystemExit if two of them find different groups."""
    taken = {tool.name: Taken() for tool in tools}
    agreed: Groups | None = None
    for _ in range(rounds):
        for tool in tools:
            place.forget()
            before, one = place.delivered(), taken[tool.name]
            seconds, busy, memory, groups = run(tool, place.folder, desk)
            one.seconds.append(seconds)
            one.worked.append(busy)
            one.delivered.append(place.delivered() - before)
            one.memory = max(one.memory, memory)
            agreed = groups if agreed is None else agreed
            if groups != agreed:
                differing = sorted(map(sorted, groups ^ agreed))[:3]
                sys.exit(f"{tool.name} finds other groups than {tools[0].name}: {differing}")
    copies = sum(map(len, agreed or ()))
    print(f"All of them find the same: {len(agreed or ()):,} groups of {copies:,} files.")
    busiest = ", ".join(f"{name} {statistics.median(one.worked):.1f} s" for name, one in taken.items())
    print(f"The processors were busy for (median): {busiest}.")
    return taken


@contextmanager
def _place(desk: Path, name: str, megabytes: int, files: int) -> Iterator[Place]:
    """A folder to fill."""
    if why := cold.why_not():
        print(f"Measured warm, from memory: {why}.")
        folder = desk / name
        folder.mkdir()
        yield Place(folder)
        shutil.rmtree(folder)
        return
    with cold.drive(desk, name, megabytes, files) as made:
        yield Place(made.place, made.forget, made.delivered)


def main() -> int:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=200_000, help="small ones; 0 for none")
    parser.add_argument(
        "--media", type=int, default=3_000, metavar="MB", help="of photos and clips; 0 for none"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    running.end_tidily()
    tools = [CARDCAT, *(peer for name, peer in PEERS.items() if shutil.which(name))]
    for name in PEERS:
        if not shutil.which(name):
            print(f"{name} is not installed: left out.")
    found: list[Result] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as made:
        desk = Path(made)
        if given.files:
            folders = max(round(given.files / _FOLDER_SHARE), 1)
            with _place(desk, "small", given.files * 5 // 1000 + 100, given.files + folders) as place:
                equal_files.small_files(place.folder, given.files, folders)
                what = f"{given.files:,} small files in {folders:,} folders"
                found += _told(what, measured(tools, place, desk, given.rounds), given.files, 0.30)
                warm = measured(tools, Place(place.folder), desk, given.rounds)
                found += _told(f"{what}, all in memory", warm, given.files, None)
        if given.media:
            count = max(given.media * 2 // 3, 10)
            with _place(desk, "media", given.media * 5 // 4 + 200, count) as place:
                equal_files.media_files(place.folder, count, given.media * 1_000_000)
                what = f"{count:,} photos and clips of {given.media:,} MB"
                found += _told(what, measured(tools, place, desk, given.rounds), count, 0.75)
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_WARM if cold.why_not() else _COLD)
    return 0


def _told(what: str, taken: dict[str, Taken], files: int, goal: float | None) -> list[Result]:
    """Print the table; the goal is against the quickest of the others."""
    timed = [Timed(name, tuple(one.seconds)) for name, one in taken.items()]
    print(f"\n{what}, {len(timed[0].seconds)} rounds by turns, load {os.getloadavg()[0]:.1f}")
    print(table(timed, files))
    own, *others = timed
    best = min(others, key=lambda one: one.median, default=None)
    mine = taken[own.name]
    return [
        Result(
            f"find duplicates, {what}",
            one.name,
            own.seconds,
            one.seconds,
            goal if one is best else None,
            mine.memory,
            _read(mine, taken[one.name]),
            peer_memory=taken[one.name].memory,
        )
        for one in others
    ]


def _read(own: Taken, other: Taken) -> str:
    """What both of them have read, where a device has told it."""
    mine, its = (statistics.median(one.delivered) / MEGABYTE for one in (own, other))
    return f"{mine:,.0f} MB read, the other {its:,.0f} MB" if mine else ""


if __name__ == "__main__":
    sys.exit(main())
