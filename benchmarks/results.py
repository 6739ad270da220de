"""What was measured, in one form for all scripts: a table to read, and JSON that the docs are made from."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import peers
from cardcat.storage.mounts import mount_of

MEGABYTE = 1_000_000
SECONDS, BYTES = "seconds", "bytes"
_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """
    One piece of *work*, done by cardcat and, in turn with it, by *peer*: seconds of each round.

    *goal* is what the ratio should be at most; *more* is, where the difference counts and not the ratio, how
    many seconds longer than the peer it may take. *memory* are the bytes that cardcat's processes took
    together at their highest, *peer_memory* those of the peer. *note* says what else there is to know. Where
    the *unit* is `bytes`, those were counted in place of seconds.
    """

    work: str
    peer: str
    own: tuple[float, ...]
    other: tuple[float, ...]
    goal: float | None = None
    memory: int | None = None
    note: str = ""
    more: float | None = None
    unit: str = SECONDS
    peer_memory: int | None = None

    @property
    def ratio(self) -> float:
        """The median of cardcat's rounds to that of the peer's."""
        return statistics.median(self.own) / statistics.median(self.other)

    @property
    def difference(self) -> float:
        """How much the median of cardcat's rounds is above that of the peer's."""
        return statistics.median(self.own) - statistics.median(self.other)

    @property
    def has_goal(self) -> bool:
        """Whether anything is asked for."""
        return self.goal is not None or self.more is not None

    @property
    def is_reached(self) -> bool:
        """Whether it is what it should be; so it is where nothing is asked for."""
        is_quick = self.goal is None or self.ratio <= self.goal
        return is_quick and (self.more is None or self.difference <= self.more)

    @property
    def figure(self) -> str:
        """What the goal is about, to be read: the ratio, or the seconds beyond the peer's."""
        return f"{self.ratio:.2f}" if self.more is None else f"{self.difference:+.2f} s"

    @property
    def aim(self) -> str:
        """The goal in the same form; empty where there is none."""
        if self.more is not None:
            return f"{self.more:+.2f} s"
        return "" if self.goal is None else f"{self.goal:.2f}"


def table(results: Sequence[Result]) -> str:
    """The results for a terminal: medians, and the ratio beside what it should be."""
    work = max([len(one.work) for one in results] + [4])
    peer = max([len(one.peer) for one in results] + [4])
    head = f"{'cardcat':>12}{'peer':>12}{'ratio':>9}{'goal':>9}{'memory':>9}"
    lines = [f"{'work':<{work}}  {'peer':<{peer}}{head}"]
    for one in results:
        own, other = (amount(statistics.median(rounds), one.unit) for rounds in (one.own, one.other))
        memory = "" if one.memory is None else f"{one.memory / MEGABYTE:.0f} MB"
        figures = f"{own:>12}{other:>12}{one.figure:>9}{one.aim:>9}{memory:>9}"
        lines.append(f"{one.work:<{work}}  {one.peer:<{peer}}{figures}")
    return "\n".join(lines)


def amount(value: float, unit: str = SECONDS) -> str:
    """Seconds or bytes, to be read."""
    if unit == BYTES:
        return f"{value / MEGABYTE:,.1f} MB"
    return f"{value * 1000:.0f} ms" if value < _SECOND else f"{value:.1f} s"


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
    """Processors, memory, the system, the versions of what was measured, and the load at the end."""
    return {
        "processors": f"{len(os.sched_getaffinity(0))} x {_processor()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGESIZE') / 1e9:.0f} GB",
        "filesystem": mount_of(Path(tempfile.gettempdir())).fs_type,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": peers.versions(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
