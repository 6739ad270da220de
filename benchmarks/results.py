"""What was measured, in one form for all scripts: a table to read, and JSON that the docs are made from."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """
    One piece of *work*, done by cardcat and, in turn with it, by *peer*: seconds of each round.

    *goal* is what the ratio should be at most, *memory* the bytes that cardcat's largest process had at its
    highest. *note* says what else there is to know.
    """

    work: str
    peer: str
    own: tuple[float, ...]
    other: tuple[float, ...]
    goal: float | None = None
    memory: int | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """The median of cardcat's rounds to that of the peer's."""
        return statistics.median(self.own) / statistics.median(self.other)

    @property
    def is_reached(self) -> bool:
        """Whether the ratio is what it should be; so it is where nothing is asked for."""
        return self.goal is None or self.ratio <= self.goal


def table(results: Sequence[Result]) -> str:
    """The results for a terminal: medians, and the ratio beside what it should be."""
    work = max([len(one.work) for one in results] + [4])
    peer = max([len(one.peer) for one in results] + [4])
    head = f"{'cardcat':>10}{'peer':>10}{'ratio':>7}{'goal':>7}{'memory':>9}"
    lines = [f"{'work':<{work}}  {'peer':<{peer}}{head}"]
    for one in results:
        own, other = statistics.median(one.own), statistics.median(one.other)
        goal = "" if one.goal is None else f"{one.goal:.2f}"
        memory = "" if one.memory is None else f"{one.memory / MEGABYTE:.0f} MB"
        figures = f"{own:>9.2f}s{other:>9.2f}s{one.ratio:>7.2f}{goal:>7}{memory:>9}"
        lines.append(f"{one.work:<{work}}  {one.peer:<{peer}}{figures}")
    return "\n".join(lines)


def write(file: Path, results: Sequence[Result], **more: object) -> None:
    """Keep *results* as JSON, with the day, what the machine is, and whatever else is to be kept."""
    rows = [asdict(one) | {"ratio": round(one.ratio, 4)} for one in results]
    file.write_text(
        json.dumps({"date": time.strftime("%Y-%m-%d"), **machine(), **more, "results": rows}, indent=1)
    )


def read(file: Path) -> list[Result]:
    """What `write` kept."""
    rows = json.loads(file.read_text())["results"]
    return [
        Result(**{**row, "own": tuple(row["own"]), "other": tuple(row["other"])})
        for row in ({name: value for name, value in row.items() if name != "ratio"} for row in rows)
    ]


def machine() -> dict[str, object]:
    """The processors, the system and the load as it was at the end."""
    return {
        "processors": f"{len(os.sched_getaffinity(0))} x {_processor()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
