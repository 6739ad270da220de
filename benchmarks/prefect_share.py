"""
What Prefect costs a backup: the same card as a flow on a running server and in-process, in turn.

`python -m benchmarks.prefect_share [--folder WHERE]`. WHERE is on the drive to measure on. Each backup is a
process of its own onto an empty destination, with a new catalog. The server is one of its own, ended again;
the next backup waits until it has taken down all of the last one. Told beside the times: task runs of one
backup, how much the server's database grew, and the seconds of processor that the server spent on it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.results import Result, write
from benchmarks.timing import Timed, table

_TICKS = os.sysconf("SC_CLK_TCK")
_IN_A_FOLDER = 500
_QUIET = 3  # looks in a row that saw nothing move
_ENDED = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]


@dataclass
class Bench:
    """A card, a drive and a home with a server, all below *place*."""

    place: Path
    number: int = 0
    server: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the user's server or catalog."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "XDG_"))}
        return kept | {"HOME": str(self.place / "home")}

    def cardcat(self, *arguments: str) -> dict[str, Any]:
        """Run a command in a process of its own; its answer. SystemExit if it fails: nothing is measured."""
        done = subprocess.run(
            [sys.executable, "-c", "from cardcat.cli.main import run; run()", *arguments, "--json"],
            env=self.environment,
            stdout=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"cardcat {arguments[0]} failed: nothing was measured.")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def backup(self, *options: str) -> float:
        """Back up the card onto an empty drive; the seconds from the start of the process to its end."""
        self.number += 1  # nothing is removed before: ext4 looks long for room where files were just deleted
        drive, catalog = self.place / f"drive-{self.number}", self.place / f"catalog-{self.number}"
        for folder in (drive, catalog):
            folder.mkdir()
        os.sync()
        begun = time.perf_counter()
        where = ("--catalog", str(catalog / "catalog.db"), str(self.place / "card"), str(drive))
        self.cardcat("backup", "--timezone", "UTC", *options, *where)
        return time.perf_counter() - begun

    def ask(self, path: str, body: object) -> Any:
        """What the server answers."""
        url, data = f"{self.server['api_url']}{path}", json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def task_runs(self, *states: str) -> int:
        """How many task runs are on record, in any of *states* or in all."""
        asked = {"task_runs": {"state": {"type": {"any_": list(states)}}}} if states else {}
        return int(self.ask("/task_runs/count", asked))

    def settle(self, before: int) -> int:
        """Wait until the server has taken down all that it was told; the task runs since *before*."""
        last, quiet = -1, 0
        while quiet < _QUIET:
            time.sleep(1)
            seen = self.task_runs(*_ENDED)
            quiet = quiet + 1 if seen == last and seen == self.task_runs() else 0
            last = seen
        return last - before

    def database(self) -> int:
        """Bytes of the server's database with what SQLite keeps beside it."""
        home = Path(self.server["home"])
        return sum(path.stat().st_size for path in home.glob("prefect.db*"))

    def processor(self) -> float:
        """Seconds of processor that the server and what it started have used."""
        group = str(self.server["pid"])
        used = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[2] == group:
                used += sum(map(int, fields[11:15]))
        return used / _TICKS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        bench = Bench(Path(place))
        (bench.place / "home").mkdir()
        _fill(bench.place / "card", given.files, given.size)
        bench.server = bench.cardcat("server", "start")
        bench.server["home"] = str(bench.place / "home/.local/share/cardcat/server/home")
        try:
            result = _measure(bench, given.files, given.size, given.rounds)
        finally:
            bench.cardcat("server", "stop")
        if given.json:
            write(given.json, [result], rounds=given.rounds)


def _measure(bench: Bench, files: int, size: int, rounds: int) -> Result:
    taken: dict[str, list[float]] = {"in-process (--direct)": [], "as a flow, server running": []}
    costs = []
    for number in range(rounds + 1):  # the first one warms up
        for name, seconds in taken.items():
            options = ("--direct",) if "--direct" in name else ()
            runs, grown, used = bench.task_runs(), bench.database(), bench.processor()
            spent = bench.backup(*options)
            new = bench.settle(runs)
            if number:
                seconds.append(spent)
            if number and not options:
                costs.append((new, bench.database() - grown, bench.processor() - used))
    print(f"{files:,} files of {size:,} bytes, {rounds} rounds in turn")
    timed = [Timed(name, tuple(seconds)) for name, seconds in taken.items()]
    print(table(timed, files))
    direct, flow = timed
    share, most = flow.median - direct.median, 0.05 * direct.median + 3
    print(f"Prefect's share: {share:.2f} s; the goal is at most {most:.2f} s")
    for new, grown, used in costs:
        print(f"{new} task runs, server's database {grown / 1e6:+.1f} MB, server's processor {used:.1f} s")
    work = f"backup as a flow, {files:,} files of {size:,} bytes"
    goal = 1 + most / direct.median
    note = f"{costs[-1][0]} task runs, database {costs[-1][1] / 1e6:+.1f} MB"
    return Result(work, direct.name, flow.seconds, direct.seconds, goal, note=note)


def _fill(card: Path, files: int, size: int) -> None:
    dice = random.Random(files)  # noqa: S311 - the same files every time
    for number in range(files):
        folder = card / "DCIM" / f"{number // _IN_A_FOLDER:05d}"
        if number % _IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"N{number:07d}.DAT").write_bytes(dice.randbytes(size))


if __name__ == "__main__":
    main()
