"""What a machine can do at most, beside what cardcat does with the same data."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.results import BYTES, MEGABYTE

TIMES = "times"
_SHORTEST = 1e-3  # seconds: the program tells no less


@dataclass(frozen=True, slots=True)
class Limit:
    """
    What a *stage* of cardcat was at work with, *size* of *unit*, and the *limit* of the machine for it.

    *least* are the seconds that the limit takes in each round, *taken* those of the stage; either may be
    empty: some work has no such limit, and some limits no stage of their own.
    """

    stage: str
    limit: str
    size: float
    unit: str
    least: tuple[float, ...]
    taken: tuple[float, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Limit:
        """What stands in the JSON."""
        return cls(**{**row, "least": tuple(row["least"]), "taken": tuple(row["taken"])})

    @property
    def part(self) -> float | None:
        """How much of the limit cardcat reaches; None where there is nothing to compare."""
        if not self.least or not self.taken:
            return None
        return statistics.median(self.least) / (statistics.median(self.taken) or _SHORTEST)

    @property
    def share(self) -> str:
        """The part, to be read."""
        return "" if self.part is None else f"{self.part:.0%}"

    @property
    def most(self) -> str:
        """The limit, to be read."""
        return self._pace(self.least) if self.least else ""

    @property
    def reached(self) -> str:
        """What the stage came to, to be read."""
        return self._pace(self.taken) if self.taken else ""

    def _pace(self, seconds: Sequence[float]) -> str:
        """So much in a second; of what is done once, how long it takes."""
        middle = statistics.median(seconds) or _SHORTEST
        if self.unit == TIMES:
            return f"{middle * 1000:.1f} ms"
        if self.unit == BYTES:
            return f"{self.size / middle / MEGABYTE:,.0f} MB/s"
        return f"{self.size / middle:,.0f} {self.unit}/s"


def table(limits: Sequence[Limit]) -> str:
    """The limits for a terminal."""
    stage = max([len(one.stage) for one in limits] + [5])
    limit = max([len(one.limit) for one in limits] + [5])
    lines = [f"{'stage':<{stage}}  {'limit':<{limit}}{'the limit':>16}{'cardcat':>16}{'part':>7}"]
    for one in limits:
        figures = f"{one.most:>16}{one.reached:>16}{one.share:>7}"
        lines.append(f"{one.stage:<{stage}}  {one.limit:<{limit}}{figures}")
    return "\n".join(lines)
