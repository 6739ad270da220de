"""
How long `cardcat backup` takes from its start to the first byte on the drive.

`python -m benchmarks.start_up [--rounds N] [--cases fresh,down,up,direct]`: seconds, median of the rounds,
by how the Prefect server is found: in a fresh home, down, up, and not asked at all (`--direct`). Timed is
the start of the process until its first file under `.cardcat/incoming` has a size; then the process is ended.
The cases take turns, so that they share what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CASES = ("fresh", "down", "up", "direct")
_LONGEST = 300.0  # seconds until a round gives up
_LOOK = 0.002


class Desk:
    """A card, drives and a home in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = folder / "card"
        self.card.mkdir()
        for number in range(20):
            (self.card / f"IMG_{number:04d}.JPG").write_bytes(os.urandom(2_000_000))
        self._number = 0

    def home(self, name: str) -> Path:
        """A user's home, made if need be."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        return home

    def first_byte(self, home: Path, *options: str) -> float:
        """Seconds from the start of a backup to a new drive until its first byte is there."""
        self._number += 1
        drive, catalog = self.folder / f"drive-{self._number}", self.folder / f"catalog-{self._number}.db"
        drive.mkdir()
        arguments = ["--catalog", str(catalog), "backup", *options, str(self.card), str(drive)]
        began = time.perf_counter()
        with subprocess.Popen(
            _command(*arguments), env=_environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as backup:
            while not _has_a_byte(drive):
                if backup.poll() is not None or time.perf_counter() - began > _LONGEST:
                    backup.kill()
                    sys.exit(f"nothing was copied: {backup.communicate()[1].decode()}")
                time.sleep(_LOOK)
            taken = time.perf_counter() - began
            backup.communicate()
        shutil.rmtree(drive)
        return taken


def server(home: Path, verb: str) -> None:
    """`cardcat server VERB`."""
    subprocess.run(_command("server", verb), env=_environment(home), capture_output=True, check=False)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from cardcat.cli.main import run; run()", *arguments]


def _environment(home: Path) -> dict[str, str]:
    own = {name: text for name, text in os.environ.items() if not name.startswith(("PREFECT_", "XDG_"))}
    return own | {"HOME": str(home), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def _has_a_byte(drive: Path) -> bool:
    incoming = drive / ".cardcat" / "incoming"
    try:
        return any(file.stat().st_size for folder in incoming.iterdir() for file in folder.iterdir())
    except OSError:
        return False


def ways(desk: Desk) -> dict[str, Callable[[], float]]:
    """What each case does in a round."""
    usual, direct = desk.home("usual"), desk.home("direct")
    fresh: list[Path] = []

    def in_a_fresh_home() -> float:
        fresh.append(desk.home(f"fresh-{len(fresh)}"))
        taken = desk.first_byte(fresh[-1])
        server(fresh[-1], "stop")
        return taken

    def while_it_is_down() -> float:
        server(usual, "stop")
        return desk.first_byte(usual)

    def while_it_is_up() -> float:
        desk.first_byte(usual)
        return desk.first_byte(usual)

    return {
        "fresh": in_a_fresh_home,
        "down": while_it_is_down,
        "up": while_it_is_up,
        "direct": lambda: desk.first_byte(direct, "--direct"),
    }


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--folder", type=Path, help="where to work, on the disk that is measured")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        desk = Desk(Path(folder))
        wanted = {name: way for name, way in ways(desk).items() if name in given.cases.split(",")}
        taken: dict[str, list[float]] = {name: [] for name in wanted}
        try:
            for _ in range(given.rounds):
                for name, way in wanted.items():
                    taken[name].append(way())
        finally:
            server(desk.home("usual"), "stop")
    print(f"{'server':<10}{'median':>9}{'min':>9}{'max':>9}")
    for name, seconds in taken.items():
        print(f"{name:<10}{statistics.median(seconds):>8.2f}s{min(seconds):>8.2f}s{max(seconds):>8.2f}s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
