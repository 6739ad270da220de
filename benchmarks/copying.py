"""
How fast a card is emptied and proved, against what people do by hand, all cold and to the end of the process.

`python -m benchmarks.copying [--case photos-400,photos-400-warm,photos-4000,videos,tiny-20000] [--rounds 5]
[--folder WHERE] [--json FILE]`

Card and drive are filesystems of their own on loop devices past the page cache, mounted anew before every run
(without the right to mount, that is said, and nothing is measured); of the case that is called warm, the card
is in memory. cardcat runs `--direct`, with an empty
catalog; every way gets a drive as on its first day, from which nothing was deleted. `cp` and its checks are
those of this system. Where the checks of the other read from the page cache, that is said: they prove nothing
about the medium.
"""

from __future__ import annotations

import argparse
import random
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import cold, running
from benchmarks.equal_files import small_files
from benchmarks.material import photos
from benchmarks.results import Result, table, write
from cardcat.catalog.engine import open_catalog

_VIDEO = 1_000_000_000
_TINY = 2_100  # bytes, on the average
_BLOCK = 8_000_000
_MEGABYTE = 1_000_000
_HOW = (
    "Card and drive are mounted anew before every run: nothing of them is in memory, but for the case that is"
    " called warm, where the card is. Both lie on one disk."
)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """What is on the card, and the ratios of cardcat's time to a peer's that are the goal."""

    files: int
    size: int  # of each, in bytes
    goals: dict[str, float | None]
    is_warm: bool = False  # all of it is in memory

    @property
    def megabytes(self) -> int:
        """Of all of it."""
        return self.files * self.size // _MEGABYTE


OWN = "cardcat, proved cold"
BY_HAND = "cp -r, sync, sha256sum of both"
BY_XXH = "cp -r, sync, cold xxhsum of both"
BY_RCLONE = "rclone copy, sync, rclone check"
BY_CACHED_XXH = "cp -r, sync, cached xxhsum of both"
ONE_READ = "cp, sync, one cold read of the copy"
CASES = {
    "photos-400": Case(400, 1_700_000, {BY_HAND: 0.35, ONE_READ: None}),
    "photos-400-warm": Case(400, 1_700_000, {BY_HAND: None}, is_warm=True),
    "photos-4000": Case(
        4_000,
        1_750_000,
        {BY_HAND: 0.25, BY_RCLONE: 0.40, BY_XXH: 0.75, BY_CACHED_XXH: 1.20, ONE_READ: None},
    ),
    "videos": Case(4, _VIDEO, {ONE_READ: 1.15}),
    "tiny-20000": Case(20_000, _TINY, {BY_HAND: None}),
}
NOTES = {BY_CACHED_XXH: "the other reads from memory, which proves nothing about the medium"}


@dataclass
class Bench:
    """A card and a drive, and where cardcat's catalogs and home are."""

    folder: Path
    card: cold.Drive
    drive: cold.Drive
    is_warm: bool = False
    memory: dict[str, int] = field(default_factory=dict)  # bytes, by the way
    aside: float = 0.0  # seconds of the last way that were not its work

    def ready(self) -> None:
        """An empty drive, and a card of which nothing is in memory; or all of it."""
        self.drive.anew()
        self.card.forget()
        if self.is_warm:
            self.card.read()

    def shell(self, name: str, *steps: str) -> None:
        """Run *steps* one after the other, as a script would."""
        self._run(name, ["sh", "-ec", "\n".join(steps)])

    def cardcat(self, name: str, program: str = running.PROGRAM) -> None:
        """Back the card up."""
        arguments = ["--catalog", str(fresh_catalog(self.folder)), "backup", "--direct", "--json"]
        places = [str(self.card.place), str(self.drive.place)]
        self._run(name, [sys.executable, "-c", program, *arguments, *places])

    def _run(self, name: str, command: list[str]) -> None:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        self.memory[name] = max(self.memory.get(name, 0), running.run(name, command, home))


def ways(bench: Bench, case: Case) -> dict[str, Callable[[], None]]:
    """What is done in each round, cardcat first."""
    card, copy = shlex.quote(str(bench.card.place)), shlex.quote(f"{bench.drive.place}/copy")
    by_hand = f"cp -r {card} {copy}"

    def sums(program: str) -> tuple[str, str]:
        read = f"find . -type f -print0 | xargs -0 {program} >/dev/null"
        return f"cd {card}; {read}", f"cd {copy}; {read}"

    def cold_reading(read: tuple[str, ...]) -> Callable[[str], None]:
        def run(name: str) -> None:
            bench.shell(name, by_hand, "sync")
            begun = time.perf_counter()
            bench.card.forget()
            bench.drive.forget()
            bench.aside = time.perf_counter() - begun
            bench.shell(name, *read)

        return run

    known: dict[str, Callable[[str], None]] = {
        BY_HAND: lambda name: bench.shell(name, by_hand, "sync", *sums("sha256sum")),
        BY_RCLONE: lambda name: bench.shell(
            name, f"rclone copy {card} {copy}", "sync", f"rclone check {card} {copy}"
        ),
        BY_XXH: cold_reading(sums("xxhsum -H2")),
        BY_CACHED_XXH: lambda name: bench.shell(name, by_hand, "sync", *sums("xxhsum -H2")),
        ONE_READ: cold_reading((f"cd {copy}; find . -type f -exec cat {{}} + >/dev/null",)),
    }
    chosen = {OWN: bench.cardcat} | {name: known[name] for name in case.goals}
    return {name: partial(way, name) for name, way in chosen.items()}


def measure(bench: Bench, done: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, by the way; they take turns, after one to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in done}
    for number in range(rounds + 1):
        for name, way in _in_turn(done, number):
            bench.ready()
            bench.aside, begun = 0.0, time.perf_counter()
            way()
            if number:
                taken[name].append(time.perf_counter() - begun - bench.aside)
    return taken


def _in_turn(done: Mapping[str, T], number: int) -> list[tuple[str, T]]:
    """All of *done*, another one first in each round: who comes later finds memory that is at hand."""
    ways = list(done.items())
    first = number % len(ways)
    return ways[first:] + ways[:first]


@contextmanager
def benches(folder: Path, case: Case) -> Iterator[Bench]:
    """Card and drive for a case, filled."""
    room = case.megabytes * 11 // 10 + 200
    with (
        cold.drive(folder, "card", room, case.files) as card,
        cold.drive(folder, "drive", room, case.files) as d,
    ):
        fill(card.place / "DCIM", case)
        yield Bench(folder, card, d, case.is_warm)


def fresh_catalog(folder: Path) -> Path:
    """An empty catalog in *folder*, each time another one: it is made once in a life, and copied here."""
    empty, number = folder / "empty.db", 1
    if not empty.exists():
        open_catalog(empty).close()
    while (path := folder / f"catalog-{number}.db").exists():
        number += 1
    shutil.copy(empty, path)
    return path


def fill(folder: Path, case: Case) -> None:
    """Put the photos, videos or tiny files of a case there."""
    if case.size == _TINY:
        small_files(folder, case.files, case.files // 100)
        return
    if case.size < _VIDEO:
        for part in range(0, case.files, 200):
            photos(folder / f"{100 + part // 200}CANON", min(200, case.files - part), case.size, part)
        return
    folder.mkdir(parents=True)
    dice = random.Random(case.files)  # noqa: S311 - the same films every time
    for number in range(case.files):
        with (folder / f"MVI_{number:04d}.MP4").open("wb") as film:
            for _ in range(case.size // _BLOCK):
                film.write(dice.randbytes(_BLOCK))


def results(name: str, case: Case, taken: dict[str, list[float]], memory: Mapping[str, int]) -> list[Result]:
    """What cardcat took against each of the other ways, each with its bytes of *memory*."""
    (_, own), *others = taken.items()
    work = f"copy and prove {name}: {case.files:,} files, {case.megabytes:,} MB"
    return [
        Result(
            work,
            way,
            tuple(own),
            tuple(seconds),
            case.goals[way],
            memory[OWN],
            NOTES.get(way, ""),
            peer_memory=memory[way],
        )
        for way, seconds in others
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", default=",".join(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the images of card and drive are made")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    given = parser.parse_args()
    running.end_tidily()
    if why := cold.why_not() or next(
        (f"no {tool}" for tool in ("rclone", "xxhsum") if not shutil.which(tool)), None
    ):
        raise SystemExit(f"Nothing was measured: {why}.")
    found: list[Result] = []
    for name in given.case.split(","):
        case = CASES[name]
        with tempfile.TemporaryDirectory(dir=given.folder) as folder, benches(Path(folder), case) as bench:
            taken = measure(bench, ways(bench, case), given.rounds)
        found += results(name, case, taken, bench.memory)
        print(table(found), flush=True)
    if given.json:
        write(given.json, found, rounds=given.rounds, how=_HOW)


if __name__ == "__main__":
    main()
